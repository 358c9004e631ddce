package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// tinyGrowthRows has the first row of each pattern and variant, with few of
// what grows.
func tinyGrowthRows() (rs []row) {
	for _, r := range growthRows(true) {
		same := func(o row) bool { return o.pattern == r.pattern && o.variant == r.variant }
		if slices.ContainsFunc(rs, same) {
			continue
		}
		if r.n = min(r.n, 8); r.pattern.size == 0 {
			r.size = r.n
		}
		rs = append(rs, r)
	}
	return rs
}

// TestGrowth measures each growth pattern for a moment, and wants a table with
// a line for everyone who can do it and a figure of every metric for gonng.
func TestGrowth(t *testing.T) {
	b := bench{rounds: 1, warmup: time.Millisecond, duration: 5 * time.Millisecond, certs: t.TempDir()}
	plan, missing := plan{rows: tinyGrowthRows(), contestants: contestants(), growth: true}.withoutMissing()
	if missing != nil && os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	res, measured := newResults(), 0
	for _, c := range plan.cells(0) {
		t.Run(fmt.Sprintf("%s/%s", c.contestant.Name(), c.row), func(t *testing.T) {
			measured++
			f, err := b.measure(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			res.add(c, f)
		})
	}
	if measured < len(plan.cells(0)) {
		return // only some were asked for
	}
	tables := res.tables(plan)
	if len(tables) != len(growing) {
		t.Fatalf("%d tables of %d patterns", len(tables), len(growing))
	}
	for _, tb := range tables {
		for _, r := range plan.rows {
			if r.pattern == tb.pattern {
				wantLines(t, plan, tb, r)
			}
		}
		if !bytes.HasPrefix(tb.plot(), []byte("<svg ")) {
			t.Errorf("%s: no plot", tb.pattern.name)
		}
	}
}

func wantLines(t *testing.T, p plan, tb *table, r row) {
	t.Helper()
	for _, c := range p.contestants {
		i := slices.IndexFunc(tb.lines, func(l line) bool { return l.row == r && l.contestant == c.Name() })
		if want := r.wants(c) && c.Supports(r); (i >= 0) != want {
			t.Errorf("%s has a line of %q: %t, want %t", c.Name(), r, i >= 0, want)
		}
		if i < 0 || c.Name() != subject {
			continue
		}
		for k, m := range tb.pattern.metrics {
			// A message without a number cannot be missed.
			if math.IsNaN(tb.lines[i].summaries[k].median) && (m.name != "lost" || r.size >= numberSize) {
				t.Errorf("%s: gonng has no %q", r, m.title)
			}
		}
	}
}

// TestNothingIsLostUncounted balances what a publisher accepted with what its
// subscribers got and both dropped.
func TestNothingIsLostUncounted(t *testing.T) {
	b := bench{warmup: time.Millisecond, duration: 50 * time.Millisecond, certs: t.TempDir()}
	for _, processes := range []int{1, 2} {
		r := row{pattern: growing[0], size: 64, transport: "tcp", n: 8, variant: variant{processes: processes}}
		f, err := b.measure(t.Context(), cell{r, gonngContestant{}})
		if err != nil {
			t.Fatal(err)
		}
		if f["accepted"] == 0 || f["uncounted"] != 0 {
			t.Errorf("%d processes: accepted %v, received %v, dropped %v", processes, f["accepted"], f["received"], f["dropped"])
		}
		if f["ends"] != 8 {
			t.Errorf("%d processes have %v subscribers, want 8", processes, f["ends"])
		}
	}
}

// growthSample is one curve of gonng and one of libzmq in two variants.
func growthSample() (plan, *results) {
	pt := growing[0]
	p := plan{contestants: []contestant{named(subject), named("libzmq")}, growth: true}
	rs := newResults()
	for _, v := range pt.variants {
		for _, n := range []int{1, 10, 1000} {
			r := row{pattern: pt, size: 64, transport: "tcp", n: n, variant: v}
			p.rows = append(p.rows, r)
			for _, c := range p.contestants {
				rs.add(cell{r, c}, figures{"rate": 1e6})
			}
		}
	}
	return p, rs
}

func TestPlotOfCost(t *testing.T) {
	p, rs := growthSample()
	svg := string(rs.tables(p)[0].plot())
	if n := strings.Count(svg, "<circle"); n != 12 {
		t.Errorf("%d points, want 12", n)
	}
	for _, want := range []string{
		">pub as fast as it can over tcp: ns a delivery against subscribers<",
		">ns a delivery (logarithmic axis), less is better<", ">subscribers (logarithmic axis)<",
		">1<", ">10<", ">1 k<", ">2 k<", ">gonng, in one process<", ">libzmq, in eight<",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s in\n%s", want, svg)
		}
	}
}

// TestPosition wants zero to the left of every other step, and the axis of
// what was never measured not to fail.
func TestPosition(t *testing.T) {
	if zero, hundred := position(0, []int{0, 100}), position(100, []int{0, 100}); zero != 1 || hundred != 2 {
		t.Errorf("0 and 100 at %v and %v, want 1 and 2", zero, hundred)
	}
	if a := costAxis(nil); !(a.low < a.high) {
		t.Errorf("axis of nothing = %v", a)
	}
}

func TestTicks(t *testing.T) {
	for _, tt := range []struct {
		low, high float64
		want      string
	}{
		{1, 100, "[1 2 5 10 20 50 100]"},
		{2, 20, "[2 5 10 20]"},
		{1e-3, 1e3, "[0.001 0.01 0.1 1 10 100 1000]"},
	} {
		var got []float64
		for _, v := range ticks(tt.low, tt.high) {
			got = append(got, math.Round(v*1e6)/1e6)
		}
		if fmt.Sprint(got) != tt.want {
			t.Errorf("from %v to %v: %v, want %s", tt.low, tt.high, got, tt.want)
		}
	}
	for v, want := range map[float64]string{1e6: "1 M", 5e3: "5 k", 0.2: "0.2", 20: "20"} {
		if got := formatTick(v); got != want {
			t.Errorf("%v is named %q, want %q", v, got, want)
		}
	}
}

func TestGrowthFlags(t *testing.T) {
	o, err := parseFlags([]string{"-growth", "-quick"})
	if err != nil {
		t.Fatal(err)
	}
	if o.bench.rounds != 1 || o.bench.duration != 100*time.Millisecond {
		t.Errorf("got %d rounds of %v", o.bench.rounds, o.bench.duration)
	}
	for _, r := range o.bench.plan.rows {
		if r.pattern.grows == "" || r.n > r.pattern.quick {
			t.Errorf("a quick run of growth has %s", r)
		}
	}
	if o, err = parseFlags([]string{"-growth", "-rounds", "9", "-duration", "2s"}); err != nil || o.bench.rounds != 9 || o.bench.duration != 2*time.Second {
		t.Errorf("-rounds and -duration are ignored: %v", err)
	}
}

func TestGrowthFiles(t *testing.T) {
	p, rs := growthSample()
	dir := t.TempDir()
	if err := writeFiles(dir, nil, p, rs); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"growth.md", "growth.csv", "growth-pub-as-fast-as-it-can-tcp.svg"} {
		if _, err := os.Stat(dir + "/" + name); err != nil {
			t.Error(err)
		}
	}
}

// TestShares divides n among processes without a rest.
func TestShares(t *testing.T) {
	sum := 0
	for i := range 8 {
		sum += job{n: 1001}.sharing(i, 8).n
	}
	if sum != 1001 {
		t.Errorf("shares of 1001 add up to %d", sum)
	}
}

func TestMergedFigures(t *testing.T) {
	f := figures{}
	f.add(figures{"ends": 2, "messages": 100, "sent": 100, "slowest": 40, "silence": 3, "rate": 10})
	f.add(figures{"ends": 2, "messages": 50, "sent": 100, "slowest": 15, "silence": 9, "rate": 6})
	f.add(figures{"accepted": 200, "received": 160, "dropped": 30})
	f.derive()
	for name, want := range map[string]float64{"slowest": 15, "silence": 9, "share": 0.4, "lost": 25, "uncounted": 10, "each": 4} {
		if f[name] != want {
			t.Errorf("%s = %v, want %v", name, f[name], want)
		}
	}
}

package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain plays a peer when a test has started this binary as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == peerCommand {
		if err := peerMain(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestEveryCell measures everything for a moment: each contestant delivers
// what it says it supports, and every child ends by itself.
func TestEveryCell(t *testing.T) {
	b := bench{warmup: time.Millisecond, duration: 5 * time.Millisecond, connections: 50, certs: t.TempDir()}
	if err := writeCertificate(b.certs); err != nil {
		t.Fatal(err)
	}
	plan, missing := newPlan(filter{}).withoutMissing()
	if missing != nil {
		t.Run("missing", func(t *testing.T) {
			if os.Getenv("CI") == "true" {
				t.Fatal(missing)
			}
			t.Skip(missing)
		})
	}
	for _, c := range plan.cells(0) {
		if c.row.pairs > 2 {
			continue // as two, and slower
		}
		t.Run(fmt.Sprintf("%s/%s/%s", c.contestant.Name(), c.row, c.row.transport), func(t *testing.T) {
			f, err := b.measure(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if m := c.row.pattern.metrics[0]; f[m.name] <= 0 {
				t.Errorf("%s = %v", m.name, f[m.name])
			}
		})
	}
}

// TestLargeBody: the limits of those that have one are raised.
func TestLargeBody(t *testing.T) {
	b := bench{warmup: time.Millisecond, duration: 50 * time.Millisecond, certs: t.TempDir()}
	bodies := growing[slices.IndexFunc(growing, func(p *pattern) bool { return p.name == "bodies of push/pull" })]
	plan, _ := newPlan(filter{}).withoutMissing()
	for _, c := range plan.contestants {
		if !slices.Contains(bodies.with, c.Name()) {
			continue
		}
		r := row{pattern: bodies, size: 2 << 20, n: 2 << 20, transport: "tcp"}
		t.Run(c.Name(), func(t *testing.T) {
			if _, err := b.measure(t.Context(), cell{r, c}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestChildThatFailsIsReported(t *testing.T) {
	b := bench{duration: time.Millisecond}
	c := cell{row{pattern: pushPull, size: 64, transport: "nowhere"}, &rawBatched{}}
	jobs := b.jobs(c, t.TempDir())
	jobs[0].url = "nowhere://here"
	var s session
	_, last, err := s.run(t.Context(), c, jobs)
	if err == nil {
		t.Error("no error from an address that cannot be listened at")
	}
	if err := s.stop(last); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("stop = %v, want what the child said", err)
	}
}

func TestJobArguments(t *testing.T) {
	want := job{
		contestant: limit, roles: []string{"pull", "push"}, url: "inproc://x",
		size: 1 << 20, warmup: time.Millisecond, duration: 3 * time.Second,
		peers: 8, n: 5, perSecond: 200, lengths: 6, connections: 9, messages: 7, receive: "Recv", certs: "/c",
	}
	got, err := parseJob(want.args())
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, err := parseJob([]string{"-role", "king"}); err == nil {
		t.Error("an unknown role was accepted")
	}
}

func TestQuickYieldsToWhatIsGiven(t *testing.T) {
	o, err := parseFlags([]string{"-quick", "-rounds", "7", "-transports", "^tcp$"})
	if err != nil {
		t.Fatal(err)
	}
	b := o.bench
	if b.rounds != 7 || b.duration != 100*time.Millisecond {
		t.Errorf("got %d rounds of %v", b.rounds, b.duration)
	}
	for _, r := range b.plan.rows {
		if r.transport != "tcp" {
			t.Errorf("the filter let %s pass", r.transport)
		}
	}
	if n := len(b.plan.rows); n >= len(rows()) {
		t.Errorf("a quick run has %d rows", n)
	}
	if o, err := parseFlags([]string{"-quick", "-rows", "pairs: 4"}); err != nil || len(o.bench.plan.rows) != len(networks) {
		t.Errorf("a row that is named is left out of a quick run: %v", err)
	}
	if _, err := parseFlags([]string{"-rows", "no such row"}); err == nil {
		t.Error("an empty plan was accepted")
	}
	if _, err := parseFlags([]string{"-connections", "0"}); err == nil {
		t.Error("no idle connections were accepted")
	}
}

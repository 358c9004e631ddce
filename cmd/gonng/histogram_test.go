package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestHistogramBuckets(t *testing.T) {
	for _, v := range []uint64{0, 1, 31, 32, 33, 63, 64, 65, 1000, 123456789, 1 << 40, 1<<40 - 1, math.MaxInt64} {
		if got := float64(middle(bucket(v))); math.Abs(got-float64(v)) > float64(v)/60 {
			t.Errorf("%d becomes %.f", v, got)
		}
	}
	if n := len(histogram{}.counts); bucket(math.MaxInt64) != n-1 {
		t.Errorf("there are %d buckets, the last is %d", n, bucket(math.MaxInt64))
	}
}

// The quantiles are those of the sorted times, to 3 %.
func TestHistogramQuantiles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var h histogram
	times := make([]time.Duration, 10000)
	for i := range times {
		times[i] = time.Duration(math.Exp(r.NormFloat64()*2 + 10))
		h.add(times[i])
	}
	slices.Sort(times)
	for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 0.999, 1} {
		want := float64(times[max(int(math.Ceil(q*10000)), 1)-1])
		if got := float64(h.quantile(q)); math.Abs(got/want-1) > 0.03 {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if h.min != times[0] || h.max != times[9999] || h.quantile(1) > h.max || h.quantile(0) < h.min {
		t.Errorf("from %v to %v, want %v to %v", h.min, h.max, times[0], times[9999])
	}
}

func TestHistogramFew(t *testing.T) {
	var h histogram
	if h.quantile(0.5) != 0 || h.rows() != nil {
		t.Error("of no times it says something")
	}
	h.add(-5) // a clock that was set back
	h.add(0)
	if h.quantile(1) != 0 || h.min != 0 || h.max != 0 || h.n != 2 {
		t.Errorf("got %v to %v, %d times", h.min, h.max, h.n)
	}
}

func TestHistogramRows(t *testing.T) {
	for name, times := range map[string][]time.Duration{
		"one":         {17 * time.Microsecond},
		"nothing":     {0},
		"a round one": {10 * time.Microsecond, 100 * time.Microsecond},
		"wide":        {1, 100, time.Microsecond, time.Millisecond, time.Second, time.Hour},
	} {
		var h histogram
		for _, d := range times {
			h.add(d)
		}
		checkRows(t, name, &h)
	}
	var h histogram // as measured: 99 of 100 near each other, a few far off
	for i := range 10000 {
		h.add(time.Duration(15000 + i))
	}
	h.add(2 * time.Second)
	checkRows(t, "usual", &h)
	var b bytes.Buffer
	h.write(&b)
	const want = `
       round trip [us]      count
      12.5 to 16               872  ######
        16 to 20              4096  ################################
        20 to 25              5032  ########################################
        25 to 100                0
       100 to 1000               0
      1000 to 10000              0
     10000 to 100000             0
    100000 to 1000000            0
   1000000 to 10000000           1  .
`
	if b.String() != want {
		t.Errorf("it is drawn as%s\nwant%s", &b, want)
	}
}

// checkRows: each time is in one row, which adjoins the next.
func checkRows(t *testing.T, name string, h *histogram) {
	t.Helper()
	rows, n := h.rows(), uint64(0)
	for i, r := range rows {
		n += r.n
		if i > 0 && r.low != rows[i-1].high {
			t.Errorf("%s: a row begins at %v, the one before ends at %v", name, r.low, rows[i-1].high)
		}
	}
	if n != h.n || len(rows) == 0 || len(rows) > maxRows+14 || rows[len(rows)-1].high <= h.max {
		t.Errorf("%s: the rows are %v", name, rows)
	}
}

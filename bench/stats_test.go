package main

import (
	"math"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		xs   []float64
		want float64
	}{
		{[]float64{7}, 7},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 2}, 2.5},
		{[]float64{1, 1, 1, 1, 1000}, 1},
	} {
		if got := median(tt.xs); got != tt.want {
			t.Errorf("median(%v) = %v, want %v", tt.xs, got, tt.want)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing = %v, want NaN", got)
	}
}

func TestMedianKeepsOrder(t *testing.T) {
	xs := []float64{3, 1, 2}
	median(xs)
	if xs[0] != 3 || xs[1] != 1 || xs[2] != 2 {
		t.Errorf("median sorted its argument: %v", xs)
	}
}

func TestPercentile(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	for _, tt := range []struct {
		xs   []int
		p    float64
		want int
	}{
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 100, 100},
		{hundred, 0, 1},
		{[]int{10, 20, 30}, 50, 20},
		{[]int{10, 20, 30}, 99, 30},
		{[]int{10}, 1, 10},
		{nil, 50, 0},
	} {
		if got := percentile(tt.xs, tt.p); got != tt.want {
			t.Errorf("percentile of %d values, %v = %v, want %v", len(tt.xs), tt.p, got, tt.want)
		}
	}
}

func TestRatio(t *testing.T) {
	if got := ratio(3, 4); got != 0.75 {
		t.Errorf("ratio(3, 4) = %v", got)
	}
	if got := ratio(3, 0); !math.IsNaN(got) {
		t.Errorf("ratio(3, 0) = %v, want NaN", got)
	}
}

func TestSummary(t *testing.T) {
	s := summarize([]float64{110, 90, 100})
	if s != (summary{rounds: 3, median: 100, min: 90, max: 110}) {
		t.Errorf("got %+v", s)
	}
	if got := s.spread(); got != 0.1 {
		t.Errorf("spread = %v, want 0.1", got)
	}
	if s := summarize(nil); s.rounds != 0 || !math.IsNaN(ratio(s.median, 1)) || !math.IsNaN(ratio(1, s.median)) {
		t.Errorf("summary of nothing = %+v, want what has no ratio", s)
	}
}

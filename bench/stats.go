package main

import (
	"math"
	"slices"
)

// A summary is what the rounds of one cell say about one metric; that of no
// round is NaN, so that no ratio comes of it.
type summary struct {
	rounds           int
	median, min, max float64
}

func summarize(xs []float64) summary {
	if len(xs) == 0 {
		return summary{0, math.NaN(), math.NaN(), math.NaN()}
	}
	return summary{len(xs), median(xs), slices.Min(xs), slices.Max(xs)}
}

// spread is how far the rounds lie from their middle, as a part of the median.
func (s summary) spread() float64 { return ratio((s.max-s.min)/2, s.median) }

// median of an even number of values is the mean of the middle two, and of
// none NaN.
func median(xs []float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(xs))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// percentile is by nearest rank: a value that was measured, never one in
// between. The values must be sorted; of none it is zero.
func percentile[T any](sorted []T, p float64) T {
	if len(sorted) == 0 {
		var zero T
		return zero
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// ratio is NaN where there is nothing to divide by.
func ratio(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}

package main

import (
	"math"
	"math/bits"
	"time"
)

// histogram counts times in nanoseconds in buckets whose width is at most
// 1/32 of the time: what it says of one is at most 1.6 % off. Its memory does not
// grow.
type histogram struct {
	counts   [(64 - subBits) << subBits]uint64
	n        uint64
	min, max time.Duration
}

// Each power of two has 1<<subBits buckets; the first ones are of one
// nanosecond.
const subBits = 5

func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(uint64(d))]++
	if h.n == 0 || d < h.min {
		h.min = d
	}
	h.max = max(h.max, d)
	h.n++
}

// bucket is v without its low bits, so that subBits and the leading one remain.
func bucket(v uint64) int {
	shift := max(bits.Len64(v)-subBits-1, 0)
	return shift<<subBits + int(v>>shift)
}

// middle is the time that stands for the i-th bucket.
func middle(i int) time.Duration {
	shift := max(i>>subBits-1, 0)
	low := uint64(i-shift<<subBits) << shift
	return time.Duration(low + 1<<shift/2)
}

// quantile is the time that a part q of all, from 0 to 1, did not exceed; 0
// if there are none.
func (h *histogram) quantile(q float64) time.Duration {
	rank := max(uint64(math.Ceil(q*float64(h.n))), 1)
	for i, seen := 0, uint64(0); i < len(h.counts); i++ {
		if seen += h.counts[i]; seen >= rank {
			return min(max(middle(i), h.min), h.max)
		}
	}
	return 0
}

// histogramRow is how many times lie from low up to high.
type histogramRow struct {
	low, high time.Duration
	n         uint64
}

// maxRows is how many rows the most of the times may take; the slowest have a
// few more.
const maxRows = 20

// rows divide the times by the round numbers 1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5,
// 6.3, 8 and 10, or so many of them that the rows are few, and the slowest of
// a hundred by powers of ten.
func (h *histogram) rows() []histogramRow {
	if h.n == 0 {
		return nil
	}
	fine, step := h.quantile(0.99), 1
	for step < 10 && roundBelow(fine)-roundBelow(h.min) > maxRows*step {
		step++
	}
	var rows []histogramRow
	for i, high := roundBelow(h.min), time.Duration(0); high <= h.max; {
		low := roundNumber(i)
		if low <= fine {
			i += step
		} else {
			i += 10 - i%10
		}
		high = roundNumber(i)
		rows = append(rows, histogramRow{low: low, high: high})
	}
	h.fill(rows)
	return rows
}

func (h *histogram) fill(rows []histogramRow) {
	row := 0
	for i, n := range h.counts {
		if n == 0 {
			continue
		}
		d := min(max(middle(i), h.min), h.max)
		for d >= rows[row].high {
			row++
		}
		rows[row].n += n
	}
}

// roundBelow is the last round number up to d.
func roundBelow(d time.Duration) (i int) {
	for roundNumber(i+1) <= d {
		i++
	}
	return i
}

// roundNumber is the i-th round number, in nanoseconds.
func roundNumber(i int) time.Duration {
	digits := [10]float64{1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8}[i%10]
	return time.Duration(digits * math.Pow10(i/10))
}

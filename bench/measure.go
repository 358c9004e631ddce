package main

import (
	"bytes"
	"fmt"
	"slices"
	"time"
)

// figures are the outcome of a measurement by name of the metric.
type figures map[string]float64

// A role is a part in a pattern. A loop that measures returns figures; the
// others go on until their end is closed.
type role struct {
	listens bool
	loop    func(end, job) (figures, error)
}

var roles = map[string]role{
	"pull": {listens: true, loop: drain},
	"push": {loop: flood},
	"rep":  {listens: true, loop: echo},
	"req":  {loop: pingPong},
}

// newBody writes to every byte: memory that was never written is one page of
// zeros, which no cache ever misses.
func newBody(size int) []byte { return bytes.Repeat([]byte{'x'}, size) }

// flood sends for ever.
func flood(e end, j job) (figures, error) {
	body := newBody(j.size)
	for {
		if err := e.Send(body); err != nil {
			return nil, err
		}
	}
}

// echo answers every request with itself.
func echo(e end, _ job) (figures, error) {
	for {
		body, err := e.Recv()
		if err != nil {
			return nil, err
		}
		if err := e.Send(body); err != nil {
			return nil, err
		}
	}
}

// drain counts the messages that arrive.
func drain(e end, j job) (figures, error) {
	recv := func() error {
		body, err := e.Recv()
		return checkSize(body, j.size, err)
	}
	// Reading the clock takes as long as receiving a small message, so
	// look at it once in about 16 KiB.
	stride := max(1, 16<<10/j.size)
	if _, _, err := repeat(recv, stride, j.warmup); err != nil {
		return nil, err
	}
	n, elapsed, err := repeat(recv, stride, j.duration)
	return figures{"rate": float64(n) / elapsed.Seconds()}, err
}

// repeat does steps until d has passed; it looks at the clock after every
// stride of them.
func repeat(step func() error, stride int, d time.Duration) (n int, elapsed time.Duration, err error) {
	for start := time.Now(); elapsed < d; elapsed = time.Since(start) {
		for range stride {
			if err := step(); err != nil {
				return n, elapsed, err
			}
		}
		n += stride
	}
	return n, elapsed, nil
}

// maxSamples bounds the memory of a measurement of latency.
const maxSamples = 1 << 20

// pingPong takes the time of each round trip.
func pingPong(e end, j job) (figures, error) {
	body := newBody(j.size)
	trip := func() error {
		if err := e.Send(body); err != nil {
			return err
		}
		reply, err := e.Recv()
		return checkSize(reply, j.size, err)
	}
	if _, _, err := repeat(trip, 1, j.warmup); err != nil {
		return nil, err
	}
	samples := make([]time.Duration, 0, maxSamples)
	// The end of one trip is the start of the next: one look at the clock
	// a trip, because inproc trips take little more than two.
	for start, last := time.Now(), time.Duration(0); last < j.duration && len(samples) < maxSamples; {
		if err := trip(); err != nil {
			return nil, err
		}
		now := time.Since(start)
		samples = append(samples, now-last)
		last = now
	}
	slices.Sort(samples)
	return figures{
		"p50": micros(percentile(samples, 50)),
		"p99": micros(percentile(samples, 99)),
	}, nil
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// checkSize keeps a contestant that delivers something else out of the table.
func checkSize(body []byte, size int, err error) error {
	if err == nil && len(body) != size {
		return fmt.Errorf("got a message of %d bytes, want %d", len(body), size)
	}
	return err
}

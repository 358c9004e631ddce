package main

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

// drain counts the messages that arrive, and by their numbers those that did
// not.
func drain(p part) (figures, error) {
	var number uint64
	recv := func() error {
		body, err := p.Recv()
		if err := checkSize(body, p.size, err); err != nil {
			return err
		}
		if len(body) >= numberSize {
			number = binary.BigEndian.Uint64(body)
		}
		return nil
	}
	// Reading the clock takes as long as receiving a small message, so
	// look at it once in about 16 KiB.
	stride := max(1, 16<<10/max(p.size, 1))
	if _, _, err := repeat(recv, max(stride, fewest), p.warmup); err != nil {
		return nil, err
	}
	first := number
	p.report.begin()
	n, elapsed, err := repeat(recv, stride, p.duration)
	p.report.over()
	return figures{
		"rate":     float64(n) / elapsed.Seconds(),
		"messages": float64(n),
		"sent":     float64(number - first),
	}, err
}

// fewest is how many messages come before a measurement, at least: each large one may need
// memory that was not used before, which takes longer than to receive it.
const fewest = 4

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
func pingPong(p part) (figures, error) {
	body := newBody(p.size)
	trip := func() error {
		if err := p.Send(body); err != nil {
			return err
		}
		reply, err := p.Recv()
		return checkSize(reply, p.size, err)
	}
	if _, _, err := repeat(trip, 1, p.warmup); err != nil {
		return nil, err
	}
	samples := make([]time.Duration, 0, maxSamples)
	p.report.begin()
	// The end of one trip is the start of the next: one look at the clock
	// a trip, because inproc trips take little more than two.
	for start, last := time.Now(), time.Duration(0); last < p.duration && len(samples) < maxSamples; {
		if err := trip(); err != nil {
			return nil, err
		}
		now := time.Since(start)
		samples = append(samples, now-last)
		last = now
	}
	p.report.over()
	f := latencies(samples)
	f["messages"] = float64(len(samples))
	return f, nil
}

// latencies are figures of how long calls took. It sorts them.
func latencies(samples []time.Duration) figures {
	slices.Sort(samples)
	return figures{
		"p50":  micros(percentile(samples, 50)),
		"p99":  micros(percentile(samples, 99)),
		"p999": micros(percentile(samples, 99.9)),
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// checkSize keeps a contestant that delivers something else out of the table.
func checkSize(body []byte, size int, err error) error {
	if err == nil && len(body) != size {
		return fmt.Errorf("got a message of %d bytes, want %d", len(body), size)
	}
	return err
}

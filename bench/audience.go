package main

import (
	"context"
	"encoding/binary"
	"slices"
	"sync/atomic"
	"time"
)

// An accountant knows how many messages it has dropped.
type accountant interface{ Dropped() uint64 }

// publish sends to an audience until it is told to be quiet, as fast as it can
// or so many times a second. It tells what has become of the messages, if its
// end knows.
func publish(p part) (figures, error) {
	body := newBody(p.size)
	start := time.Now()
	n := uint64(0)
	for !p.report.isQuiet() {
		n++
		binary.BigEndian.PutUint64(body, n)
		if err := p.Send(body); err != nil {
			return nil, err
		}
		if p.perSecond == 0 {
			continue
		}
		if f, ok := p.end.(flusher); ok {
			if err := f.Flush(); err != nil {
				return nil, err
			}
		}
		time.Sleep(time.Until(start.Add(time.Duration(n) * time.Second / time.Duration(p.perSecond))))
	}
	f := figures{}
	if a, ok := p.end.(accountant); ok {
		f["accepted"] = float64(n) * float64(p.peers)
		f["dropped"] = float64(a.Dropped())
	}
	return f, nil
}

func (r *report) isQuiet() bool {
	select {
	case <-r.quiet:
		return true
	default:
		return false
	}
}

// A seat is where one subscriber counts. It has a cache line of its own.
type seat struct {
	end
	received atomic.Uint64
	number   atomic.Uint64 // of the last message
	_        [32]byte
}

// glance is how often an audience looks at all its seats.
const glance = 10 * time.Millisecond

// patience is how long an audience waits for the first message of each seat.
const patience = 2 * time.Second

// audience opens n subscribers. The time begins when each has got a message, or
// some have waited too long: then their share is nothing.
func audience(p part) (figures, error) {
	seats := make([]seat, p.n)
	failed := make(chan error, p.n)
	for i := range seats {
		var err error
		if seats[i].end, err = p.host.Open(p.as("sub", p.url)); err != nil {
			return nil, err
		}
	}
	for i := range seats {
		go func() { failed <- seats[i].listen(p) }()
	}
	w := watcher{seats: seats, failed: failed, seen: make([]uint64, p.n), since: make([]time.Time, p.n)}
	if err := w.untilAll(); err != nil {
		return nil, err
	}
	if err := w.watch(p.warmup); err != nil {
		return nil, err
	}
	before, sentBefore := w.snapshot()
	w.silence = 0
	w.begin(time.Now())
	p.report.begin()
	start := time.Now()
	if err := w.watch(p.duration); err != nil {
		return nil, err
	}
	after, sentAfter := w.snapshot()
	for slices.Equal(after, before) { // the machine does something else
		if err := w.watch(glance); err != nil {
			return nil, err
		}
		after, sentAfter = w.snapshot()
	}
	elapsed := time.Since(start)
	p.report.over()

	f := figures{"ends": float64(p.n), "silence": float64(w.silence) / float64(time.Millisecond)}
	least := after[0] - before[0]
	for i := range seats {
		got := after[i] - before[i]
		f["messages"] += float64(got)
		f["sent"] += float64(sentAfter[i] - sentBefore[i])
		least = min(least, got)
	}
	f["slowest"] = float64(least)
	f["rate"] = f["messages"] / elapsed.Seconds()
	return f, w.account(f)
}

// listen counts what arrives.
func (s *seat) listen(p part) error {
	if err := s.Join(context.Background()); err != nil {
		return err
	}
	for {
		body, err := s.Recv()
		if err := checkSize(body, p.size, err); err != nil {
			return err
		}
		s.number.Store(binary.BigEndian.Uint64(body))
		s.received.Add(1)
	}
}

// A watcher sees how long each seat gets nothing.
type watcher struct {
	seats   []seat
	failed  <-chan error
	seen    []uint64    // at each seat, at the last glance
	since   []time.Time // when that began
	silence time.Duration
}

func (w *watcher) begin(now time.Time) {
	for i := range w.since {
		w.since[i] = now
	}
}

// pause lets a moment pass.
func (w *watcher) pause(d time.Duration) error {
	select {
	case err := <-w.failed:
		return err
	case <-time.After(d):
		return nil
	}
}

// untilAll waits for the first message of every seat, within reason.
func (w *watcher) untilAll() error {
	start := time.Now()
	for i := range w.seats {
		for w.seats[i].received.Load() == 0 && time.Since(start) < patience {
			if err := w.pause(time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}

// watch looks at all seats again and again until d has passed.
func (w *watcher) watch(d time.Duration) error {
	start := time.Now()
	for left := d; left > 0; left = d - time.Since(start) {
		if err := w.pause(min(glance, left)); err != nil {
			return err
		}
		now := time.Now()
		for i := range w.seats {
			w.silence = max(w.silence, now.Sub(w.since[i]))
			if n := w.seats[i].received.Load(); n != w.seen[i] {
				w.seen[i], w.since[i] = n, now
			}
		}
	}
	return nil
}

func (w *watcher) snapshot() (received, numbers []uint64) {
	for i := range w.seats {
		received = append(received, w.seats[i].received.Load())
		numbers = append(numbers, w.seats[i].number.Load())
	}
	return received, numbers
}

// account adds all that the seats have ever got and dropped, once nothing more
// comes; only if they know.
func (w *watcher) account(f figures) error {
	if _, ok := w.seats[0].end.(accountant); !ok {
		return nil
	}
	total := func() (received, dropped float64) {
		for i := range w.seats {
			received += float64(w.seats[i].received.Load())
			dropped += float64(w.seats[i].end.(accountant).Dropped())
		}
		return received, dropped
	}
	// TCP sends again what the kernel had no memory for, but not at once.
	for calm, last := 0, -1.0; calm < 40; {
		if err := w.pause(50 * time.Millisecond); err != nil {
			return err
		}
		received, dropped := total()
		if calm++; received+dropped != last {
			calm = 0
		}
		last = received + dropped
		f["received"], f["dropped"] = received, dropped
	}
	return nil
}

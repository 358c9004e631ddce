package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gonng/gonng"
)

// subscribe takes all topics of the job.
func (e *gonngEnd) subscribe(j job) error {
	all := make([]string, j.n)
	for i := range all {
		all[i] = j.topic(i)
	}
	return e.sub.Subscribe(all...)
}

// Survey asks and takes n responses.
func (e *gonngEnd) Survey(body []byte, n int) error {
	got := 0
	for m, err := range e.surveyor.Survey(context.Background(), body) {
		if err != nil {
			return err
		}
		m.Free()
		if got++; got == n {
			return nil
		}
	}
	return fmt.Errorf("%d of %d have answered", got, n)
}

// Watch calls the functions from hooks.
func (e *gonngEnd) Watch(came, went func()) {
	e.OnPipe(gonng.PipeConnected, func(*gonng.Pipe) { came() })
	e.OnPipe(gonng.PipeClosed, func(*gonng.Pipe) { went() })
}

// contexts has n contexts that receive, and takes the time of other calls on
// their socket.
func contexts(p part) (figures, error) {
	s := p.end.(*gonngEnd).sub
	var received atomic.Uint64
	failed := make(chan error, p.n)
	for range p.n {
		c, err := s.NewContext()
		if err != nil {
			return nil, err
		}
		if err := c.Subscribe(""); err != nil {
			return nil, err
		}
		go func() {
			buf := make([]byte, p.size)
			for {
				if _, err := c.RecvInto(context.Background(), buf); err != nil {
					failed <- err
					return
				}
				received.Add(1)
			}
		}()
	}
	if _, err := bystand(s, p.warmup, failed); err != nil {
		return nil, err
	}
	p.report.begin()
	start, before := time.Now(), received.Load()
	samples, err := bystand(s, p.duration, failed)
	elapsed, n := time.Since(start), float64(received.Load()-before)
	p.report.over()
	f := latencies(samples)
	f["rate"], f["messages"] = n/elapsed.Seconds(), n
	return f, err
}

// bystand makes a call now and then.
func bystand(s *gonng.Sub0, d time.Duration, failed <-chan error) (times []time.Duration, err error) {
	calls := []func(){
		func() { s.Stats() },
		func() { s.Pipes() },
		func() {
			if _, err = s.TryRecv(); errors.Is(err, gonng.ErrTryAgain) {
				err = nil // there is no subscription
			}
		},
	}
	for start := time.Now(); time.Since(start) < d && err == nil; {
		select {
		case err = <-failed:
			return nil, err
		case <-time.After(200 * time.Microsecond):
		}
		began := time.Now()
		calls[len(times)%len(calls)]()
		times = append(times, time.Since(began))
	}
	return times, err
}

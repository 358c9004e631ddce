package main

import (
	"sync/atomic"
	"time"
)

// concurrency is how many requests are under way at once, unless the row says.
const concurrency = 64

// A caller can have several requests under way. Worker is a number below
// n, and has one at a time.
type caller interface {
	Call(worker int, body []byte) ([]byte, error)
}

// A serving end answers requests with their own body until it is closed.
type serving interface{ Serve() error }

func serve(p part) (figures, error) {
	if s, ok := p.end.(serving); ok {
		return nil, s.Serve()
	}
	return echo(p)
}

// requests counts the answers to requests of which many are under way.
func requests(p part) (figures, error) {
	var answers atomic.Int64
	failed := make(chan error, p.n)
	if c, ok := p.end.(caller); ok {
		for worker := range p.n {
			go func() { failed <- callAgain(c, worker, p.size, &answers) }()
		}
	} else {
		go func() { failed <- keepAsking(p, &answers) }()
	}
	if err := watch(&answers, p.warmup, failed); err != nil {
		return nil, err
	}
	p.report.begin()
	start, first := time.Now(), answers.Load()
	if err := watch(&answers, p.duration, failed); err != nil {
		return nil, err
	}
	n, elapsed := float64(answers.Load()-first), time.Since(start)
	p.report.over()
	return figures{"rate": n / elapsed.Seconds(), "messages": n}, nil
}

// watch lets d pass, and more of it until there is an answer.
func watch(answers *atomic.Int64, d time.Duration, failed <-chan error) error {
	for first := answers.Load(); ; d = time.Millisecond {
		select {
		case err := <-failed:
			return err
		case <-time.After(d):
		}
		if answers.Load() > first {
			return nil
		}
	}
}

func callAgain(c caller, worker, size int, answers *atomic.Int64) error {
	body := newBody(size)
	for {
		reply, err := c.Call(worker, body)
		if err := checkSize(reply, size, err); err != nil {
			return err
		}
		answers.Add(1)
	}
}

// keepAsking is for an end that one goroutine uses: it sends a request for
// each answer.
func keepAsking(p part, answers *atomic.Int64) error {
	body := newBody(p.size)
	for range p.n {
		if err := p.Send(body); err != nil {
			return err
		}
	}
	for {
		reply, err := p.Recv()
		if err := checkSize(reply, p.size, err); err != nil {
			return err
		}
		answers.Add(1)
		if err := p.Send(body); err != nil {
			return err
		}
	}
}

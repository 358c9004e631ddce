package main

import (
	"slices"
	"sync"
	"time"
)

// A trier does not wait where there is no room.
type trier interface{ TrySend([]byte) error }

// deal takes the time of a Send beside n peers that read nothing, once they
// hold all that they can. One that reads comes then, in this process.
func deal(p part) (figures, error) {
	// First large bodies, for speed, then smaller ones, for what is left.
	for _, size := range []int{16 << 10, 1 << 10, p.size} {
		fill(p.end.(trier), newBody(size))
	}
	lively, err := p.host.Open(p.as("lively", p.URL()))
	if err != nil {
		return nil, err
	}
	go func() { // ends with the process
		for {
			if _, err := lively.Recv(); err != nil {
				return
			}
		}
	}()
	body := newBody(p.size)
	send := func() error { return p.Send(body) }
	if _, _, err := repeat(send, 256, p.warmup); err != nil {
		return nil, err
	}
	p.report.begin()
	n, elapsed, err := repeat(send, 256, p.duration)
	p.report.over()
	return figures{"send": float64(elapsed) / float64(n), "messages": float64(n)}, err
}

// fill sends until there has been no room for a while: what is sent last is
// still on its way into the kernel.
func fill(e trier, body []byte) {
	for refused := 0; refused < 20; refused++ {
		for e.TrySend(body) == nil {
			refused = 0
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// spareWorkers are more than the stuck peer's extra requests, of which some
// are answered before it is stuck: one worker is always left for others.
const (
	extraRequests = 32
	spareWorkers  = extraRequests + 1
)

// A surveyor waits for n answers.
type surveyor interface {
	Survey(body []byte, n int) error
}

// survey takes the time of a survey until all have answered.
func survey(p part) (figures, error) {
	s, body := p.end.(surveyor), newBody(p.size)
	ask := func() error { return s.Survey(body, p.n) }
	if _, _, err := repeat(ask, 1, p.warmup); err != nil {
		return nil, err
	}
	var times []time.Duration
	p.report.begin()
	for start := time.Now(); time.Since(start) < p.duration; {
		began := time.Now()
		if err := ask(); err != nil {
			return nil, err
		}
		times = append(times, time.Since(began))
	}
	p.report.over()
	slices.Sort(times)
	median := micros(percentile(times, 50))
	return figures{"p50": median / float64(p.n), "whole": median / 1000, "messages": float64(len(times) * p.n)}, nil
}

// A doorkeeper calls the functions when somebody comes and goes.
type doorkeeper interface{ Watch(came, went func()) }

// A passage is when the first and the last of n went through.
type passage struct {
	mu          sync.Mutex
	n, count    int
	first, last time.Time
	done        chan struct{}
}

func newPassage(n int) *passage { return &passage{n: n, done: make(chan struct{})} }

func (g *passage) pass() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last = time.Now()
	if g.count++; g.count == 1 {
		g.first = g.last
	}
	if g.count == g.n {
		close(g.done)
	}
}

func (g *passage) each() float64 { return micros(g.last.Sub(g.first)) / float64(g.n) }

// door takes the time of n connections that come, and leave all at once.
func door(p part) (figures, error) {
	came, went := newPassage(p.n), newPassage(p.n)
	p.report.begin()
	p.end.(doorkeeper).Watch(came.pass, went.pass)
	<-came.done
	<-went.done
	p.report.over()
	return figures{"come": came.each(), "leave": went.each(), "messages": float64(p.n)}, nil
}

package gonng

import (
	"context"
	"time"
)

// loan is how a receiver reads its peer itself. The pipe's goroutine lends the
// reading out when it has passed a message to the only goroutine that waits,
// which is likely to come back for the next. Two programs that ask and answer
// in turn then do without goroutine switches, and above all without the wake-up of
// another processor that each brings: it was half of their round trip.
//
// While it is lent and nobody reads, nobody notices that the peer has gone. So
// the goroutine takes it back when the receiver has not come for a moment.
// The socket's mutex guards it.
type loan struct {
	pipe   *Pipe   // whose reading is lent; nil: none
	reader *waiter // the receiver that is reading it just now, or nil
	glance waiter  // reader, if that does not wait
	used   bool    // since the timer was set
	armed  bool
	timer  *time.Timer

	// What ends the reading when a context ends. Most receivers come back with the
	// same context: it is set only for another. It belongs to the reader, if there
	// is one.
	watched <-chan struct{}
	unwatch func() bool // nil: none
}

// loanTime is how long a loan lasts while nobody reads, at most twice. Any
// shorter, and the kernel would set a clock for the timer at every wait for the
// peer: on a virtual machine that takes longer than a system call.
const loanTime = 20 * time.Millisecond

// borrower is the goroutine to lend the reading of p to if n messages wake it, or
// nil.
func (p *Pipe) borrower(n int) *waiter {
	s := p.s
	if n != 1 || s.parked != 1 || len(s.pipes) != 1 || s.polled || p.lendable == nil {
		return nil
	}
	return s.lastParked
}

// lend leaves the reading of p to receivers. Its goroutine waits for resume.
func (s *socket) lend(p *Pipe) {
	p.in.paused = true
	s.loan.pipe = p
	s.watchLoan()
}

func (s *socket) watchLoan() {
	l := &s.loan
	l.used = true
	switch {
	case l.armed:
		return
	case l.timer == nil:
		l.timer = time.AfterFunc(loanTime, s.loanDue)
	default:
		l.timer.Reset(loanTime)
	}
	l.armed = true
}

func (s *socket) loanDue() {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &s.loan
	l.armed = false
	switch {
	case l.pipe == nil || l.reader != nil:
	case l.used:
		s.watchLoan()
		l.used = false
	default:
		l.pipe.resume()
	}
}

// recallLoan ends the loan: other things must be able to wake a receiver.
func (s *socket) recallLoan() {
	l := &s.loan
	switch {
	case l.pipe == nil:
	case l.reader == nil:
		l.pipe.resume()
	case l.reader.list != nil:
		l.reader.list.wake(l.reader)
	}
}

// readLent reads what has arrived at the pipe whose reading is lent, or ends the
// loan if there is nothing. It reports whether it had to do something. The socket's
// mu is held when it is called and when it returns, not between.
func (s *socket) readLent() bool {
	p := s.loan.pipe
	switch {
	case p == nil || s.loan.reader != nil:
		return false
	case p.polled == nil:
		p.resume()
		return false
	}
	s.loan.reader = &s.loan.glance
	s.unlock()
	p.refill()
	s.mu.Lock()
	s.loan.reader = nil
	s.returned(p, true)
	return true
}

// borrowed is the pipe that the caller is to read while it waits, or nil.
func (c *call) borrowed() *Pipe {
	p := c.s.loan.pipe
	if p == nil || c.s.loan.reader != nil {
		return nil
	}
	if len(c.s.pipes) > 1 || c.s.polled {
		p.resume()
		return nil
	}
	return p
}

// read is wait by reading p, until something has arrived from it.
func (c *call) read(p *Pipe, l *waitList) error {
	s := c.s
	w := c.waiter()
	if w.overdue() {
		return c.failure(errOverdue)
	}
	l.add(w)
	w.reads, w.done, s.loan.reader = p, c.ctx.Done(), w
	s.unlock()
	s.watch(c.ctx)
	more, err := p.readFor(w)
	s.mu.Lock()
	s.returned(p, more && err == nil)
	return c.failure(w.failed)
}

// watch has the end of ctx end the caller's reading.
func (s *socket) watch(ctx context.Context) {
	l, done := &s.loan, ctx.Done()
	if done != l.watched {
		l.forget()()
		if l.watched = done; done != nil {
			l.unwatch = context.AfterFunc(ctx, func() { s.contextEnded(ctx, done) })
		}
	}
	if ctx.Err() != nil { // before it was watched, or before the reading began
		s.contextEnded(ctx, done)
	}
}

// contextEnded ends the reading of who reads with that context.
func (s *socket) contextEnded(ctx context.Context, done <-chan struct{}) {
	s.mu.Lock()
	defer s.unlock()
	if w := s.loan.reader; w != nil && w.list != nil && w.done == done {
		w.list.end(w, contextError(ctx))
	}
}

// forget returns what leaves the context alone that was watched.
func (l *loan) forget() func() {
	unwatch := l.unwatch
	l.watched, l.unwatch = nil, nil
	return func() {
		if unwatch != nil {
			unwatch()
		}
	}
}

// returned is called after a receiver has read p. It may read on if something has
// come.
func (s *socket) returned(p *Pipe, more bool) {
	if s.closed && s.loan.reader == nil {
		s.afterwards(s.loan.forget())
	}
	switch {
	case s.loan.pipe != p:
	case !more || s.parked > 0 || s.closed:
		p.resume() // its goroutine deals with the end, or what takes longer, or the others
	default:
		s.watchLoan()
	}
}

// readFor is readBatch for a receiver. It reports whether anything has come.
func (p *Pipe) readFor(w *waiter) (more bool, err error) {
	p.reading.Lock()
	defer p.reading.Unlock()
	p.arrived, err = p.conn.Read(p.arrived[:0])
	p.s.mu.Lock()
	w.reads, p.s.loan.reader = nil, nil
	if w.list != nil {
		w.list.remove(w)
	} else {
		<-w.woken
		w.last.waking = false
	}
	p.s.mu.Unlock()
	more = len(p.arrived) > 0
	p.deliverArrived()
	return more, err
}

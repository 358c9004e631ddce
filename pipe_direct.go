package gonng

import (
	"context"
	"sync"
	"time"

	"github.com/gonng/gonng/transport"
)

// directRead is the state that a socket keeps for receivers that read a connection. A
// receiver does so only while the socket has one pipe.
type directRead struct {
	used  bool // a receiver has come since the timer was set
	armed bool
	timer *time.Timer

	// The context whose end interrupts the receiver. Most receivers come back with the
	// same one, so it is changed only for another.
	mu      sync.Mutex
	watched <-chan struct{}
	unwatch func() bool // nil: none
	over    bool        // the socket is closed
}

// lentTime is how long a pipe stays lent without a receiver, or up to twice as long. With
// a shorter time the kernel would set a clock for the timer at every wait for the peer,
// which on a virtual machine takes longer than a system call.
const lentTime = 20 * time.Millisecond

// watchLocked notes that a receiver has come, and has reclaim look for the next.
func (d *directRead) watchLocked(s *socket) {
	d.used = true
	d.armLocked(s)
}

// armLocked sets the timer after which reclaim looks for a receiver.
func (d *directRead) armLocked(s *socket) {
	switch {
	case d.armed:
		return
	case d.timer == nil:
		d.timer = time.AfterFunc(lentTime, s.reclaim)
	default:
		d.timer.Reset(lentTime)
	}
	d.armed = true
}

// firedLocked notes that the timer has fired, and reports whether a receiver has come
// since it was set.
func (d *directRead) firedLocked() (used bool) {
	used, d.armed, d.used = d.used, false, false
	return used
}

// watch makes the end of ctx interrupt the receiver that reads.
func (d *directRead) watch(ctx context.Context, done <-chan struct{}, s *socket) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if done == d.watched || d.over {
		return
	}
	d.forget()
	if d.watched = done; done != nil {
		d.unwatch = context.AfterFunc(ctx, func() { s.contextEnded(ctx, done) })
	}
}

// forget stops watching the context.
func (d *directRead) forget() {
	if d.unwatch != nil {
		d.unwatch()
	}
	d.watched, d.unwatch = nil, nil
}

// close is called when the socket closes. No context is watched afterwards.
func (d *directRead) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	d.forget()
}

// lendsLocked reports whether the message that was just delivered wakes the only
// goroutine that waits for this socket.
func (s *socket) lendsLocked() bool {
	return s.parked == 1 && s.core.Effects.OnlyWaiter() && s.pipes.len() == 1 && !s.hasFDs
}

// lendLocked leaves the reading to the next receiver.
func (p *Pipe) lendLocked() {
	p.leaveReadingLocked(lent)
	p.s.watchLentLocked()
}

// watchLentLocked has reclaim look whether a receiver comes for the pipe that is lent.
func (s *socket) watchLentLocked() { s.direct.watchLocked(s) }

// reclaim gives the reading back to the pipe's goroutine if no receiver has come.
func (s *socket) reclaim() {
	s.lock()
	defer s.unlock()
	used := s.direct.firedLocked()
	p := s.pipes.oldest() // a pipe is lent only while there is no other
	switch {
	case p == nil || !p.lentLocked():
	case used && !s.closed:
		s.direct.armLocked(s)
	default:
		p.readOnLocked()
	}
}

// lentLocked reports whether the next receiver may read p.
func (p *Pipe) lentLocked() bool { return p.reading == lent }

// endDirectReadLocked ends reading by receivers, because something that a read does not
// notice must be able to wake them: another pipe, a poll, Close.
func (s *socket) endDirectReadLocked() {
	if p := s.pipes.oldest(); p != nil {
		p.endDirectReadLocked()
	}
}

func (p *Pipe) endDirectReadLocked() {
	switch p.reading {
	case lent:
		p.readOnLocked()
	case byReceiver:
		if w := p.reader; w != nil && w.Queued() {
			w.endLocked(nil)
		}
	}
}

// takeReadingLocked is the pipe that the caller is to read while it waits, or nil.
func (s *socket) takeReadingLocked() *Pipe {
	if !s.direct.armed { // no pipe is lent
		return nil
	}
	p := s.pipes.oldest()
	if p == nil || !p.lentLocked() {
		return nil
	}
	if s.pipes.len() > 1 || s.hasFDs {
		p.readOnLocked()
		return nil
	}
	p.takeLocked()
	return p
}

// takeLocked gives the reading to the receiver that calls it.
func (p *Pipe) takeLocked() { p.reading = byReceiver }

// readForLocked reads p for w, until something has arrived or w is woken. The socket is
// locked when readForLocked is called and when it returns, not between.
func (p *Pipe) readForLocked(w *waiter, ctx context.Context) {
	p.reader = w
	p.s.unlock()
	p.s.watch(ctx)
	more, err := p.readFor(w)
	p.s.lock()
	p.wasReadLocked(more && err == nil)
}

// readFor is readBatch for a receiver. It reports whether anything has come.
func (p *Pipe) readFor(w *waiter) (more bool, err error) {
	p.readMu.Lock()
	defer p.readMu.Unlock()
	p.arrived, err = p.conn.Read(p.arrived[:0])
	p.s.lock()
	p.reader = nil
	w.hasReadLocked()
	p.s.unlock()
	more = len(p.arrived) > 0
	p.deliverArrived()
	return more, err
}

// wasReadLocked is called after a receiver has read p. The next may read on if something
// has come.
func (p *Pipe) wasReadLocked(more bool) {
	switch {
	case p.reading != byReceiver: // it is paused now
	case !more || p.s.needsReaderLocked():
		p.readOnLocked() // its goroutine deals with the end, or what takes longer, or the others
	default:
		p.lendLocked()
	}
}

// needsReaderLocked reports whether the goroutine of a pipe must read it, since others
// wait, or the socket closes.
func (s *socket) needsReaderLocked() bool {
	return s.parked > 0 || s.closed || s.pipes.len() != 1 || s.hasFDs
}

// readNowLocked reads what has arrived at a pipe that is lent, without waiting. It
// reports whether there was one.
func (s *socket) readNowLocked() bool {
	p := s.takeReadingLocked()
	return p != nil && p.readNowLocked()
}

func (p *Pipe) readNowLocked() bool {
	if !p.tries() {
		p.readOnLocked()
		return false
	}
	p.s.unlock()
	p.refill()
	p.s.lock()
	return true
}

// watch makes the end of ctx interrupt the caller while it reads.
func (s *socket) watch(ctx context.Context) {
	done := ctx.Done()
	s.direct.watch(ctx, done, s)
	if ctx.Err() != nil { // before it was watched, or before the reading began
		s.contextEnded(ctx, done)
	}
}

// contextEnded interrupts the receiver that is reading the connection, if it waits with
// ctx.
func (s *socket) contextEnded(ctx context.Context, done <-chan struct{}) {
	err := contextError(ctx)
	s.lock()
	defer s.unlock()
	if p := s.pipes.oldest(); p != nil {
		p.contextEndedLocked(done, err)
	}
}

func (p *Pipe) contextEndedLocked(done <-chan struct{}, err error) {
	if w := p.reader; w != nil && w.waitsUntil(done) {
		w.endLocked(err)
	}
}

// interrupt ends the read of a receiver that was woken.
func (p *Pipe) interrupt() { p.conn.(transport.Interrupter).Interrupt() }

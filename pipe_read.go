package gonng

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/task"
	"github.com/gonng/gonng/transport"
)

// reading says which goroutine reads a pipe's connection just now.
//
//	byPipe → paused            Deliver had no room: the pipe's goroutine waits (deliver)
//	paused → byPipe            there is room again, or the socket closes (readOn)
//	paused → byReceiver        a receiver took the last message, and reads more without
//	                           waiting (receiver.done, then refill)
//	byReceiver → paused        it has read something, or had no room (refill, deliver)
//	byPipe → lent              one message woke the only receiver, which probably comes
//	                           back to wait (deliver)
//	lent → byReceiver          the receiver came back, and reads while it waits
//	                           (takeReadingLocked)
//	byReceiver → lent          the receiver got a message (readByReceiverLocked)
//	lent, byReceiver → byPipe  no receiver came for 20 to 40 ms (reclaim), or others wait,
//	                           or there is another pipe or a descriptor to poll, or the
//	                           socket closes (endDirectReadLocked, readByReceiverLocked)
//	byPeer ↔ paused            inproc: the goroutine of the sender delivers
//
// When two programs ask and answer in turn, a receiver that reads by itself saves the
// goroutine switches and, above all, the wake-up of another processor with each: half of
// the round trip. While no goroutine reads, a disconnect goes unnoticed; so the pipe's
// goroutine takes the reading back after 20 to 40 ms.
type reading uint8

const (
	byPipe     reading = iota // the pipe's goroutine
	paused                    // none: there is no room
	lent                      // none: the next receiver may
	byReceiver                // a receiver
	byPeer                    // inproc: the sender's goroutine delivers
)

// run starts to read the peer.
func (p *Pipe) run() {
	if direct, ok := p.conn.(transport.Direct); ok {
		p.s.lock()
		p.reading = byPeer
		p.s.unlock()
		direct.Receive(p.deliver, func(err error) {
			// On another goroutine: this one belongs to the peer's socket.
			p.s.tasks.Start("", func(t *task.Task) {
				p.closeWith(p.endReason(err))
				p.s.disconnected(t, p)
			})
		})
		return
	}
	p.s.tasks.Start(p.taskName(), p.read)
}

// read is the goroutine of the pipe.
func (p *Pipe) read(t *task.Task) {
	for {
		more, yield, err := p.readBatch()
		if !more {
			select {
			case <-p.room:
			case <-p.done:
			}
		}
		if err != nil {
			p.closeWith(p.endReason(err))
			p.s.disconnected(t, p)
			return
		}
		if yield {
			runtime.Gosched()
		}
	}
}

// readBatch waits for messages and delivers them. It reports whether more is
// welcome, and whether the receivers should run first.
func (p *Pipe) readBatch() (more, yield bool, err error) {
	p.readMu.Lock()
	defer p.readMu.Unlock()
	p.arrived, err = p.conn.Read(p.arrived[:0])
	more = p.deliverArrived()
	return more, p.yield, err
}

func (p *Pipe) deliverArrived() (more bool) {
	more = len(p.arrived) == 0 || p.deliver(p.arrived)
	if cap(p.arrived) > keepArrived {
		p.arrived = nil
	}
	return more
}

// keepArrived is how many messages of one read a pipe keeps room for: as many as a
// stream hands over at once.
const keepArrived = 1 << 11

// deliver passes a batch to the protocol and reports whether the caller may read on. If
// not, readOn is called when there is room again.
func (p *Pipe) deliver(batch []transport.Message) (more bool) {
	s, count, bytes := p.s, uint64(len(batch)), bytesIn(batch)
	s.lock()
	s.stats.Received += count
	s.stats.ReceivedBytes += bytes
	p.stats.Received += count
	p.stats.ReceivedBytes += bytes
	p.yield = false
	for more = true; len(batch) > 0; {
		if s.closed {
			release(batch)
			more = true
			break
		}
		var n int
		n, more = s.proto.Deliver(&p.peer, batch)
		p.yield = p.yield || s.core.Effects.Yield()
		if batch = batch[n:]; len(batch) > 0 { // let others have the lock
			s.unlockDelivery(p)
			s.lock()
		}
	}
	switch {
	case !more:
		p.peer.Held, p.reading = true, paused
	case count == 1 && p.reading == byPipe && s.lendsLocked(p):
		p.reading, more = lent, false
		s.direct.watchLocked(s)
	}
	s.unlockDelivery(p)
	return more
}

func bytesIn(batch []transport.Message) (n uint64) {
	for i := range batch {
		n += uint64(len(batch[i].Data))
	}
	return n
}

// skipTooLarge has replies that are too large skipped, where the transport can: the
// request fails then, and the connection goes on.
func (p *Pipe) skipTooLarge() {
	skipper, ok := p.conn.(transport.Skipper)
	if _, asks := p.s.proto.(*sp.Req); !ok || !asks {
		return
	}
	skipper.SkipTooLarge(func(head []byte, size uint64) {
		p.s.lock()
		p.s.stats.TooLarge++
		if !p.s.closed {
			p.s.proto.TooLarge(&p.peer, head, size)
		}
		p.s.unlockDelivery(p)
	})
}

func release(batch []transport.Message) {
	for i := range batch {
		batch[i].Release()
	}
}

// readOn lets reading go on after deliver has said no. The socket is not locked.
func (p *Pipe) readOn() {
	p.s.lock()
	direct := p.room == nil && p.reading == paused
	if direct {
		p.peer.Held, p.reading = false, byPeer
	} else {
		p.readOnLocked()
	}
	p.s.unlock()
	if direct {
		p.conn.(transport.Direct).Resume()
	}
}

// readOnLocked gives the reading to the pipe's goroutine.
func (p *Pipe) readOnLocked() {
	p.peer.Held = false
	if p.room == nil || p.reading == byPipe {
		return
	}
	p.reading = byPipe
	select {
	case p.room <- struct{}{}:
	default:
	}
}

// refill is called by a receiver that has taken the last message of a paused pipe. The
// receiver reads what has arrived, without waiting. When nothing has, it leaves the
// reading to the pipe's goroutine.
func (p *Pipe) refill() {
	if !p.readMu.TryLock() {
		p.readOn() // another goroutine still delivers the batch before: the pipe's goroutine waits for that
		return
	}
	for {
		p.arrived = p.tryReader.TryRead(p.arrived[:0])
		nothing := len(p.arrived) == 0
		if !nothing {
			p.deliverArrived()
		}
		p.s.lock()
		if nothing || p.s.closed {
			p.readOnLocked()
			break
		}
		if p.reading == byPipe { // another receiver could not read and left it to the goroutine
			break
		}
		if p.peer.RecvQueue() > 0 { // the receiver that takes the last of them reads on
			p.peer.Held, p.reading = true, paused
			break
		}
		p.s.unlock()
	}
	p.readMu.Unlock() // before that of the socket: the next receiver finds it free
	p.s.unlock()
}

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

// lendsLocked reports whether the message that p has just delivered wakes the only
// goroutine that waits for this socket.
func (s *socket) lendsLocked(p *Pipe) bool {
	return s.parked == 1 && s.core.Effects.OnlyWaiter() && s.pipes.len() == 1 && !s.hasFDs && p.interrupter != nil
}

// watchLocked sets the timer after which reclaim looks for a receiver.
func (d *directRead) watchLocked(s *socket) {
	d.used = true
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

// reclaim gives the reading back to the pipe's goroutine if no receiver has come.
func (s *socket) reclaim() {
	s.lock()
	defer s.unlock()
	d := &s.direct
	d.armed = false
	p := s.pipes.first
	switch {
	case p == nil || p.reading != lent:
	case d.used && !s.closed:
		d.watchLocked(s)
		d.used = false
	default:
		p.readOnLocked()
	}
}

// endDirectReadLocked ends reading by receivers, because something that a read does not
// notice must be able to wake them: another pipe, a poll, Close.
func (s *socket) endDirectReadLocked() {
	p := s.pipes.first // a pipe is lent only while there is no other: it is the oldest
	if p == nil {
		return
	}
	switch p.reading {
	case lent:
		p.readOnLocked()
	case byReceiver:
		if w := s.reader; w != nil && w.Queued() {
			s.core.EndWait(&w.Waiter, 0)
		}
	}
}

// takeReadingLocked is the pipe that the caller is to read while it waits, or nil.
func (s *socket) takeReadingLocked() *Pipe {
	p := s.pipes.first
	if p == nil || p.reading != lent {
		return nil
	}
	if s.pipes.len() > 1 || s.hasFDs {
		p.readOnLocked()
		return nil
	}
	p.reading = byReceiver
	return p
}

// readLocked is parkLocked that reads p, until something has arrived.
func (c *call) readLocked(p *Pipe) error {
	s, w := c.s, c.w
	w.reads, w.done, s.reader = p, c.ctx.Done(), w
	s.unlock()
	s.watch(c.ctx)
	more, err := p.readFor(w)
	s.lock()
	s.readByReceiverLocked(p, more && err == nil)
	return c.failure(w.err)
}

// readFor is readBatch for a receiver. It reports whether anything has come.
func (p *Pipe) readFor(w *waiter) (more bool, err error) {
	p.readMu.Lock()
	defer p.readMu.Unlock()
	p.arrived, err = p.conn.Read(p.arrived[:0])
	s := p.s
	s.lock()
	w.reads, s.reader = nil, nil
	if w.Queued() {
		w.Leave()
	} else {
		<-w.woken
		w.Woken()
	}
	s.unlock()
	more = len(p.arrived) > 0
	p.deliverArrived()
	return more, err
}

// readByReceiverLocked is called after a receiver has read p. It may read on if
// something has come.
func (s *socket) readByReceiverLocked(p *Pipe, more bool) {
	switch {
	case p.reading != byReceiver: // it is paused now
	case !more || s.parked > 0 || s.closed || s.pipes.len() != 1 || s.hasFDs:
		p.readOnLocked() // its goroutine deals with the end, or what takes longer, or the others
	default:
		p.reading = lent
		s.direct.watchLocked(s)
	}
}

// readNowLocked reads what has arrived at a pipe that is lent, without waiting. It
// reports whether there was one.
func (s *socket) readNowLocked() bool {
	p := s.takeReadingLocked()
	switch {
	case p == nil:
		return false
	case p.tryReader == nil:
		p.readOnLocked()
		return false
	}
	s.unlock()
	p.refill()
	s.lock()
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

// contextEnded interrupts the receiver that is reading the connection, if it waits with
// ctx.
func (s *socket) contextEnded(ctx context.Context, done <-chan struct{}) {
	s.lock()
	defer s.unlock()
	if w := s.reader; w != nil && w.Queued() && w.done == done {
		s.endWaitLocked(w, contextError(ctx))
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

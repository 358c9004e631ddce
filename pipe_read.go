package gonng

import (
	"runtime"

	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/task"
	"github.com/gonng/gonng/transport"
)

// reading says which goroutine reads a pipe's connection just now.
//
//	byPipe → paused            Deliver had no room: the pipe's goroutine waits (deliver)
//	paused → byPipe            there is room again, or the socket closes (readOn)
//	paused → byReceiver        a receiver took the last message, and reads more without
//	                           waiting (received, then refill)
//	byReceiver → paused        what it has read waits to be received, or had no room (refill,
//	                           deliver)
//	byReceiver → byPipe        it has read nothing that waits (refill)
//	byPipe → lent              one message woke the only receiver, which probably comes
//	                           back to wait (deliver)
//	lent → byReceiver          the receiver came back, and reads while it waits
//	                           (takeReadingLocked)
//	byReceiver → lent          the receiver got a message (wasReadLocked)
//	lent, byReceiver → byPipe  no receiver came for 20 to 40 ms (reclaim), or others wait,
//	                           or there is another pipe or a descriptor to poll, or the
//	                           socket closes (endDirectReadLocked, wasReadLocked)
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
	if p.direct {
		p.s.lock()
		p.reading = byPeer
		p.s.unlock()
		p.conn.(transport.Direct).Receive(p.deliver, func(err error) {
			// On another goroutine: this one belongs to the peer's socket.
			p.s.start(func(t *task.Task) {
				p.closeWith(p.endReason(err))
				p.disconnected(t)
			})
		})
		return
	}
	p.start(p.read)
}

// read is the goroutine of the pipe.
func (p *Pipe) read(t *task.Task) {
	for {
		more, yield, err := p.readBatch()
		if !more {
			<-p.room
		}
		if err != nil {
			p.closeWith(p.endReason(err))
			p.disconnected(t)
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
	clear(p.arrived) // or an idle connection would keep the memory of what came last
	if cap(p.arrived) > keepArrived {
		p.arrived = nil
	}
	return more
}

// keepArrived is how many messages of one read a pipe keeps room for: as many as append makes
// room for when a stream hands over 2048, the most that it does at once.
const keepArrived = 3 << 10

// deliver passes a batch to the protocol and reports whether the caller may read on. If
// not, readOn is called when there is room again.
func (p *Pipe) deliver(batch []transport.Message) (more bool) {
	s, count, bytes := p.s, len(batch), bytesIn(batch)
	s.lock()
	p.yield = bytes >= turnBytes
	parts := 0
	for more = true; len(batch) > 0; {
		n := len(batch)
		if s.closed {
			release(batch)
			more = true
		} else {
			n, more = s.proto.Deliver(&p.peer, batch)
			p.yield = p.yield || s.core.Effects.Yield()
		}
		left := bytesIn(batch[n:])
		s.stats.received(n, bytes-left)
		p.received.add(n, bytes-left)
		bytes = left
		if batch = batch[n:]; len(batch) > 0 { // let others have the lock
			s.unlockDelivery(p)
			if parts++; parts%yieldAfter == 0 {
				runtime.Gosched()
			}
			s.lock()
		}
	}
	switch {
	case !more:
		p.pauseLocked()
	case count == 1 && p.reading == byPipe && s.lendsLocked() && p.interrupts():
		p.lendLocked()
		more = false
	}
	s.unlockDelivery(p)
	return more
}

// yieldAfter is the number of parts of a batch after which a goroutine that delivers lets others
// run. One that does not is stopped by the runtime after 10 ms, most probably in the middle of a
// part: then all that want the lock wait until a thousand receivers have had their turn.
const yieldAfter = 4

func bytesIn(batch []transport.Message) (n uint64) {
	for i := range batch {
		n += uint64(len(batch[i].Data))
	}
	return n
}

// tries reports whether a receiver can read the connection without waiting.
func (p *Pipe) tries() bool {
	_, ok := p.conn.(transport.TryReader)
	return ok
}

// interrupts reports whether a receiver that waits can read the connection.
func (p *Pipe) interrupts() bool {
	_, ok := p.conn.(transport.Interrupter)
	return ok
}

// pauseLocked has nobody read until there is room again.
func (p *Pipe) pauseLocked() {
	p.peer.Held = true
	p.leaveReadingLocked(paused)
}

// leaveReadingLocked takes the reading from the goroutine that reads now. The pipe's goroutine
// waits for its turn, unless the pipe is over: then it reads on, to find the end.
func (p *Pipe) leaveReadingLocked(to reading) {
	p.reading = to
	if p.room == nil && !p.direct {
		p.room = make(chan struct{}, 1)
	}
	if p.over.Load() {
		p.wakeReaderLocked()
	}
}

// wakeReaderLocked wakes the pipe's goroutine, if it waits until it may read on.
func (p *Pipe) wakeReaderLocked() {
	select {
	case p.room <- struct{}{}:
	default: // it knows already, or has never waited
	}
}

// skipTooLarge has replies that are too large skipped, where the transport can: the
// request fails then, and the connection goes on.
func (p *Pipe) skipTooLarge() {
	skipper, ok := p.conn.(transport.Skipper)
	if !ok || !p.s.asks() {
		return
	}
	skipper.SkipTooLarge(func(head []byte, size uint64) {
		p.s.lock()
		p.s.tooLargeLocked(&p.peer, head, size)
		p.s.unlockDelivery(p)
	})
}

// asks reports whether the socket sends requests.
func (s *socket) asks() bool {
	_, asks := s.proto.(*sp.Req)
	return asks
}

// tooLargeLocked tells the protocol of a message that was skipped.
func (s *socket) tooLargeLocked(p *sp.Peer, head []byte, size uint64) {
	s.stats.tooLarge()
	if !s.closed {
		s.proto.TooLarge(p, head, size)
	}
}

func release(batch []transport.Message) {
	for i := range batch {
		batch[i].Release()
	}
}

// readOn lets reading go on after deliver has said no. The socket is not locked.
func (p *Pipe) readOn() {
	p.s.lock()
	resume := p.direct && p.reading == paused
	if resume {
		p.peer.Held, p.reading = false, byPeer
	} else {
		p.readOnLocked()
	}
	p.s.unlock()
	if resume {
		p.conn.(transport.Direct).Resume()
	}
}

// readOut has a pipe read while its socket closes, to discard what comes. A receiver that
// reads was woken, and gives the reading back by itself: if the pipe's goroutine read first,
// the receiver would wait for the connection as long as the peer is silent.
func (p *Pipe) readOut() {
	p.s.lock()
	taken := p.reading == byReceiver
	p.s.unlock()
	if !taken {
		p.readOn()
	}
}

// readOnLocked gives the reading to the pipe's goroutine.
func (p *Pipe) readOnLocked() {
	p.peer.Held = false
	if p.direct || p.reading == byPipe {
		return
	}
	p.reading = byPipe
	p.wakeReaderLocked()
}

// refillsLocked gives the reading to the receiver that has taken the last message of a
// paused pipe, if it can read without waiting. The receiver then calls refillOrReadOn.
func (p *Pipe) refillsLocked() {
	if p.tries() {
		p.reading = byReceiver
	}
}

func (p *Pipe) refillOrReadOn() {
	if p.tries() {
		p.refill()
	} else {
		p.readOn()
	}
}

// refill is called by a receiver that has taken the last message of a paused pipe, or that
// must not wait. The receiver reads what has arrived, once and without waiting: if it went on
// as long as something comes that is not for it, it might never return. Unless that has
// filled the queue, it leaves the reading to the pipe's goroutine.
func (p *Pipe) refill() {
	if !p.readMu.TryLock() {
		p.readOn() // another goroutine still delivers the batch before: the pipe's goroutine waits for that
		return
	}
	p.arrived = p.conn.(transport.TryReader).TryRead(p.arrived[:0])
	p.deliverArrived()
	p.s.lock()
	switch {
	case p.reading == byPipe: // another receiver could not read and left it to the goroutine
	case p.peer.RecvQueue() > 0 && p.s.endedLocked() == nil: // the receiver that takes the last of them reads on
		p.pauseLocked()
	default:
		p.readOnLocked()
	}
	p.readMu.Unlock() // before that of the socket: the next receiver finds it free
	p.s.unlock()
}

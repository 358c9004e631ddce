package gonng

import (
	"iter"
	"math"

	"github.com/gonng/gonng/internal/pollfd"
	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/task"
)

// lock locks the socket. A function that holds the lock may call the protocol, wake
// waiters and change the socket's fields. It must not call a hook, a logger or a method
// of a connection, listener or transport, and must not make a system call; a batch is
// memory, and appending to it is allowed. The locks of two sockets are never held
// together. docs/architecture.md has the order of all locks.
func (s *socket) lock() { s.mu.Lock() }

// unlock unlocks the socket and carries out what the protocol has left to do.
func (s *socket) unlock() {
	if s.core.Effects.Any() || s.hasFDs {
		s.unlockWithEffects(false)
		return
	}
	s.mu.Unlock()
}

// unlockDelivery is unlock for the goroutine that delivered messages of p. Over inproc
// that is a sender of another socket, which must not be held up: what calls out, such as
// a logger, runs on goroutines of this socket.
func (s *socket) unlockDelivery(p *Pipe) {
	if s.core.Effects.Any() || s.hasFDs {
		s.unlockWithEffects(p.direct)
		return
	}
	s.mu.Unlock()
}

// unlockWithEffects unlocks the socket, wakes the waiters, who want the lock at once, and carries
// out the rest: what calls out on a goroutine of this socket if elsewhere is set.
func (s *socket) unlockWithEffects(elsewhere bool) {
	e := &s.core.Effects
	wakes := e.TakeWakes()
	var interrupt *Pipe
	for w := range wakes.All() {
		if p := w.Owner.(*waiter).reads; p != nil {
			interrupt = p // one at most: a receiver reads the only pipe
		}
	}
	// A slow peer may recover, and lose messages again, as soon as others have the lock:
	// this chain is not taken along.
	var slow []*Pipe
	for p := e.NextSlow(); p != nil; p = e.NextSlow() {
		slow = append(slow, pipeOf(p))
	}
	var recv, send *pollfd.FD
	if s.hasFDs {
		recv, send = s.levelsLocked()
	}
	if !e.Any() {
		s.mu.Unlock()
		wakeAll(wakes)
	} else {
		rest := *e
		*e = sp.Effects{}
		s.mu.Unlock()
		wakeAll(wakes)
		if elsewhere && (rest.CallsOut() || slow != nil) {
			s.carryOutElsewhere(rest, slow)
		} else {
			s.carryOut(rest, slow)
		}
	}
	if interrupt != nil {
		interrupt.interrupt()
	}
	if recv != nil {
		recv.Apply()
	}
	if send != nil {
		send.Apply()
	}
}

func wakeAll(wakes sp.Wakes) {
	for w := range wakes.All() {
		w.Owner.(*waiter).wake()
	}
}

// levelsLocked are the descriptors whose level has changed: it is to be applied once the
// socket is unlocked.
func (s *socket) levelsLocked() (recv, send *pollfd.FD) {
	if s.closed {
		return nil, nil
	}
	if s.recvFD != nil && s.recvFD.Want(s.canRecvLocked()) {
		recv = s.recvFD
	}
	if s.sendFD != nil && s.sendFD.Want(s.canSendLocked()) {
		send = s.sendFD
	}
	return recv, send
}

// carryOut does what the protocol has asked for. The socket is not locked.
func (s *socket) carryOut(e sp.Effects, slow []*Pipe) {
	flushes := e.TakeFlushes()
	for p := flushes.Next(); p != nil; p = flushes.Next() {
		pipeOf(p).kick()
	}
	if !e.Rare() {
		return
	}
	for p := e.NextResume(); p != nil; p = e.NextResume() {
		pipeOf(p).readOn()
	}
	if e.Reschedule() {
		s.alarm.set()
	}
	s.logDrops(&e, slow)
	for p := e.NextFaulty(); p != nil; p = e.NextFaulty() {
		pipeOf(p).closeMalformed(p.Fault)
	}
}

// nextDue is when the protocol next has something to do; 0: never.
func (s *socket) nextDue() int64 {
	s.lock()
	defer s.unlock()
	if at := s.proto.Next(); !s.closed && at != math.MaxInt64 {
		return at
	}
	return 0
}

// due is called when the alarm's timer fires.
func (s *socket) due() {
	s.alarm.fired()
	s.lock()
	if !s.closed {
		s.proto.Expire()
	}
	s.unlock()
	s.alarm.set()
}

// carryOutElsewhere is carryOut on a goroutine of the socket.
func (s *socket) carryOutElsewhere(e sp.Effects, slow []*Pipe) {
	s.start(func(*task.Task) { s.carryOut(e, slow) })
}

// pipeOf is the pipe of a peer.
func pipeOf(p *sp.Peer) *Pipe { return p.Owner.(*Pipe) }

func pipesOf(f sp.Flushes) iter.Seq[*Pipe] {
	return func(yield func(*Pipe) bool) {
		for p := f.Next(); p != nil && yield(pipeOf(p)); p = f.Next() {
		}
	}
}

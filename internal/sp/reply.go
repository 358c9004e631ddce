package sp

import (
	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/wire"
)

// Rep is rep0 and respondent0: it receives questions from all peers, fairly, each with a
// backtrace, and sends each answer to the peer that asked. An answer never waits: it is
// queued for its peer even if there is no room. But while a peer has no room its
// questions are neither read nor handed out, so that a peer can make the socket hold no
// more than its queues and the answers to questions that were handed out already.
type Rep struct {
	Core
	fairQueue
	nobody Waiters
}

// NewRep makes a Rep.
func NewRep() *Rep {
	x := new(Rep)
	x.fairQueue.c, x.answered = &x.Core, true
	return x
}

// Reply is the endpoint of a Rep: where the next answer goes.
type Reply struct {
	of        *Rep
	to        *Peer // nil: there is no question
	counted   bool  // among the unanswered of the peer
	backtrace []byte
	receiver  *Waiter
}

func (x *Rep) NewEndpoint() Endpoint { return &Reply{of: x} }
func (x *Rep) writable(p *Peer)      { x.fairQueue.writable(p) }

// Detach hands out what p asked even if p had no room for more answers: now p gets none.
// And it has p read on, or nobody would notice its end.
func (x *Rep) Detach(p *Peer) { x.fairQueue.writable(p) }

// Retire answers what p has asked. It drops what p asks from now on.
func (x *Rep) Retire(p *Peer) { p.beginRetirement() }

func (x *Rep) Configure(cfg Config) {
	x.cfg = cfg
	x.fairQueue.configure(cfg)
}

func (x *Rep) Deliver(p *Peer, batch []msg.Message) (int, bool) {
	n := len(batch)
	return n, x.deliver(p, x.filter(p, batch, wire.BacktraceLen))
}

func (x *Rep) Close() { x.FailAll(&x.receivers, Closed) }

func (r *Reply) Offer(m *Message) Verdict {
	p := r.to
	if p == nil {
		return NoQuestion
	}
	gone := r.of.putAlways(p, r.backtrace, &m.Data, nil) == putGone
	r.uncount()
	r.to = nil
	if gone {
		r.of.drop(NoPeer, 1, p)
		return OK
	}
	r.of.asked(p)
	return OK
}

// uncount is the end of the question for its peer.
func (r *Reply) uncount() {
	if r.counted {
		r.counted = false
		r.to.unanswered--
		r.to.lessBusy()
	}
}

func (r *Reply) Pop(m *Message, max int, w *Waiter) Verdict {
	if r.receiver != nil && r.receiver != w {
		return Receiving
	}
	v := r.of.pop(m, max)
	if v == OK {
		r.uncount()
		r.to, r.counted = m.Peer, true
		r.backtrace = append(r.backtrace[:0], m.Data.Data[:m.Data.Header]...)
	}
	return v
}

// Await: a receiver that waits for the next question has hardly an answer to the last one.
func (r *Reply) Await(w *Waiter) {
	r.uncount()
	r.receiver = w
	r.of.receivers.Add(w)
}

func (r *Reply) End(w *Waiter) {
	if r.receiver == w {
		r.receiver = nil
	}
}

func (r *Reply) GiveUp()          {}
func (r *Reply) Room() *Waiters   { return &r.of.nobody }
func (r *Reply) CanSend() bool    { return r.to != nil }
func (r *Reply) CanRecv() bool    { return r.of.CanRecv() }
func (r *Reply) Configure(Config) {}

// Pace: answers share a write while more questions are waiting.
func (r *Reply) Pace() Pace {
	if r.of.CanRecv() {
		return Gather
	}
	return AtOnce
}

// Close gives the question up.
func (r *Reply) Close() {
	r.uncount()
	r.to = nil
	if w := r.receiver; w != nil && w.Queued() {
		r.of.EndWait(w, Closed)
	}
}

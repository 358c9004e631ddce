package sp

import "github.com/gonng/gonng/internal/msg"

// Peer is a connection of a socket, as far as its protocol knows it.
type Peer struct {
	// Owner is the shell's pipe.
	Owner any
	// ID is the number that stands for the peer in the headers of raw sockets.
	ID uint32
	// Priority is which peers are sent to first: those of the lowest number.
	Priority int
	// Held says that the peer is not read until the effect resume: the shell sets it when
	// Deliver has asked for that. Lazy asks for a resume only when nothing of
	// the peer is left to receive.
	Held, Lazy bool
	// Fault is why the peer is to be disconnected.
	Fault error
	// DroppedFull counts the messages to it that it had no room for.
	DroppedFull uint64

	of  Protocol
	out outbox
	in  queue

	ended bool // nothing comes from it any more

	slow   bool  // it loses messages, in an episode that is reported already
	slowAt int64 // when it lost the last

	inFan    int // place in a fanout, counted from 1; 0: none
	balanced balanced
	queued   bool // in a fairQueue
	ahead    *Peer
	behind   *Peer
	asked    requestList // the requests that it has
	since    uint64      // which peer of a Surveyor it is, counted from 1

	nextFlush, nextResume, nextFaulty, nextSlow *Peer // chains of Effects
}

// Init prepares p, which belongs to a new connection, for the socket of x. The
// batches are those of the connection; each message costs overhead bytes beside its
// own in them.
func (p *Peer) Init(x Protocol, owner any, id uint32, pending, current msg.Batch, overhead int) {
	p.of, p.Owner, p.ID, p.Priority = x, owner, id, 1
	p.out.pending, p.out.Current, p.out.overhead = pending, current, overhead
	buffer := x.Base().cfg.SendBuffer
	p.out.limit, p.out.lossy = NewLimit(buffer, QueueBytes), x.FansOut()
	if p.out.lossy {
		p.out.limit = NewLimit(buffer, LossyBytes)
	}
}

// Take makes what waits to be written Current and reports whether there is any. The
// caller has the writing token; without work it has it no more.
func (p *Peer) Take() bool {
	work, room := p.out.take(p.of.Base())
	if room {
		p.of.writable(p)
	}
	return work
}

// Current is what Take has taken. It belongs to the one who has the writing token.
func (p *Peer) Current() msg.Batch { return p.out.Current }

// CloseOutbox accepts nothing more for p and reports whether somebody is still writing.
func (p *Peer) CloseOutbox() (writing bool) {
	p.out.closed = true
	p.leave()
	return p.out.writing
}

// WriteFailed is for the one who has the token and could not write all of Current.
func (p *Peer) WriteFailed() {
	p.out.closed, p.out.taken = true, p.out.Current.Len()
	p.leave()
}

// Discard gives up what waits to be written, and says how many messages of p were
// accepted and not written. Nobody writes or reads any more.
func (p *Peer) Discard() (unsent int) {
	o := &p.out
	unsent = o.queued + o.taken
	p.of.Base().Counters.SendQueue -= o.queued
	o.pending.Reset()
	o.Current.Reset()
	o.queued, o.size, o.taken, o.takenSize = 0, 0, 0, 0
	p.ended = true
	return unsent
}

// Unsent is how many messages were accepted for p and are not known to be written.
func (p *Peer) Unsent() int { return p.out.queued + p.out.taken }

// SendQueue and RecvQueue are how many messages wait for and from p; Sent is how many
// were accepted, with SentBytes.
func (p *Peer) SendQueue() int                 { return p.out.queued }
func (p *Peer) RecvQueue() int                 { return p.in.len() }
func (p *Peer) Sent() (messages, bytes uint64) { return p.out.messages, p.out.bytes }

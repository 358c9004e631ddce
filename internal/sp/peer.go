package sp

import "github.com/gonng/gonng/internal/msg"

// Peer is the part of a connection that the protocol of its socket knows.
type Peer struct {
	// Owner is the shell's pipe.
	Owner any
	// Priority: peers of a lower number are sent to first.
	Priority int
	// ID is the number that stands for the peer in the headers of raw sockets.
	ID uint32
	// Held says that the peer is not read until the effect resume. The shell sets it
	// when Deliver reports no more. Lazy asks for a resume only when nothing of the peer
	// is left to receive.
	Held, Lazy bool

	ended bool // nothing comes from it any more
	slow  bool // it loses messages, and the episode was reported

	// Fault is why the peer is to be disconnected.
	Fault error
	// DroppedFull counts the messages to it that it had no room for.
	DroppedFull uint64

	of     Protocol
	out    outbox
	in     queue
	slowAt int64 // when it lost the last message

	retirement *retirement   // nil: it does not retire
	unanswered int           // questions of it that a Rep has not answered yet
	inFan      int           // place in a fanout, counted from 1; 0: none
	balanced   balanced      // place among those that are sent to in turn
	turn       node[Peer]    // in a fairQueue
	asked      list[Request] // the requests that were last sent to it, in order
	since      uint64        // its number among the peers that a Surveyor ever had, from 1

	nextFlush, nextResume, nextFaulty, nextSlow *Peer // chains of Effects
}

// retirement is what a peer that retires has beside.
type retirement struct {
	waiters  Waiters  // those who wait until it is not Busy
	surveyed deadline // when the surveys are over that it was sent
}

// Init prepares p, which belongs to a new connection, for the socket of x. In the batches
// of the connection each message costs overhead bytes beside its own.
func (p *Peer) Init(x Protocol, owner any, id uint32, conn Batches, overhead int) {
	p.of, p.Owner, p.ID, p.Priority = x, owner, id, 1
	p.out.conn, p.out.overhead = conn, overhead
	buffer := x.Base().cfg.SendBuffer
	p.out.limit, p.out.lossy = NewLimit(buffer, QueueBytes), x.FansOut()
	if p.out.lossy {
		p.out.limit = NewLimit(buffer, LossyBytes)
	}
}

// Take makes what waits to be written Current and reports whether there is any. The
// caller must have the writing token. When there is nothing to write, Take gives the
// token back.
func (p *Peer) Take() bool {
	work, room := p.out.take(p.of.Base())
	if room {
		p.of.writable(p)
	}
	return work
}

// Current is the batch that Take has taken. It belongs to the goroutine that has the
// writing token.
func (p *Peer) Current() msg.Batch { return p.out.Current }

// CurrentLen is how many messages Current has that are not written yet.
func (p *Peer) CurrentLen() int {
	if p.out.Current == nil {
		return 0
	}
	return p.out.Current.Len()
}

// retire is Retire for the protocols that need not answer the peer.
func (p *Peer) retire() {
	p.beginRetirement()
	p.CloseOutbox()
}

func (p *Peer) beginRetirement() {
	if p.retirement == nil {
		p.retirement = new(retirement)
	}
}

// Retired has those who wait until p, which retires, is not Busy.
func (p *Peer) Retired() *Waiters { return &p.retirement.waiters }

func (p *Peer) retiring() bool { return p.retirement != nil }

// surveyed reports whether p, which retires, may still be heard in a survey.
func (p *Peer) surveyed() bool { return p.retiring() && p.retirement.surveyed.place.in != nil }

// Busy reports whether p is to answer what it was sent, or is to be answered.
func (p *Peer) Busy() bool {
	return !p.ended && (p.asked.first != nil || p.unanswered > 0 || p.surveyed())
}

// lessBusy wakes those who wait until p is not Busy.
func (p *Peer) lessBusy() {
	if p.retiring() && !p.Busy() {
		p.of.Base().FailAll(p.Retired(), OK)
	}
}

// CloseOutbox accepts nothing more for p and reports whether the writing token is taken.
func (p *Peer) CloseOutbox() (writing bool) {
	p.out.closed = true
	p.leave()
	return p.out.writing
}

// WriteFailed tells that the goroutine with the token could not write all of Current.
func (p *Peer) WriteFailed() {
	p.out.closed, p.out.taken = true, p.CurrentLen()
	p.leave()
}

// Discard drops what waits to be written, and returns how many messages of p were
// accepted and not written. No goroutine writes or reads the connection any more.
func (p *Peer) Discard() (unsent int) {
	o := &p.out
	unsent = o.queued + min(o.taken, p.CurrentLen())
	p.of.Base().Counters.SendQueue -= o.queued
	for _, b := range [2]msg.Batch{o.pending, o.Current} {
		if b != nil {
			b.Reset()
		}
	}
	o.queued, o.size, o.taken, o.takenSize = 0, 0, 0, 0
	p.ended = true
	p.lessBusy()
	return unsent
}

// Unsent is how many messages were accepted for p and are not known to be written.
func (p *Peer) Unsent() int { return p.out.queued + p.out.taken }

// SendQueue and RecvQueue are how many messages wait for and from p, the next two the memory
// that those use; Sent is how many were accepted, with their bytes.
func (p *Peer) SendQueue() int                 { return p.out.queued }
func (p *Peer) RecvQueue() int                 { return p.in.len() }
func (p *Peer) SendQueueBytes() int            { return p.out.size }
func (p *Peer) RecvQueueBytes() int            { return p.in.bytes }
func (p *Peer) Sent() (messages, bytes uint64) { return p.out.messages, p.out.bytes }

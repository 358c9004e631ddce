package sp

import (
	"iter"
	"time"
)

// Effects is what a call of a protocol leaves to the shell. Peers and waiters are
// chained in it, so that it needs no memory; each Next takes the first of its chain.
// The shell carries it out when it has unlocked the socket.
type Effects struct {
	wake, wakeLast *Waiter
	flush          *Peer
	rare           bool // there is something of what follows

	resume, faulty, slow *Peer
	reasons              Reasons
	by                   *Peer
	reschedule, yield    bool
}

// Any reports whether there is something to carry out.
func (e *Effects) Any() bool { return e.wake != nil || e.flush != nil || e.rare }

// Rare reports whether there is more than waiters to wake and peers to flush.
func (e *Effects) Rare() bool { return e.rare }

// Wakes is a chain of waiters to wake.
type Wakes struct{ first *Waiter }

// TakeWakes takes the chain of waiters to wake out of the effects.
func (e *Effects) TakeWakes() Wakes {
	taken := Wakes{e.wake}
	e.wake = nil
	return taken
}

// All are the waiters; the Verdict of each says why. One that was yielded may be woken, and
// wait again.
func (l Wakes) All() iter.Seq[*Waiter] {
	return func(yield func(*Waiter) bool) {
		for w := l.first; w != nil; {
			next := w.next
			if !yield(w) {
				return
			}
			w = next
		}
	}
}

// OnlyWaiter reports whether exactly one waiter is to be woken.
func (e *Effects) OnlyWaiter() bool { return e.wake != nil && e.wake == e.wakeLast }

func (e *Effects) addWaiter(w *Waiter) {
	w.next = nil
	if e.wake == nil {
		e.wake = w
	} else {
		e.wakeLast.next = w
	}
	e.wakeLast = w
}

// Flushes is a chain of peers with something to write, whose writing tokens have been taken.
type Flushes struct{ first *Peer }

// Next is the first peer, which is taken out.
func (f *Flushes) Next() *Peer {
	p := f.first
	if p != nil {
		f.first, p.nextFlush = p.nextFlush, nil
	}
	return p
}

// TakeFlushes takes the chain of peers to flush out of the effects.
func (e *Effects) TakeFlushes() Flushes {
	taken := Flushes{e.flush}
	e.flush = nil
	return taken
}

func (e *Effects) addFlush(p *Peer) { p.nextFlush, e.flush = e.flush, p }

// NextResume is a peer to be read again. Its Held is false already.
func (e *Effects) NextResume() *Peer {
	p := e.resume
	if p != nil {
		e.resume, p.nextResume = p.nextResume, nil
	}
	return p
}

func (e *Effects) addResume(p *Peer) {
	p.Held = false
	p.nextResume, e.resume, e.rare = e.resume, p, true
}

// NextFaulty is a peer to disconnect: its Fault says why.
func (e *Effects) NextFaulty() *Peer {
	p := e.faulty
	if p != nil {
		e.faulty, p.nextFaulty = p.nextFaulty, nil
	}
	return p
}

func (e *Effects) addFaulty(p *Peer, why error) {
	if p.Fault == nil {
		p.Fault, p.nextFaulty = why, e.faulty
		e.faulty, e.rare = p, true
	}
}

// EpisodeGap is the time without a loss after which the next loss begins a new episode.
const EpisodeGap = time.Minute

// NextSlow is a peer that does not take its messages fast enough and has begun to lose
// some.
func (e *Effects) NextSlow() *Peer {
	p := e.slow
	if p != nil {
		e.slow, p.nextSlow = p.nextSlow, nil
	}
	return p
}

// Reasons is the set of reasons for which messages were dropped, and the peer that the
// last of them came from or was for, or nil.
func (e *Effects) Reasons() (Reasons, *Peer) { return e.reasons, e.by }

// Reschedule reports whether something is due before what Next of the protocol has said
// last: the shell asks Next again.
func (e *Effects) Reschedule() bool { return e.reschedule }

// Yield reports whether the goroutine that delivered should let the receivers run.
func (e *Effects) Yield() bool { return e.yield }

// Reasons is a set of reasons for which messages were dropped.
type Reasons uint8

// The reasons. The full outbox of a peer is none of them: NextSlow tells about it.
const (
	TTLExceeded  Reasons = 1 << iota // the message has passed through too many nodes
	Unexpected                       // the protocol does not receive
	Unasked                          // the question was not put to that peer; counted as Unexpected
	LateReply                        // its question is not open any more
	NoPeer                           // the peer that it was for has gone
	SlowReceiver                     // the queue of the program is full
)

// drop counts n messages that were dropped for a reason.
func (c *Core) drop(why Reasons, n int, p *Peer) {
	switch k := uint64(n); why {
	case TTLExceeded:
		c.Counters.TTLExceeded += k
	case Unexpected, Unasked:
		c.Counters.Unexpected += k
	case LateReply:
		c.Counters.LateReplies += k
	case NoPeer:
		c.Counters.NoPeer += k
	case SlowReceiver:
		c.Counters.DroppedFull += k
	}
	e := &c.Effects
	e.reasons, e.by, e.rare = e.reasons|why, p, true
}

// dropFull counts a message that p had no room for.
func (c *Core) dropFull(p *Peer) {
	c.Counters.DroppedFull++
	p.DroppedFull++
	present := c.Clock()
	begins := !p.slow || present-p.slowAt > int64(EpisodeGap)
	p.slow, p.slowAt = true, present
	if begins {
		p.nextSlow, c.Effects.slow, c.Effects.rare = c.Effects.slow, p, true
	}
}

// CallsOut reports whether there is something to log, beside NextSlow, or a peer to
// disconnect.
func (e *Effects) CallsOut() bool { return e.faulty != nil || e.reasons != 0 }

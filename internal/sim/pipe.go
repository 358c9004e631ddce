package sim

import (
	"fmt"
	"slices"

	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/sp"
)

// pipe is one end of a connection.
type pipe struct {
	sp.Peer
	s        *socket
	other    *pipe
	number   int
	token    bool // somebody writes
	closing  bool // its outbox is closed
	detached bool
	ended    bool
	accepted []uint64      // messages that are to be written
	mixed    bool          // their order is not known
	incoming []msg.Message // on their way from the other end
	queue    []uint64      // what has come from it and is to be received

	sent, more               uint64 // accepted before and in the present call
	written, delivered, lost uint64 // written here; of the other end's
	forged                   uint64 // of those written: by a liar
	lies                     bool   // the other end
	batch                    int    // messages that were delivered at once, at most
}

func (p *pipe) String() string { return fmt.Sprintf("pipe %d of %v", p.number, p.s) }

func (w *world) pipe(s *socket) *pipe {
	w.peers++
	p := &pipe{s: s, number: int(w.peers)}
	p.Init(s.x, p, w.peers, lists{}, 0)
	p.Priority = 1 + w.random.IntN(2)
	p.Lazy = w.random.IntN(2) == 0
	return p
}

func (p *pipe) admit() (v sp.Verdict) {
	p.s.call(func() {
		var other *sp.Peer
		if v, other = p.s.x.Admit(&p.Peer); v == sp.Busy && other == nil {
			p.s.w.fail("busy because of nobody", "%v", p)
		}
	})
	return v
}

// write takes what there is to write and puts some of it on its way.
func (w *world) write(p *pipe, n uint32) {
	if !p.token || p.detached || p.other.ended || len(p.other.incoming) > 64 {
		return
	}
	if p.CurrentLen() == 0 {
		queued, work := p.SendQueue(), false
		p.s.call(func() { work = p.Take() })
		if !work {
			if queued > 0 {
				w.fail("nothing is taken of what waits", "%v, %d messages", p, queued)
			}
			p.token = false
			w.note("%v has nothing more to write", p)
			return
		}
		if n := p.CurrentLen(); n != queued {
			w.fail("taken is not what waited", "%v: %d of %d messages", p, n, queued)
		}
	}
	list := p.Current().(*msg.List)
	k := 1 + int(n)%list.Len()
	w.note("%v writes %d of %d messages", p, k, list.Len())
	total := 0
	for _, m := range list.Messages()[:k] {
		total += len(m.Data)
	}
	chunk := msg.NewBuffer(total) // as a read brings them
	chunk.Retain(k - 1)
	rest := chunk.Bytes()
	for _, m := range list.Messages()[:k] {
		w.checkAccepted(p, number(m.Data))
		n := copy(rest, m.Data)
		p.other.incoming = append(p.other.incoming, msg.In(chunk, rest[:n:n]))
		rest = rest[n:]
		m.Release()
	}
	list.Forget(k)
	p.written += uint64(k)
}

// checkAccepted checks that messages are written in the order in which they were accepted.
func (w *world) checkAccepted(p *pipe, id uint64) {
	if p.s.out == request && !p.s.raw { // resends, too
		return
	}
	if len(p.accepted) == 0 || !p.mixed && p.accepted[0] != id {
		w.fail("written is not what was accepted", "%v: message %d, accepted %v", p, id, p.accepted)
	}
	p.accepted = p.accepted[1:]
}

// cut ends a connection: nothing more can be sent. What is on its way may still arrive.
func (w *world) cut(p *pipe) {
	w.note("the connection of %v and %v is cut", p, p.other)
	for _, x := range []*pipe{p, p.other} {
		if !x.closing {
			x.closing = true
			x.s.call(func() { x.CloseOutbox() })
		}
	}
}

// writeFails is a peer that does not read any more; what it sent is still received.
func (w *world) writeFails(p *pipe) {
	if p.closing {
		return
	}
	w.note("%v cannot be written any more", p)
	p.closing, p.detached, p.token = true, true, false
	p.s.detaching(p)
	p.s.call(func() {
		p.WriteFailed()
		p.s.x.Detach(&p.Peer)
	})
}

// end ends a pipe that is closing: nothing comes from it any more.
func (w *world) end(p *pipe) {
	w.note("%v ends, with %d messages on their way to it", p, len(p.incoming))
	if !p.other.closing {
		w.cut(p)
	}
	for _, m := range p.incoming {
		m.Release()
	}
	p.lost += uint64(len(p.incoming))
	p.incoming = nil
	p.ended, p.token = true, false
	left := p.SendQueue() + p.CurrentLen()
	p.s.detaching(p)
	p.s.call(func() {
		if unsent := p.Discard(); unsent < left {
			w.fail("messages are lost without a count", "%v: %d of %d", p, unsent, left)
		}
		p.s.x.Detach(&p.Peer)
	})
	p.detached = true
	p.s.pipes = slices.DeleteFunc(p.s.pipes, func(o *pipe) bool { return o == p })
	w.pipes = slices.DeleteFunc(w.pipes, func(o *pipe) bool { return o == p })
}

// lists makes the batches of a connection.
type lists struct{}

func (lists) NewBatch() msg.Batch { return new(msg.List) }

package sp

import (
	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/wire"
)

// Pair is pair0, or pair1, which sends a hop count before each message. It has one peer. A
// polyamorous pair1 has many: it sends a message to the peer that the message names, or to
// any peer when it names none.
type Pair struct {
	Core
	balance
	fairQueue
	sole
	single
	header []byte // the first hop count; nil for pair0
}

// NewPair makes a Pair of version 0 or 1.
func NewPair(version int) *Pair {
	x := new(Pair)
	x.balance.c, x.fairQueue.c = &x.Core, &x.Core
	if version == 1 {
		x.header = wire.AppendHops(nil, 1)
	}
	return x
}

// single is the place for the one peer of a pair.
type single struct{ peer *Peer }

// admit gives the place to p, or answers Busy and the peer that has it.
func (s *single) admit(p *Peer) (Verdict, *Peer) {
	if s.peer != nil && s.peer != p {
		return Busy, s.peer
	}
	s.peer = p
	return OK, nil
}

func (s *single) detach(p *Peer) {
	if s.peer == p {
		s.peer = nil
	}
}

func (x *Pair) NewEndpoint() Endpoint { return x }
func (x *Pair) Attach(p *Peer)        { x.attach(p) }
func (x *Pair) writable(p *Peer)      { x.balance.writable(p) }

// Idle is the only peer, if it gets m and nothing waits to be written to it, or nil.
func (x *Pair) Idle(m *Message) *Peer {
	if x.cfg.Polyamorous && m.Peer != nil {
		return nil
	}
	return x.idle()
}

func (x *Pair) Admit(p *Peer) (Verdict, *Peer) {
	if x.cfg.Polyamorous {
		return OK, nil
	}
	return x.admit(p)
}

func (x *Pair) Detach(p *Peer) {
	x.balance.detach(p)
	x.single.detach(p)
}

func (x *Pair) Configure(cfg Config) {
	x.cfg = cfg
	x.fairQueue.configure(cfg)
	x.wakeHolder()
}

func (x *Pair) Offer(m *Message) Verdict {
	if x.cfg.Polyamorous && m.Peer != nil {
		return x.sendNamed(m.Peer, x.header, &m.Data)
	}
	if !x.sendOrHold(x.header, &m.Data) {
		return Wait
	}
	return OK
}

// sendNamed sends to p, which the program has named. It never waits: when p has no room or
// has gone, it drops the message and counts that.
func (c *Core) sendNamed(p *Peer, header []byte, body *msg.Message) Verdict {
	if p.of.Base() != c {
		return OtherSocket
	}
	switch c.put(p, header, body, nil) {
	case putFull:
		c.dropFull(p)
	case putGone:
		c.drop(NoPeer, 1, p)
	default:
		if p.balanced.ready && p.out.full() {
			p.leave()
		}
	}
	return OK
}

func (x *Pair) Deliver(p *Peer, batch []msg.Message) (int, bool) {
	n := len(batch)
	if x.header != nil {
		batch = x.filter(p, batch, hopsLen)
	}
	return n, x.deliver(p, batch)
}

func (x *Pair) Pop(m *Message, max int, _ *Waiter) Verdict { return x.pop(m, max) }

func (x *Pair) Close() {
	x.balance.close()
	x.FailAll(&x.receivers, Closed)
}

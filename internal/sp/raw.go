package sp

import (
	"math"

	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/wire"
)

// Raw is the raw socket of any protocol. It keeps no requests, surveys or topics: the
// program sees the protocol headers of what it receives, and makes those of what it sends.
type Raw struct {
	Core
	balance
	fanout
	fairQueue
	lossy queue // of a raw sub, which does not use the fairQueue
	sole
	single
	kind RawKind
	byID table[uint32, *Peer] // the peers, for headers that name one
}

// RawKind says how the raw socket of a protocol sends and receives, and which headers its
// messages have.
type RawKind struct {
	Send   Route
	Recv   Inflow
	Header Header
	// Single is for pairs: the socket has one peer, unless it is polyamorous.
	Single bool
	// Traced puts the ID of the peer that sent a message before the header of the message.
	Traced bool
}

// Route is where a raw socket sends a message.
type Route uint8

const (
	ToNobody Route = iota // it does not send
	ToOne                 // to one of the peers that have room
	ToAll                 // to all peers
	ToOthers              // to all peers but the one that the header names
	ToNamed               // to the peer that the header names
)

// Inflow is how a raw socket receives.
type Inflow uint8

const (
	FromNobody Inflow = iota // it does not receive
	Fairly                   // from all peers in turn; a peer whose queue is full is not read
	Lossily                  // into one queue, which drops messages when it is full
)

// Header is the kind of protocol header that the messages from peers have.
type Header uint8

const (
	NoHeader  Header = iota
	Hops             // the hop count of pair1
	Backtrace        // of a request or survey: IDs of pipes, then the ID of the question
	Answer           // of a reply or response: the ID of the question
)

// NewRaw makes a Raw.
func NewRaw(kind RawKind) *Raw {
	x := &Raw{kind: kind}
	x.balance.c, x.fanout.c, x.fairQueue.c = &x.Core, &x.Core, &x.Core
	return x
}

// FansOut implements Protocol.
func (x *Raw) FansOut() bool { return x.kind.Send == ToAll || x.kind.Send == ToOthers }

func (x *Raw) NewEndpoint() Endpoint { return x }

func (x *Raw) Admit(p *Peer) (Verdict, *Peer) {
	if !x.kind.Single || x.cfg.Polyamorous {
		return OK, nil
	}
	return x.single.admit(p)
}

func (x *Raw) Attach(p *Peer) {
	x.byID.set(p.ID, p)
	switch {
	case x.kind.Send == ToOne:
		x.balance.attach(p)
	case x.FansOut():
		x.fanout.attach(p)
	}
}

func (x *Raw) Detach(p *Peer) {
	if x.byID.entries[p.ID] == p {
		x.byID.remove(p.ID)
	}
	x.balance.detach(p)
	x.fanout.detach(p)
	x.single.detach(p)
}

func (x *Raw) writable(p *Peer) { x.balance.writable(p) }

func (x *Raw) Configure(cfg Config) {
	x.cfg = cfg
	x.fairQueue.configure(cfg)
	x.wakeHolder()
}

func (x *Raw) Room() *Waiters { return x.balance.Room() }

func (x *Raw) CanSend() bool {
	switch x.kind.Send {
	case ToNobody:
		return false
	case ToOne:
		return x.balance.CanSend()
	}
	return true
}

func (x *Raw) Offer(m *Message) Verdict {
	switch x.kind.Send {
	case ToOne:
		return x.sendOne(m)
	case ToAll:
		x.fanout.send(trail(m), &m.Data, nil)
	case ToOthers:
		p := x.named(m)
		x.fanout.send(nil, &m.Data, p)
	case ToNamed:
		if p := x.named(m); p != nil {
			return x.sendNamed(p, nil, &m.Data)
		}
		x.drop(NoPeer, 1, nil)
	default:
		return CannotSend
	}
	return OK
}

// trail returns the header that a forwarder adds to a question: the ID of the peer that the
// question came from. It returns nil for other messages.
func trail(m *Message) []byte {
	if !m.Traced {
		return nil
	}
	return wire.AppendID(nil, m.Peer.ID)
}

// named removes the first ID of the header of m, and returns the peer that has this ID. It
// returns nil when this socket has no such peer.
func (x *Raw) named(m *Message) *Peer {
	if m.Traced {
		m.Traced = false
		if m.Peer.of.Base() != &x.Core {
			return nil
		}
		return m.Peer
	}
	if m.Data.Header < 4 {
		return nil
	}
	id := wire.ID(m.Data.Data)
	m.Data.Data, m.Data.Header = m.Data.Data[4:], m.Data.Header-4
	return x.byID.entries[id]
}

// sendOne sends m to one of the peers. The hop count of pair1 grows by one.
func (x *Raw) sendOne(m *Message) Verdict {
	header, body := trail(m), m.Data
	if x.kind.Header == Hops {
		if body.Header < wire.HopsSize {
			return BadHeader
		}
		n, err := wire.Hops(body.Data)
		if err != nil {
			return BadHeader
		}
		if n == math.MaxUint8 {
			x.drop(TTLExceeded, 1, m.Peer)
			return OK
		}
		header, body = wire.AppendHops(nil, uint8(n+1)), body.Strip()
		if x.cfg.Polyamorous && m.Peer != nil && m.Peer.of.Base() == &x.Core { // the peer of another socket: a device forwards m
			return x.sendNamed(m.Peer, header, &body)
		}
	}
	if !x.sendOrHold(header, &body) {
		return Wait
	}
	return OK
}

func (x *Raw) Deliver(p *Peer, batch []msg.Message) (int, bool) {
	n := len(batch)
	switch x.kind.Header {
	case Hops:
		batch = x.filter(p, batch, hopsLen)
	case Backtrace:
		batch = x.filter(p, batch, wire.BacktraceLen)
	case Answer:
		batch = x.filter(p, batch, answerLen)
	}
	switch x.kind.Recv {
	case Fairly:
		return n, x.deliver(p, batch)
	case Lossily:
		x.pushLossily(p, batch)
	default:
		x.unexpected(p, batch)
	}
	return n, true
}

// pushLossily puts messages into the queue of a raw sub, which drops as that of Sub does.
func (x *Raw) pushLossily(p *Peer, batch []msg.Message) {
	limit := NewLimit(x.cfg.RecvBuffer, LossyBytes)
	for i := range batch {
		x.lossy.pushLossily(&x.Core, limit, x.cfg.PreferNew, p, batch[i])
	}
	x.WakeOne(&x.receivers)
}

func (x *Raw) CanRecv() bool { return x.fairQueue.CanRecv() || x.lossy.len() > 0 }

func (x *Raw) Pop(m *Message, max int, _ *Waiter) (v Verdict) {
	switch x.kind.Recv {
	case FromNobody:
		return CannotReceive
	case Lossily:
		v = x.lossy.pop(&x.Core, m, max)
		if x.lossy.len() > 0 {
			x.WakeOne(&x.receivers)
		}
	default:
		v = x.pop(m, max)
	}
	m.Traced = v == OK && x.kind.Traced
	return v
}

func (x *Raw) Close() {
	x.balance.close()
	x.FailAll(&x.receivers, Closed)
}

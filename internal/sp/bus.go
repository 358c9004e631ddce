package sp

import "github.com/gonng/gonng/internal/msg"

// Bus is bus0. It sends each message to all peers, of which those without room lose it, and
// receives from all peers in turn.
type Bus struct {
	Core
	fanout
	fairQueue
	sole
}

// NewBus makes a Bus.
func NewBus() *Bus {
	x := new(Bus)
	x.fanout.c, x.fairQueue.c = &x.Core, &x.Core
	return x
}

func (x *Bus) FansOut() bool         { return true }
func (x *Bus) NewEndpoint() Endpoint { return x }
func (x *Bus) Attach(p *Peer)        { x.attach(p) }
func (x *Bus) Detach(p *Peer)        { x.detach(p) }
func (x *Bus) writable(*Peer)        {}

func (x *Bus) Configure(cfg Config) {
	x.cfg = cfg
	x.fairQueue.configure(cfg)
}

func (x *Bus) Offer(m *Message) Verdict {
	x.send(nil, &m.Data, nil)
	return OK
}

func (x *Bus) Deliver(p *Peer, batch []msg.Message) (int, bool) {
	return len(batch), x.deliver(p, batch)
}

func (x *Bus) Pop(m *Message, max int, _ *Waiter) Verdict { return x.pop(m, max) }
func (x *Bus) Close()                                     { x.FailAll(&x.receivers, Closed) }

package sp

import "github.com/gonng/gonng/internal/msg"

// Push is push0: each message to one peer that has room, in turn.
type Push struct {
	Core
	balance
	sole
	never
}

// NewPush makes a Push.
func NewPush() *Push {
	x := new(Push)
	x.balance.c = &x.Core
	return x
}

func (x *Push) NewEndpoint() Endpoint { return x }
func (x *Push) Attach(p *Peer)        { x.attach(p) }
func (x *Push) Detach(p *Peer)        { x.detach(p) }
func (x *Push) writable(p *Peer)      { x.balance.writable(p) }

// Idle is the only peer, if it gets m and nothing waits to be written to it, or nil.
func (x *Push) Idle(*Message) *Peer { return x.idle() }

func (x *Push) Configure(cfg Config) {
	x.cfg = cfg
	x.wakeHolder()
}

func (x *Push) Offer(m *Message) Verdict {
	if !x.sendOrHold(nil, &m.Data) {
		return Wait
	}
	return OK
}

func (x *Push) Deliver(p *Peer, batch []msg.Message) (int, bool) {
	x.unexpected(p, batch)
	return len(batch), true
}

func (x *Push) Close() { x.close() }

// Pull is pull0: from all peers fairly, holding back.
type Pull struct {
	Core
	fairQueue
	sole
	mute
}

// NewPull makes a Pull.
func NewPull() *Pull {
	x := new(Pull)
	x.fairQueue.c = &x.Core
	return x
}

func (x *Pull) NewEndpoint() Endpoint { return x }
func (x *Pull) writable(p *Peer)      {}

func (x *Pull) Configure(cfg Config) {
	x.cfg = cfg
	x.fairQueue.configure(cfg)
}

func (x *Pull) Deliver(p *Peer, batch []msg.Message) (int, bool) {
	return len(batch), x.deliver(p, batch)
}

func (x *Pull) Pop(m *Message, max int, _ *Waiter) Verdict { return x.pop(m, max) }
func (x *Pull) Close()                                     { x.FailAll(&x.receivers, Closed) }

// never is for endpoints that never receive, mute for endpoints that never send.
type (
	never struct{}
	mute  struct{ nobody Waiters }
)

func (never) Pop(*Message, int, *Waiter) Verdict { return CannotReceive }
func (never) Await(*Waiter)                      {}
func (never) CanRecv() bool                      { return false }

func (*mute) Offer(*Message) Verdict { return CannotSend }
func (m *mute) Room() *Waiters       { return &m.nobody }
func (*mute) CanSend() bool          { return false }

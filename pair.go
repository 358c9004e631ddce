package gonng

import (
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Pair0 talks to one peer, both ways. A second peer is refused while the first
// is there. nng: nng_pair0; pynng: Pair0.
type Pair0 struct {
	*socket
	*sender
	*receiver
}

// NewPair0 makes a Pair0.
func NewPair0(opts ...SocketOption) (*Pair0, error) {
	s := newSocket(ProtocolPair0)
	p := &pair{s: s}
	x := &Pair0{s, s.canSend(p), s.canRecv(p)}
	return open(x, s, p, opts)
}

// Pair1 is Pair0 whose messages count the nodes that they pass, so that they
// can be forwarded. nng: nng_pair1; pynng: Pair1.
type Pair1 struct {
	*socket
	*sender
	*receiver
}

// NewPair1 makes a Pair1.
func NewPair1(opts ...Pair1Option) (*Pair1, error) {
	s := newSocket(ProtocolPair1)
	p := &pair{s: s, header: wire.AppendHops(nil, 1)}
	x := &Pair1{s, s.canSend(p), s.canRecv(p)}
	return open(x, s, p, opts)
}

// pair sends to and receives from the only pipe. With a header it is pair1.
type pair struct {
	balance
	fairQueue
	s      *socket
	header []byte
}

func (x *pair) attach(p *Pipe) error {
	if len(x.pipes) > 0 {
		return because(ErrBusy, "a pair socket has one peer, and %v is connected", x.pipes[0].RemoteAddr())
	}
	x.balance.attach(p)
	return nil
}

func (x *pair) offer(m *outgoing) (*Pipe, error) {
	p, token, err := x.send(x.header, &m.body)
	return flushing(p, token), err
}

func (x *pair) inline() bool { return x.s.quiet() }

func (x *pair) deliver(p *Pipe, batch []transport.Message) bool {
	if x.header != nil {
		batch = x.s.keep(p, batch, x.hops)
	}
	return x.fairQueue.deliver(p, batch)
}

func (x *pair) hops(m *transport.Message) error {
	hops, err := wire.Hops(m.Data)
	if err == nil && hops > x.s.cfg.TTL {
		err = wire.ErrTTL
	}
	m.Header = wire.HopsSize
	return err
}

func (x *pair) configure(c *Config) { x.limit = newLimit(c.RecvBuffer) }

func (x *pair) wake() {
	x.senders.wakeAll()
	x.receivers.wakeAll()
}

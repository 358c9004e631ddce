package gonng

import "github.com/gonng/gonng/transport"

// Bus0 sends each message to all directly connected peers and receives from
// them. Send never waits: a peer whose queue is full loses the message, see
// [WithSendBuffer], which is counted on its pipe. nng: nng_bus0; pynng: Bus0.
type Bus0 struct {
	*socket
	*sender
	*receiver
}

// NewBus0 makes a Bus0.
func NewBus0(opts ...SocketOption) (*Bus0, error) {
	s := newSocket(ProtocolBus0)
	b := &bus{fanout: fanout{s: s}}
	x := &Bus0{s, s.canSend(b), s.canRecv(b)}
	return open(x, s, b, opts)
}

type bus struct {
	fanout
	fairQueue
}

func (x *bus) offer(m *outgoing) (*Pipe, error) { return x.send(nil, &m.body, nil), nil }

func (x *bus) deliver(p *Pipe, batch []transport.Message) bool {
	return x.fairQueue.deliver(p, batch)
}

func (x *bus) configure(c *Config) { x.limit = newLimit(c.RecvBuffer, queueBytes) }
func (x *bus) wake()               { x.receivers.wakeAll() }

package gonng

import "github.com/gonng/gonng/transport"

// Push0 sends each message to one of its peers, in turn, past those whose queue
// is full ([WithSendBuffer]). When no peer has room Send waits. nng: nng_push0;
// pynng: Push0.
type Push0 struct {
	*socket
	*sender
}

// NewPush0 makes a Push0.
func NewPush0(opts ...SocketOption) (*Push0, error) {
	s := newSocket(ProtocolPush0)
	p := &push{s: s}
	x := &Push0{s, s.canSend(p)}
	return open(x, s, p, opts)
}

// Pull0 receives from all its peers, fairly; a peer that is not received from
// is held back, not dropped. nng: nng_pull0; pynng: Pull0.
type Pull0 struct {
	*socket
	*receiver
}

// NewPull0 makes a Pull0.
func NewPull0(opts ...SocketOption) (*Pull0, error) {
	s := newSocket(ProtocolPull0)
	p := new(pull)
	x := &Pull0{s, s.canRecv(p)}
	return open(x, s, p, opts)
}

// push sends to one ready pipe, in turn.
type push struct {
	balance
	s *socket
}

func (x *push) offer(m *outgoing) (*Pipe, error) {
	p, token, err := x.send(nil, &m.body)
	return flushing(p, token), err
}

func (x *push) inline() bool { return x.s.quiet() }

func (x *push) deliver(p *Pipe, batch []transport.Message) bool {
	return x.s.unwanted(p, batch)
}

// pull receives from all pipes fairly, pushing back.
type pull struct {
	neverSends
	fairQueue
}

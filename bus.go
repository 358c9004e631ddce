package gonng

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

// bus sends to every pipe, dropping where full, and receives from all fairly.
type bus struct {
	fanout
	fairQueue
}

func (x *bus) offer(m *outgoing) (*Pipe, error) { return x.send(nil, &m.body, nil), nil }

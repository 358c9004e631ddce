package gonng

import "github.com/gonng/gonng/internal/sp"

// Bus0 sends each message to all directly connected peers and receives from
// them. Send never waits: a peer whose queue is full loses the message, see
// [WithSendBuffer], which is counted on its pipe. nng: nng_bus0; pynng: Bus0.
type Bus0 struct {
	*socket
	*sender
	*receiver
}

// NewBus0 makes a Bus0. Errors: see [NewReq0]. nng: nng_bus0_open; pynng: Bus0().
func NewBus0(opts ...SocketOption) (*Bus0, error) {
	s := newSocket(ProtocolBus0, sp.NewBus())
	return openSocket(&Bus0{s, s.sender(), s.receiver()}, s, opts)
}

package gonng

import "github.com/gonng/gonng/internal/sp"

// Push0 sends each message to one of its peers, in turn, past those whose queue is
// full ([WithSendBuffer]); see also [WithPriority]. When no peer has room Send waits;
// with WithSendBuffer it accepts messages also while no peer is connected. nng:
// nng_push0; pynng: Push0.
type Push0 struct {
	*socket
	*sender
}

// NewPush0 makes a Push0.
func NewPush0(opts ...SocketOption) (*Push0, error) {
	s := newSocket(ProtocolPush0, sp.NewPush())
	return openSocket(&Push0{s, s.sender()}, s, opts)
}

// Pull0 receives from all its peers, fairly; a peer that is not received from
// is held back, not dropped. nng: nng_pull0; pynng: Pull0.
type Pull0 struct {
	*socket
	*receiver
}

// NewPull0 makes a Pull0.
func NewPull0(opts ...SocketOption) (*Pull0, error) {
	s := newSocket(ProtocolPull0, sp.NewPull())
	return openSocket(&Pull0{s, s.receiver()}, s, opts)
}

package gonng

import "github.com/gonng/gonng/internal/sp"

// Pair0 talks to one peer, both ways. While that peer is there, a second one is
// refused: its Dial fails, or tries again in the background, see [WithDialMode]. Send
// waits for a peer, and while the peer's queue is full; with [WithSendBuffer] it
// accepts messages also while no peer is connected. nng: nng_pair0; pynng: Pair0.
//
// The place is free as soon as the first peer has gone, on Linux also while what that
// peer sent waits to be received; elsewhere only when it was received.
type Pair0 struct {
	*socket
	*sender
	*receiver
}

// NewPair0 makes a Pair0. Errors: see [NewReq0]. nng: nng_pair0_open; pynng: Pair0().
func NewPair0(opts ...SocketOption) (*Pair0, error) {
	s := newSocket(ProtocolPair0, sp.NewPair(0))
	return openSocket(&Pair0{s, s.sender(), s.receiver()}, s, opts)
}

// Pair1 is a Pair0 whose messages count the nodes that they pass, so that devices can
// forward them. With [WithPolyamorous] it has many peers: [Message.Pipe] of a received
// message says which peer sent it, and [Pipe.Send] answers that peer. A message to a
// pipe that has gone or is full is then dropped and counted. nng: nng_pair1; pynng:
// Pair1.
type Pair1 struct {
	*socket
	*sender
	*receiver
}

// NewPair1 makes a Pair1. Errors: see [NewReq0]. nng: nng_pair1_open, and
// nng_pair1_open_poly with [WithPolyamorous]; pynng: Pair1().
func NewPair1(opts ...Pair1Option) (*Pair1, error) {
	s := newSocket(ProtocolPair1, sp.NewPair(1))
	return openSocket(&Pair1{s, s.sender(), s.receiver()}, s, opts)
}

// Set changes options, as [Req0.Set] does.
func (x *Pair1) Set(opts ...Pair1Option) error { return set(x.socket, opts) }

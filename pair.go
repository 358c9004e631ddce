package gonng

import "github.com/gonng/gonng/internal/sp"

// Pair0 talks to one peer, both ways. A second peer is refused while the first
// is there: until it has gone, and elsewhere than on Linux until what it sent has
// been received, too. The dialer of one that is refused sees a connection that ends
// at once, not an error of Dial, and tries again. Send waits for a peer, and while
// its queue is full ([WithSendBuffer]). nng: nng_pair0; pynng: Pair0.
type Pair0 struct {
	*socket
	*sender
	*receiver
}

// NewPair0 makes a Pair0.
func NewPair0(opts ...SocketOption) (*Pair0, error) {
	s := newSocket(ProtocolPair0, sp.NewPair(0))
	return openSocket(&Pair0{s, s.canSend(), s.canRecv()}, s, opts)
}

// Pair1 is Pair0 whose messages count the nodes that they pass, so that they
// can be forwarded, and that may have many peers ([WithPolyamorous]): then each
// received message knows its pipe, see [Message.Pipe], and [Pipe.Send] answers
// it. A message to a pipe that has gone or is full is dropped and counted. nng:
// nng_pair1; pynng: Pair1.
type Pair1 struct {
	*socket
	*sender
	*receiver
}

// NewPair1 makes a Pair1.
func NewPair1(opts ...Pair1Option) (*Pair1, error) {
	s := newSocket(ProtocolPair1, sp.NewPair(1))
	return openSocket(&Pair1{s, s.canSend(), s.canRecv()}, s, opts)
}

// Set changes options, as [Req0.Set] does.
func (x *Pair1) Set(opts ...Pair1Option) error { return set(x.socket, opts) }

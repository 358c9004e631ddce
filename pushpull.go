package gonng

import "github.com/gonng/gonng/internal/sp"

// Push0 sends each message to one of its peers, in turn, past those whose queue is
// full ([WithSendBuffer]); see also [WithPriority]. When no peer has room Send waits;
// with WithSendBuffer it accepts messages also while no peer is connected.
//
// In turn does not mean by need. A peer has room as long as its queue takes messages, and
// over tcp the buffers of the operating system at both ends: of short jobs a slow puller
// gets as many as a fast one. Of 60 jobs, each of three pullers gets 20, and the jobs
// that wait at the slow one wait there. Where a slow worker must get less, ask instead of
// pushing: [Req0] sends each request to the peer with the fewest unanswered, and a request
// to a worker that dies goes to another. The program examples/workqueue does so.
//
// nng: nng_push0; pynng: Push0.
type Push0 struct {
	*socket
	*sender
}

// NewPush0 makes a Push0. Errors: see [NewReq0]. nng: nng_push0_open; pynng: Push0().
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

// NewPull0 makes a Pull0. Errors: see [NewReq0]. nng: nng_pull0_open; pynng: Pull0().
func NewPull0(opts ...SocketOption) (*Pull0, error) {
	s := newSocket(ProtocolPull0, sp.NewPull())
	return openSocket(&Pull0{s, s.receiver()}, s, opts)
}

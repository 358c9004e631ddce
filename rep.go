package gonng

import "context"

// Rep0 receives requests and sends each its reply, which goes to where the
// last received request came from. Sending without a request is ErrBadState;
// receiving again gives up the request before. nng: nng_rep0; pynng: Rep0.
//
// The socket answers one request at a time, each context another; see
// [Rep0.Serve].
type Rep0 struct {
	*socket
	*sender
	*receiver
	answers *answers
}

// NewRep0 makes a Rep0.
func NewRep0(opts ...SocketOption) (*Rep0, error) {
	s := newSocket(ProtocolRep0)
	all, own := newAnswers(s)
	x := &Rep0{s, s.canSend(own), s.canRecv(own), all}
	return open(x, s, all, opts)
}

// RepContext answers one more request at a time on a Rep0. nng: nng_ctx;
// pynng: Context.
type RepContext struct {
	*sender
	*receiver
	scope
}

// NewContext makes a context with the socket's present options. nng:
// nng_ctx_open; pynng: new_context.
func (x *Rep0) NewContext() (*RepContext, error) {
	a := &answer{of: x.answers}
	c, err := newScope(x.socket, a)
	if err != nil {
		return nil, err
	}
	return &RepContext{&sender{c.e, a}, &receiver{c.e, a}, c}, nil
}

// Serve answers requests with h until ctx ends, whose error it returns, or the
// socket is closed, and then it returns nil. It waits for handlers that run.
// The ctx of a handler ends in both cases. A requester that stops reading its
// replies holds a worker until the send timeout; without one ([WithSendTimeout])
// until it goes away.
func (x *Rep0) Serve(ctx context.Context, h Handler, opts ...ServeOption) error {
	return serve(ctx, x.socket, h, opts, x.NewContext)
}

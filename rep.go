package gonng

import (
	"context"

	"github.com/gonng/gonng/internal/sp"
)

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
}

// NewRep0 makes a Rep0.
func NewRep0(opts ...SocketOption) (*Rep0, error) {
	s := newSocket(ProtocolRep0, sp.NewRep())
	return openSocket(&Rep0{s, s.canSend(), s.canRecv()}, s, opts)
}

// RepContext answers one more request at a time on a Rep0. nng: nng_ctx;
// pynng: Context.
type RepContext struct {
	*sender
	*receiver
	contextBase
}

// Set changes options of this context only: its timeouts. The rest is the
// socket's, and ErrNotSupported here. All options are changed or, when one is
// refused, none. ErrClosed: the context or the socket is closed.
func (c *RepContext) Set(opts ...SocketOption) error { return setContext(c.contextBase, opts) }

// NewContext makes a context with the socket's present options. nng:
// nng_ctx_open; pynng: new_context.
func (x *Rep0) NewContext() (*RepContext, error) {
	c, err := x.newContext()
	if err != nil {
		return nil, err
	}
	return &RepContext{&sender{c.e}, &receiver{c.e}, c}, nil
}

// Serve answers requests with h until ctx ends, whose error it returns, or the
// socket is closed, and then it returns nil. Then it takes no new request. The handlers
// that run may go on for the grace period ([WithGracePeriod]; in Shutdown as long as
// its ctx allows), then their own ctx ends; what they return is sent, and Serve
// returns when they have. Close ends their ctx at once, and still sends what they
// return within the linger. A handler that wants the end calls go rep.Shutdown(ctx):
// without go it would wait for itself.
//
// A reply never waits and holds no worker: it is queued for its requester. While a
// requester does not take its replies, no more of its requests are read or handed out.
func (x *Rep0) Serve(ctx context.Context, h Handler, opts ...ServeOption) error {
	return serve(ctx, x.socket, h, opts, x.NewContext)
}

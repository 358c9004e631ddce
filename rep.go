package gonng

import (
	"context"

	"github.com/gonng/gonng/internal/sp"
)

// Rep0 receives requests. What it sends is the reply to the request that it received
// last. nng: nng_rep0; pynng: Rep0.
//
// The socket answers one request at a time, each context another one; see
// [Rep0.Serve]. Receiving again gives up the request before. Sending without a request
// is ErrBadState, and so is a second receive at the same time on one socket or context.
//
// Send never waits: the reply is queued for its requester. While a requester does not
// take its replies, so that its queue is full ([WithSendBuffer]), the socket reads no
// more of its requests and hands none out. A reply to a requester that has gone is
// dropped and counted (NoPeer).
type Rep0 struct {
	*socket
	*sender
	*receiver
}

// NewRep0 makes a Rep0. Errors: see [NewReq0]. nng: nng_rep0_open; pynng: Rep0().
func NewRep0(opts ...SocketOption) (*Rep0, error) {
	s := newSocket(ProtocolRep0, sp.NewRep())
	return openSocket(&Rep0{s, s.sender(), s.receiver()}, s, opts)
}

// RepContext answers one more request at a time on a Rep0. nng: nng_ctx;
// pynng: Context.
type RepContext struct {
	*sender
	*receiver
	*endpoint
}

// Set changes options of this context only: its timeouts. The rest is the
// socket's, and ErrNotSupported here. All options are changed or, when one is
// refused, none. ErrClosed: the context or the socket is closed.
func (c *RepContext) Set(opts ...SocketOption) error { return setContext(c.endpoint, opts) }

// NewContext makes a context with the socket's present options. ErrClosed: the socket is
// closed. nng: nng_ctx_open; pynng: new_context.
func (x *Rep0) NewContext() (*RepContext, error) {
	e, err := x.newContext()
	if err != nil {
		return nil, err
	}
	return &RepContext{&sender{e}, &receiver{e}, e}, nil
}

// Serve answers requests with h. When ctx ends it returns the error of ctx, and when
// the socket is closed it returns nil.
//
// When ctx ends or Shutdown begins, Serve takes no new request. The handlers that run
// may go on for the grace period ([WithGracePeriod]; in Shutdown as long as its ctx
// allows); then the ctx of the handlers ends. What the handlers return is sent, and
// Serve returns when all have returned. Close ends the ctx of the handlers at once, and
// still sends what they return within the linger. A handler that wants to end the
// service calls go rep.Shutdown(ctx): without go it would wait for itself.
//
// A reply never waits and holds no worker, see [Rep0].
func (x *Rep0) Serve(ctx context.Context, h Handler, opts ...ServeOption) error {
	return serve(ctx, x.socket, h, opts, x.NewContext)
}

package gonng

import (
	"context"
	"sync"

	"github.com/gonng/gonng/internal/sp"
)

// Req0 sends a request to one of its peers and receives the reply. It sends to the peer
// that has room and the fewest unanswered requests, in turn among equals; see also
// [WithPriority]. When that peer goes away, or does not reply within the resend time
// ([WithResendTime]), the request is sent again, to another peer if there is one.
// nng: nng_req0; pynng: Req0.
//
// The socket has one outstanding request, each context another one, and [Req0.Request]
// has any number.
//
// Sending again gives up the request before; a receive that waits for the reply to that
// one fails with ErrCanceled. A receive that ends by its timeout or its ctx gives up
// the request, too: the request is not sent again, and a late reply is dropped and
// counted. TryRecv does not give up. Receiving without an outstanding request is
// ErrBadState, and so is a second receive at the same time on one socket or context.
//
// A reply above the limit ([WithRecvMaxSize]) fails its request with
// ErrMessageTooLarge.
type Req0 struct {
	*socket
	*sender
	*receiver
	idle *sync.Pool // of contexts for Request
}

// NewReq0 makes a Req0. An option that is refused (ErrInvalid, ErrNotSupported), a URL of
// [WithListen] that cannot be listened at, or one of [WithDial] that [Socket.Dial] fails
// for, is its error; then there is no socket. nng: nng_req0_open; pynng: Req0().
func NewReq0(opts ...ReqOption) (*Req0, error) {
	s := newSocket(ProtocolReq0, sp.NewReq())
	return openSocket(&Req0{s, s.sender(), s.receiver(), new(sync.Pool)}, s, opts)
}

// Set changes options of the socket: all of them, or none when one is refused (ErrInvalid,
// ErrNotSupported). ErrClosed: the socket is closed.
//
// The dialers and listeners of the socket use the new values, such as the receive limit, for
// the connections to come. They keep a value that was given to them alone, and a listener
// keeps an option that its transport cannot change. Options that are used when a dialer or
// listener is made, such as [WithDialMode] and [WithIPCPermissions], reach later ones only.
// Contexts keep their values.
//
// Set carries out [WithDial] and [WithListen] last, and returns the first error of theirs;
// the other options are changed then. nng: nng_socket_set.
func (x *Req0) Set(opts ...ReqOption) error { return set(x.socket, opts) }

// ReqContext is one more outstanding request on a Req0. nng: nng_ctx; pynng:
// Context.
type ReqContext struct {
	*sender
	*receiver
	*endpoint
}

// Set changes options of this context only: its timeouts and [WithResendTime].
// The rest is the socket's, and ErrNotSupported here. All options are changed or,
// when one is refused, none. ErrClosed: the context or the socket is closed.
func (c *ReqContext) Set(opts ...ReqOption) error { return setContext(c.endpoint, opts) }

// NewContext makes a context with the socket's present options. ErrClosed: the socket is
// closed. nng: nng_ctx_open; pynng: new_context.
func (x *Req0) NewContext() (*ReqContext, error) {
	e, err := x.newContext()
	if err != nil {
		return nil, err
	}
	return &ReqContext{&sender{e}, &receiver{e}, e}, nil
}

// Request sends body and returns the reply. Any number of goroutines may call it at
// the same time. It waits as long as ctx allows; the send timeout bounds the wait for
// a peer, and the receive timeout the wait for the reply. Without a bound, a request
// that nobody answers is sent again and again, see [WithResendTime].
//
// It copies body, and the reply is the caller's. Errors: ErrTimeout, ErrCanceled and
// ErrClosed as [Sender] and [Receiver] have them; ErrMessageTooLarge, the reply is above
// [WithRecvMaxSize]; ErrConnectionReset, the replier has gone and WithResendTime is 0.
func (x *Req0) Request(ctx context.Context, body []byte) ([]byte, error) {
	c, err := x.borrow()
	if err != nil {
		return nil, err
	}
	defer x.idle.Put(c)
	if err := c.Send(ctx, body); err != nil {
		return nil, err
	}
	return c.Recv(ctx)
}

// RequestMsg is Request for messages, with the same errors. It takes m over when it returns
// a reply, which the caller may free; on failure m still belongs to the caller.
func (x *Req0) RequestMsg(ctx context.Context, m *Message) (*Message, error) {
	c, err := x.borrow()
	if err != nil {
		return nil, err
	}
	defer x.idle.Put(c)
	if err := c.sendShared(ctx, m, false); err != nil {
		return nil, err
	}
	reply, err := c.RecvMsg(ctx)
	if err == nil {
		m.Free()
	}
	return reply, err
}

// borrow takes a context for one Request out of the pool, which leaves contexts that a burst
// needed to the garbage collector. None has an open request: a receive that fails gives it up.
func (x *Req0) borrow() (*ReqContext, error) {
	c, _ := x.idle.Get().(*ReqContext)
	if c == nil {
		return x.NewContext()
	}
	x.renew(c.endpoint)
	return c, nil
}

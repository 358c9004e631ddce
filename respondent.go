package gonng

import (
	"context"

	"github.com/gonng/gonng/internal/sp"
)

// Respondent0 receives surveys. What it sends is the response to the survey that it
// received last. nng: nng_respondent0; pynng: Respondent0.
//
// The socket answers one survey at a time, each context another one. Receiving again
// gives up the survey before. Sending without a survey is ErrBadState, and so is a
// second receive at the same time on one socket or context. Send never waits; the
// rules of [Rep0] for a peer that does not read apply.
type Respondent0 struct {
	*socket
	*sender
	*receiver
}

// NewRespondent0 makes a Respondent0. Errors: see [NewReq0]. nng: nng_respondent0_open; pynng: Respondent0().
func NewRespondent0(opts ...SocketOption) (*Respondent0, error) {
	s := newSocket(ProtocolRespondent0, sp.NewRep())
	return openSocket(&Respondent0{s, s.sender(), s.receiver()}, s, opts)
}

// RespondentContext answers one more survey at a time on a Respondent0. nng:
// nng_ctx; pynng: Context.
type RespondentContext struct {
	*sender
	*receiver
	*endpoint
}

// Set changes options of this context only: its timeouts. The rest is the
// socket's, and ErrNotSupported here. All options are changed or, when one is
// refused, none. ErrClosed: the context or the socket is closed.
func (c *RespondentContext) Set(opts ...SocketOption) error { return setContext(c.endpoint, opts) }

// NewContext makes a context with the socket's present options. ErrClosed: the socket is
// closed. nng: nng_ctx_open; pynng: new_context.
func (x *Respondent0) NewContext() (*RespondentContext, error) {
	e, err := x.newContext()
	if err != nil {
		return nil, err
	}
	return &RespondentContext{&sender{e}, &receiver{e}, e}, nil
}

// Serve answers surveys with h, as [Rep0.Serve] answers requests.
func (x *Respondent0) Serve(ctx context.Context, h Handler, opts ...ServeOption) error {
	return serve(ctx, x.socket, h, opts, x.NewContext)
}

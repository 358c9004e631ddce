package gonng

import (
	"context"
	"errors"
	"iter"

	"github.com/gonng/gonng/internal/sp"
)

// Surveyor0 sends a survey to all its peers and receives their responses until the
// survey time is over ([WithSurveyTime], default 1 s). nng: nng_surveyor0; pynng:
// Surveyor0.
//
// When the survey time is over, all receives that wait return ErrTimeout, or the next
// one if none waits; responses that came in time are received before. After that, and
// without a survey, a receive returns ErrBadState. Sending again ends the survey
// before; a receive that waits for its responses fails with ErrCanceled. A response
// counts only from a peer that was connected when the survey began.
//
// Send never waits: a peer whose queue is full ([WithSendBuffer]) does not get the
// survey, which is counted on its pipe.
type Surveyor0 struct {
	*socket
	*sender
	*receiver
}

// NewSurveyor0 makes a Surveyor0. Errors: see [NewReq0]. nng: nng_surveyor0_open; pynng: Surveyor0().
func NewSurveyor0(opts ...SurveyorOption) (*Surveyor0, error) {
	s := newSocket(ProtocolSurveyor0, sp.NewSurveyor())
	return openSocket(&Surveyor0{s, s.sender(), s.receiver()}, s, opts)
}

// Set changes options, as [Req0.Set] does.
func (x *Surveyor0) Set(opts ...SurveyorOption) error { return set(x.socket, opts) }

// SurveyorContext is one more survey at a time on a Surveyor0. nng: nng_ctx;
// pynng: Context.
type SurveyorContext struct {
	*sender
	*receiver
	*endpoint
}

// Set changes options of this context only: its timeouts, [WithRecvBuffer] and
// [WithSurveyTime]. The rest is the socket's, and ErrNotSupported here. All
// options are changed or, when one is refused, none. ErrClosed: the context or the
// socket is closed.
func (c *SurveyorContext) Set(opts ...SurveyorOption) error { return setContext(c.endpoint, opts) }

// NewContext makes a context with the socket's present options. ErrClosed: the socket is
// closed. nng: nng_ctx_open; pynng: new_context.
func (x *Surveyor0) NewContext() (*SurveyorContext, error) {
	e, err := x.newContext()
	if err != nil {
		return nil, err
	}
	return &SurveyorContext{&sender{e}, &receiver{e}, e}, nil
}

// Survey sends body to all peers and yields their responses until the survey
// time is over or the socket is closed, which ends the loop quietly. Any other
// error is its last value. The messages are the caller's. Any number of surveys
// may run at the same time.
func (x *Surveyor0) Survey(ctx context.Context, body []byte) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		c, err := x.NewContext()
		if err != nil {
			yield(nil, err)
			return
		}
		defer c.Close()
		c.cfg.RecvTimeout = 0 // the survey has its own
		if err := c.Send(ctx, body); err != nil {
			yield(nil, err)
			return
		}
		for m, err := range c.Messages(ctx) {
			if errors.Is(err, errSurveyOver) || !yield(m, err) {
				return
			}
		}
	}
}

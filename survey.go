package gonng

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Surveyor0 sends a survey to all its peers and receives their responses until
// the survey time is over ([WithSurveyTime], default 1 s), which is ErrTimeout for
// all who wait. Receiving without a survey, also after that, is ErrBadState; sending
// again ends the survey before. Sending never waits: a peer whose queue is full does
// not get the survey, see [WithSendBuffer], which is counted. nng: nng_surveyor0;
// pynng: Surveyor0.
type Surveyor0 struct {
	*socket
	*sender
	*receiver
	surveys *surveys
}

// NewSurveyor0 makes a Surveyor0.
func NewSurveyor0(opts ...SurveyorOption) (*Surveyor0, error) {
	s := newSocket(ProtocolSurveyor0)
	all := &surveys{fanout: fanout{s: s}, ledger: newLedger[*survey]()}
	own := &survey{of: all, e: &s.endpoint}
	x := &Surveyor0{s, s.canSend(own), s.canRecv(own), all}
	return open(x, s, all, opts)
}

// SurveyorContext is one more survey at a time on a Surveyor0. nng: nng_ctx;
// pynng: Context.
type SurveyorContext struct {
	*sender
	*receiver
	scope
}

// NewContext makes a context with the socket's present options. nng:
// nng_ctx_open; pynng: new_context.
func (x *Surveyor0) NewContext() (*SurveyorContext, error) {
	v := &survey{of: x.surveys}
	c, err := newScope(x.socket, v)
	if err != nil {
		return nil, err
	}
	v.e = c.e
	return &SurveyorContext{&sender{c.e, v}, &receiver{c.e, v}, c}, nil
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
		c.scope.e.own.RecvTimeout = 0 // the survey has its own
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

// surveys is the pattern of the surveyor: surveys to every pipe, responses to
// whoever asked.
type surveys struct {
	fanout
	ledger[*survey]
}

// survey is the state of a context: at most one survey.
type survey struct {
	of      *surveys
	e       *endpoint
	waiting waitList

	id        uint32 // 0: none
	over      bool   // its time
	header    [4]byte
	timer     *time.Timer
	responses dropQueue
}

var errSurveyOver = errorf(ErrTimeout, "the survey time is over")

func (x *surveys) deliver(p *Pipe, batch []transport.Message) bool {
	for _, m := range x.s.keep(p, batch, answerHeader) {
		v, ok := x.whose(m)
		if !ok {
			x.s.drop(lateReply, 1, p)
			m.Release()
			continue
		}
		dropped := v.responses.push(m, p, newLimit(v.e.config().RecvBuffer, lossyBytes), true)
		x.s.lost(&v.responses, dropped)
		x.unread += 1 - int(dropped)
		v.waiting.wakeOne()
	}
	return true
}

func (x *surveys) wake() {
	for _, v := range x.open {
		v.abandon()
	}
}

func (v *survey) offer(m *outgoing) (*Pipe, error) {
	v.end()
	v.id = v.of.next()
	v.of.open[v.id] = v
	v.setTimer(v.id, v.e.config().SurveyTime)
	return v.of.send(wire.AppendID(v.header[:0], v.id), &m.body, nil), nil
}

// setTimer ends the survey with that number after d. The number tells a timer
// that fires late from the one of the next survey.
func (v *survey) setTimer(id uint32, d time.Duration) {
	v.timer = time.AfterFunc(d, func() {
		s := v.of.s
		s.mu.Lock()
		defer s.unlock()
		if v.id == id {
			delete(v.of.open, id)
			v.expire()
		}
	})
}

// expire tells all who wait that the survey is over, once they have received
// what came in time. If nobody waits, or is awake in vain for a response that
// another took, it is told to who asks next.
func (v *survey) expire() {
	v.over = true
	if v.responses.len() > 0 {
		return
	}
	told := v.waiting.head != nil && !v.waiting.waking
	v.waiting.fail(errSurveyOver)
	if told {
		v.end()
	}
}

func (v *survey) room() *waitList { return v.of.room() }
func (v *survey) ready() bool     { return true }
func (v *survey) inline() bool    { return v.of.inline() }

// end forgets the survey and its responses.
func (v *survey) end() {
	if v.id != 0 {
		delete(v.of.open, v.id)
		v.timer.Stop()
	}
	v.of.unread -= v.responses.len()
	v.responses.clear()
	v.id, v.over = 0, false
}

// abandon ends the survey for those who wait, too.
func (v *survey) abandon() {
	v.end()
	v.waiting.wakeAll()
}

func (v *survey) pop(max int, m *Message) error {
	if err := v.responses.pop(max, m); err != errWait {
		if err == nil {
			v.of.unread--
		}
		switch {
		case v.responses.len() > 0:
			v.waiting.wakeOne()
		case v.over:
			v.waiting.fail(errSurveyOver)
		}
		return err
	}
	switch {
	case v.over:
		v.end()
		return errSurveyOver
	case v.id == 0:
		return errorf(ErrBadState, "there is no survey to receive a response to: send one first")
	}
	return errWait
}

func (v *survey) arrivals() *waitList { return &v.waiting }
func (v *survey) more() bool          { return v.responses.len() > 0 || v.over }

package sp

import (
	"time"

	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/wire"
)

// Surveyor is surveyor0: each survey to all peers, and the responses of those who
// were asked to the endpoint that did.
type Surveyor struct {
	Core
	fanout
	questions[*Survey]
	attached uint64 // peers so far
}

// NewSurveyor makes a Surveyor.
func NewSurveyor() *Surveyor {
	x := new(Surveyor)
	x.fanout.c = &x.Core
	return x
}

// Survey is the endpoint of a Surveyor: at most one survey.
type Survey struct {
	of        *Surveyor
	cfg       Config
	waiting   Waiters
	question  uint32 // counts the surveys of this endpoint
	id        uint32 // the number on the wire; 0: there is no survey
	over      bool   // the survey time is over
	asked     uint64 // Peer.since of the last peer that was asked
	header    [4]byte
	end       deadline
	responses queue
}

func (x *Surveyor) FansOut() bool { return true }
func (x *Surveyor) NewEndpoint() Endpoint {
	s := &Survey{of: x, cfg: x.cfg}
	s.end.owner = s
	return s
}

func (x *Surveyor) Attach(p *Peer) {
	x.attached++
	p.since = x.attached
	x.attach(p)
}

func (x *Surveyor) Detach(p *Peer) { x.detach(p) }

// Retire keeps p busy until the surveys that are under way are over.
func (x *Surveyor) Retire(p *Peer) {
	p.retire()
	present, last := x.Clock(), int64(0)
	for _, s := range x.open.entries {
		last = max(last, s.end.at)
	}
	if last > present {
		end := &p.retirement.surveyed
		end.owner = p
		x.deadline(&x.Core, end, time.Duration(last-present))
	}
}

func (x *Surveyor) Next() int64 { return x.questions.Next() }

func (x *Surveyor) Deliver(p *Peer, batch []msg.Message) (int, bool) {
	n := len(batch)
	batch = x.filter(p, batch, answerLen)
	for i := range batch {
		m := &batch[i]
		s, ok := x.open.entries[wire.ID(m.Data)]
		switch {
		case !ok:
			x.drop(LateReply, 1, p)
			m.Release()
		case p.since > s.asked:
			x.drop(Unasked, 1, p)
			m.Release()
		default:
			s.push(*m, p)
		}
	}
	return n, true
}

func (s *Survey) push(m msg.Message, p *Peer) {
	c := &s.of.Core
	s.responses.pushLossily(c, NewLimit(s.cfg.RecvBuffer, LossyBytes), true, p, m)
	c.WakeOne(&s.waiting)
}

// Expire ends the surveys whose time is over.
func (x *Surveyor) Expire() {
	present := x.Clock()
	for d := x.due.expired(present); d != nil; d = x.due.expired(present) {
		switch o := d.owner.(type) {
		case *Survey:
			o.expire()
		case *Peer:
			o.lessBusy()
		}
	}
}

// expire tells all who wait that the survey is over, once they have received what
// came in time. If nobody waits, or is awake in vain for a response that another
// took, it is told to the one who asks next.
func (s *Survey) expire() {
	s.of.remove(&s.of.Core, s.id)
	s.over = true
	if s.responses.len() == 0 {
		s.tell()
	}
}

func (x *Surveyor) Close() {
	for _, id := range x.numbers() {
		x.open.entries[id].Close()
	}
}

// Offer begins a survey and ends the one before.
func (s *Survey) Offer(m *Message) Verdict {
	x := s.of
	s.forget()
	s.question++
	x.FailAll(&s.waiting, Replaced)
	s.id, s.asked = x.number(&x.Core), x.attached
	x.add(&x.Core, s.id, s)
	x.deadline(&x.Core, &s.end, s.cfg.SurveyTime)
	x.send(wire.AppendID(s.header[:0], s.id), &m.Data, nil)
	return OK
}

// forget ends the survey and drops its responses.
func (s *Survey) forget() {
	if s.id != 0 {
		s.of.remove(&s.of.Core, s.id)
		s.end.clear()
	}
	s.responses.clear(&s.of.Core)
	s.id, s.over = 0, false
}

func (s *Survey) Pop(m *Message, max int, w *Waiter) Verdict {
	if w != nil && w.question != s.question {
		return Replaced
	}
	switch v := s.responses.pop(&s.of.Core, m, max); {
	case v == Wait && s.over:
		s.forget()
		return SurveyOver
	case v == Wait && s.id == 0:
		return NoSurvey
	case v == Wait:
		return Wait
	case s.responses.len() > 0:
		s.of.WakeOne(&s.waiting)
		return v
	case s.over:
		s.tell()
		return v
	default:
		return v
	}
}

// tell ends a survey of which no responses wait. The receivers that wait are told; if
// there are none, the next receiver is.
func (s *Survey) tell() {
	told := s.waiting.first != nil && !s.waiting.waking
	s.of.FailAll(&s.waiting, SurveyOver)
	if told {
		s.forget()
	}
}

func (s *Survey) Await(w *Waiter) {
	w.question = s.question
	s.waiting.Add(w)
}

func (s *Survey) End(*Waiter)          {}
func (s *Survey) GiveUp()              {}
func (s *Survey) Pace() Pace           { return ByClock }
func (s *Survey) Room() *Waiters       { return s.of.Room() }
func (s *Survey) CanSend() bool        { return true }
func (s *Survey) CanRecv() bool        { return s.responses.len() > 0 || s.over }
func (s *Survey) Configure(cfg Config) { s.cfg = cfg }

func (s *Survey) Close() {
	s.forget()
	s.of.FailAll(&s.waiting, Closed)
}

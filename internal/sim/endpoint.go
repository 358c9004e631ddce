package sim

import (
	"fmt"
	"slices"

	"github.com/gonng/gonng/internal/sp"
)

// endpoint is where programs call.
type endpoint struct {
	s        *socket
	core     sp.Endpoint
	cfg      sp.Config
	closed   bool
	receiver *caller // the only one that may wait, of protocols that have but one

	count    int    // of questions
	question uint64 // the message
	open     bool   // it waits for answers
	to       *pipe  // the first that it went to
	failed   sp.Verdict
	queue    []uint64 // what has come
	until    int64    // of a survey
	over     bool

	asker *pipe // whose question is to be answered
	asked uint64

	topics map[string]bool
}

func (e *endpoint) String() string {
	return fmt.Sprintf("%v endpoint %d", e.s, slices.Index(e.s.ends, e))
}

// awake reports whether somebody was woken to receive and has not looked yet.
func (e *endpoint) awake() bool {
	return slices.ContainsFunc(e.s.w.callers, func(c *caller) bool {
		return c.e == e && c.woken && !c.sends && !c.timedOut && c.Verdict == sp.OK
	})
}

// offer offers the message of c, and checks where it went.
func (e *endpoint) offer(c *caller) (v sp.Verdict) {
	s := e.s
	if e.closed || s.closed {
		return sp.Closed
	}
	m, had, targets, canSend := c.m, len(e.queue), 0, e.core.CanSend()
	for _, p := range s.pipes {
		if !p.closing && !(s.out == toOthers && m.Traced && m.Peer == &p.Peer) {
			targets++
		}
	}
	d := s.call(func() { v = e.core.Offer(&m) })
	for _, p := range s.pipes {
		for range p.more {
			if p.more > 1 {
				s.w.fail("sent twice", "%v: message %d", p, c.id)
			}
			p.accepted = append(p.accepted, c.id)
		}
	}
	if v == sp.Wait && canSend {
		s.w.fail("a send waits though it can be sent", "%v", e)
	}
	want := map[bool]int{true: 1, false: 0}[v == sp.OK]
	got := d.sent
	switch s.out {
	case toOne:
		got += d.held + int(d.TTLExceeded) + int(d.DroppedFull) + int(d.NoPeer)
		if d.held > 0 {
			s.held = append(s.held, c.id)
		}
	case toAll, toOthers:
		want, got = targets, got+int(d.DroppedFull)
	case survey:
		want, got = targets, got+int(d.DroppedFull)
		e.ask(c.id)
		e.until = s.w.clock + int64(e.cfg.SurveyTime)
		e.open = true
	case request:
		e.ask(c.id)
		e.open = v == sp.OK
		for _, p := range s.pipes {
			if p.more > 0 {
				e.to = p
			}
		}
	case reply:
		p := e.asker
		e.asker = nil
		switch {
		case p == nil && v != sp.NoQuestion, p != nil && v != sp.OK:
			s.w.fail("a wrong verdict for an answer", "%v: %s", e, verdict(v))
		case p != nil && !p.closing && p.more != 1:
			s.w.fail("an answer is not where its question came from", "%v: for %v", e, p)
		}
		got += int(d.NoPeer)
	case toNamed:
		got += int(d.NoPeer) + int(d.DroppedFull)
	}
	if got != want || v != sp.OK && v != sp.Wait && v != sp.NoQuestion {
		s.w.fail("the books of a send do not balance", "%v: message %d: %s, %d accounted for, want %d", e, c.id, verdict(v), got, want)
	}
	if lost := 0; s.out == request || s.out == survey {
		lost = had
		if d.RecvQueue != -lost {
			s.w.fail("a wrong receive queue", "%v: %d changed by a question, had %d", e, d.RecvQueue, had)
		}
	} else if d.RecvQueue != 0 {
		s.w.fail("a wrong receive queue", "%v: %d changed by a send", e, d.RecvQueue)
	}
	return v
}

// ask begins a new question. The state machine must have woken the receivers that waited for
// the answer to the question before.
func (e *endpoint) ask(id uint64) {
	e.count++
	e.question, e.queue, e.failed, e.over, e.receiver, e.to = id, e.queue[:0], sp.Wait, false, nil, nil
	for _, c := range e.s.w.callers {
		if c.e == e && !c.sends && !c.woken {
			e.s.w.fail("a receive waits for the answer to a question that is replaced", "%v", e)
		}
	}
}

// giveUp tells the state machine that a receive ended without a message.
func (e *endpoint) giveUp() {
	had := len(e.queue)
	c := e.s.call(e.core.GiveUp)
	if e.s.in == replies && e.receiver == nil {
		e.open, e.queue, e.failed = false, e.queue[:0], sp.Wait
		if c.RecvQueue != -had {
			e.s.w.fail("a wrong receive queue", "%v: %d changed by giving up, had %d", e, c.RecvQueue, had)
		}
	} else if c.RecvQueue != 0 {
		e.s.w.fail("messages are lost by giving up", "%v: %d", e, c.RecvQueue)
	}
}

// pop receives a message, and checks that it is the right one. w is nil unless the caller has
// waited.
func (e *endpoint) pop(c *caller, most int, w *sp.Waiter) (v sp.Verdict, id uint64) {
	s := e.s
	if e.closed || s.closed {
		return sp.Closed, 0
	}
	var m sp.Message
	canRecv := e.core.CanRecv()
	d := s.call(func() { v = e.core.Pop(&m, most, w) })
	if v == sp.OK {
		body := m.Data.Body()
		if n := len(body); s.device > 0 && n >= 18 { // words of a backtrace may be left before it
			body = body[max(0, n-s.w.sizes[number(body)%uint64(len(s.w.sizes))]):]
		}
		id = s.w.checkBody(body)
	}
	if want := map[bool]int{true: -1, false: 0}[v == sp.OK]; d.RecvQueue != want {
		s.w.fail("a wrong receive queue", "%v: %d changed by a receive, want %d", e, d.RecvQueue, want)
	}
	switch s.in {
	case fairly, questions:
		e.checkFair(c, v, id, &m, canRecv)
	default:
		e.checkQueue(c, v, id, &m, w != nil)
	}
	if v != sp.OK {
		return v, 0
	}
	if c.forwards {
		c.m, c.has = m, true
	} else {
		m.Data.Release()
	}
	return v, id
}

// checkFair checks a receive from queues of peers.
func (e *endpoint) checkFair(c *caller, v sp.Verdict, id uint64, m *sp.Message, canRecv bool) {
	w := e.s.w
	if e.s.in == questions && !e.s.raw && e.receiver != nil && e.receiver != c {
		if v != sp.Receiving {
			w.fail("two receive at once", "%v: %s", e, verdict(v))
		}
		return
	}
	switch v {
	case sp.OK:
		p := m.Peer.Owner.(*pipe)
		if len(p.queue) == 0 || p.queue[0] != id {
			w.fail("messages are not in order", "%v: %d of %v, want the first of %v", e, id, p, p.queue)
		}
		p.queue = p.queue[1:]
		if e.s.in == questions && !e.s.raw {
			e.asker, e.asked = p, id
		}
	case sp.TooSmall:
	case sp.Wait:
		if canRecv {
			w.fail("nothing is received though something can be", "%v", e)
		}
	default:
		w.fail("a wrong verdict for a receive", "%v: %s", e, verdict(v))
	}
}

// checkQueue checks a receive from what has come for the endpoint.
func (e *endpoint) checkQueue(c *caller, v sp.Verdict, id uint64, m *sp.Message, waited bool) {
	want, first := sp.Wait, uint64(0)
	in := e.s.in
	switch {
	case (in == replies || in == responses) && waited && c.count != e.count:
		want = sp.Replaced
	case in == replies && e.receiver != nil && e.receiver != c:
		want = sp.Receiving
	case len(e.queue) > 0 && v != sp.TooSmall:
		want, first = sp.OK, e.queue[0]
		e.queue = e.queue[1:]
	case len(e.queue) > 0:
		want = sp.TooSmall
	case in == replies && e.failed != sp.Wait:
		want = e.failed
		e.failed = sp.Wait
	case in == replies && !e.open:
		want = sp.NoRequest
	case in == responses && e.over:
		want, e.over = sp.SurveyOver, false
	case in == responses && !e.open:
		want = sp.NoSurvey
	}
	if v != want || id != first && v == sp.OK {
		e.s.w.fail("a receive is not what it must be", "%v: %s %d, want %s %d", e, verdict(v), id, verdict(want), first)
	}
	if v == sp.OK && (in == replies || in == responses) && questionOf(m.Data.Data) != e.question {
		e.s.w.fail("the answer to another question", "%v: answer to %d, asked %d", e, questionOf(m.Data.Data), e.question)
	}
}

func verdict(v sp.Verdict) string {
	return [sp.Verdicts]string{"OK", "Wait", "Closed", "Busy", "TooSmall", "TooLarge", "NoRequest", "NoSurvey", "NoQuestion", "Receiving",
		"Replaced", "SurveyOver", "PeerGone", "OtherSocket", "BadHeader", "CannotSend", "CannotReceive"}[v]
}

package sim

import (
	"math"
	"slices"
	"time"

	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/sp"
)

// checkAll checks all that must hold after any step.
func (w *world) checkAll() {
	for _, s := range w.sockets {
		s.check()
	}
	for _, p := range w.pipes {
		w.checkPipe(p)
	}
}

// check checks the gauges of a socket, and that nobody waits for what is there.
func (s *socket) check() {
	w, c := s.w, &s.core.Counters
	if keeps := s.keeps(); keeps != len(s.held) {
		w.fail("a wrong send queue", "%v: %d messages are kept, want %d", s, keeps, len(s.held))
	}
	if s.closed {
		for _, caller := range w.callers {
			if caller.e.s == s && caller.Queued() && !s.waking(caller) {
				w.fail("a caller waits at what is closed", "%v", caller)
			}
		}
		return
	}
	received, outstanding := 0, 0
	for _, p := range s.pipes {
		received += p.RecvQueue()
		if s.in == fairly || s.in == questions {
			if p.RecvQueue() != len(p.queue) {
				w.fail("a wrong receive queue", "%v: %d, want %d", p, p.RecvQueue(), len(p.queue))
			}
		}
	}
	for _, e := range s.ends {
		received += len(e.queue)
		if e.open {
			outstanding++
		}
	}
	if s.in != fairly && s.in != questions && c.RecvQueue != received || c.RecvQueue < received {
		w.fail("a wrong receive queue", "%v: %d, want %d", s, c.RecvQueue, received)
	}
	if c.Outstanding != outstanding {
		w.fail("a wrong number of questions", "%v: %d outstanding, want %d", s, c.Outstanding, outstanding)
	}
	if next := s.x.Next(); next != 0 && (s.alarm == 0 || s.alarm > next) {
		w.fail("the timer is not set", "%v: for %d, is %d", s, next, s.alarm)
	}
	for _, caller := range w.callers {
		if caller.e.s != s || !caller.Queued() {
			continue
		}
		ready := caller.e.core.CanRecv
		if caller.sends {
			ready = caller.e.core.CanSend
		}
		if ready() && !s.waking(caller) {
			w.fail("a caller waits though it need not", "%v", caller)
		}
	}
}

// waking reports whether somebody is awake who will wake c, if there is still reason to.
func (s *socket) waking(c *caller) bool {
	return slices.ContainsFunc(s.w.callers, func(o *caller) bool {
		return o.woken && o.e.s == s && o.sends == c.sends && (c.sends || s.in == questions || o.e == c.e)
	})
}

// checkPipe checks that a pipe is written, read and bounded.
func (w *world) checkPipe(p *pipe) {
	s := p.s
	if got := p.delivered + uint64(len(p.incoming)); got != p.other.written && !p.ended {
		w.fail("the books of a connection do not balance", "%v: %d arrived or are on their way, %d were written", p, got, p.other.written)
	}
	if p.closing || s.closed {
		return
	}
	sent, _ := p.Sent()
	if got := p.written - p.forged + uint64(p.CurrentLen()+p.SendQueue()); got != sent {
		w.fail("the books of an outbox do not balance", "%v: %d are written or wait, %d were accepted", p, got, sent)
	}
	if p.SendQueue() > 0 && !p.token {
		w.fail("nobody writes", "%v: %d messages wait", p, p.SendQueue())
	}
	answers := 0 // beyond the limit: those that were being made when the queue became full
	if s.out == reply {
		answers = mostContexts
	}
	if n := p.SendQueue() - answers; n > s.most.SendBuffer {
		w.fail("a send queue is too long", "%v: %d of %d", p, n, s.most.SendBuffer)
	}
	if n := p.RecvQueue() - p.batch; n > s.most.RecvBuffer { // and one batch
		w.fail("a receive queue is too long", "%v: %d of %d", p, n, s.most.RecvBuffer)
	}
	gated := s.out == reply && p.SendQueue() > 0
	room := p.RecvQueue() == 0 || !p.Lazy && s.cfg.RecvBuffer > 0 && p.RecvQueue() < s.cfg.RecvBuffer
	if p.Held && room && !gated {
		w.fail("a peer is not read though there is room", "%v: %d of %d", p, p.RecvQueue(), s.cfg.RecvBuffer)
	}
}

// settle lets everything come to an end that can, and checks that it has.
func (w *world) settle() {
	w.note("everybody finishes")
	for round := 0; round < 60 || round < 1000 && w.busy(); round++ {
		for _, p := range slices.Clone(w.pipes) {
			if p.closing && (len(p.incoming) == 0 || p.Held && !p.detached) {
				w.end(p)
			}
		}
		for _, p := range w.pipes {
			for p.token && !p.detached && !p.other.ended && len(p.other.incoming) <= 64 {
				w.write(p, math.MaxUint32)
			}
			for len(p.incoming) > 0 && !p.Held {
				w.deliver(p, math.MaxUint32)
			}
		}
		w.work()
		w.pass(int64(10 * time.Second))
		w.checkAll()
	}
	w.checkSettled()
}

// busy reports whether there is something to write or on its way.
func (w *world) busy() bool {
	return slices.ContainsFunc(w.pipes, func(p *pipe) bool { return p.token && !p.detached || len(p.incoming) > 0 && !p.closing })
}

// work has all callers look, all messages received and all questions answered.
func (w *world) work() {
	for range 2 {
		for w.lookAll() {
		}
		for i, s := range w.sockets {
			w.doForward(step{a: uint32(i)})
			for _, e := range s.ends {
				for s.device == 0 && !s.closed && s.in != fromNobody && e.core.CanRecv() {
					before := s.core.Counters.RecvQueue
					w.receive(e, math.MaxInt, true)
					w.answer(e)
					if s.core.Counters.RecvQueue == before {
						break // another receives there
					}
				}
				w.answer(e)
			}
		}
	}
}

func (w *world) lookAll() (any bool) {
	for _, c := range slices.Clone(w.callers) {
		if c.woken && slices.Contains(w.callers, c) {
			e := c.e
			w.look(c)
			w.answer(e)
			any = true
		}
	}
	return any
}

// answer answers what an endpoint was asked.
func (w *world) answer(e *endpoint) {
	if e.asker != nil && !e.closed && !e.s.closed {
		body, id := w.body("aa", 20, e.asked)
		w.send(e, sp.Message{Data: msg.Copy(body)}, id, true)
	}
}

// checkSettled checks that nothing was left undone.
func (w *world) checkSettled() {
	for _, p := range w.pipes {
		if p.closing || p.s.closed || p.other.closing || p.other.s.closed || p.s.device > 0 || p.other.s.device > 0 {
			continue
		}
		if len(p.incoming) > 0 || p.SendQueue() > 0 || p.token || p.Held {
			w.fail("messages got stuck", "%v: %d on their way, %d to be sent, held: %t", p, len(p.incoming), p.SendQueue(), p.Held)
		}
	}
	for _, s := range w.sockets {
		if s.closed || s.device > 0 {
			continue
		}
		if n := s.core.Counters.RecvQueue; n > 0 {
			w.fail("messages were not received", "%v: %d", s, n)
		}
		direct := len(s.pipes) > 0 // to nobody but those who answer
		for _, p := range s.pipes {
			direct = direct && !p.closing && p.other.s.device == 0 && !p.other.s.closed
		}
		for _, e := range s.ends {
			if s.in == replies && e.open && e.cfg.ResendTime > 0 && direct {
				w.fail("a request was never answered", "%v: message %d", e, e.question)
			}
		}
	}
}

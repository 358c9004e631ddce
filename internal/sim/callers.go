package sim

import (
	"math"
	"slices"

	"github.com/gonng/gonng/internal/sp"
)

// caller is a goroutine of a program that is in a call, or forwards for a device.
type caller struct {
	sp.Waiter
	e        *endpoint
	sends    bool // else it receives
	forwards bool
	from     *endpoint // where it receives what it forwards
	has      bool      // a message to forward
	m        sp.Message
	id       uint64
	woken    bool // and has not looked yet
	timedOut bool
	count    int // of the questions of the endpoint, when it began to wait
}

func (c *caller) String() string {
	if c.sends {
		return "the sender at " + c.e.String()
	}
	return "the receiver at " + c.e.String()
}

// wait queues c, until the state machine wakes it or it gives up.
func (w *world) wait(c *caller) {
	c.Owner, c.woken, c.timedOut = c, false, false
	if c.sends {
		c.e.core.Room().Add(&c.Waiter)
	} else {
		c.count, c.e.receiver = c.e.count, c
		c.e.core.Await(&c.Waiter)
	}
	if !slices.Contains(w.callers, c) {
		w.callers = append(w.callers, c)
	}
}

// done ends the call of c.
func (w *world) done(c *caller) {
	if !c.sends {
		c.e.core.End(&c.Waiter)
		if c.e.receiver == c {
			c.e.receiver = nil
		}
	} else {
		c.m.Data.Release()
		c.m = sp.Message{}
	}
	w.callers = slices.DeleteFunc(w.callers, func(o *caller) bool { return o == c })
}

// send offers a message, and waits if the caller may.
func (w *world) send(e *endpoint, m sp.Message, id uint64, try bool) {
	c := &caller{e: e, sends: true, m: m, id: id}
	v := e.offer(c)
	w.note("%v sends message %d: %s", e, id, verdict(v))
	if v == sp.Wait && !try {
		w.wait(c)
		return
	}
	w.done(c)
}

// receive takes a message, or waits if the caller may.
func (w *world) receive(e *endpoint, max int, try bool) {
	c := &caller{e: e}
	v, id := e.pop(c, max, nil)
	w.note("%v receives: %s %d", e, verdict(v), id)
	if v == sp.Wait && !try {
		w.wait(c)
	}
}

// look has a caller that was woken look for what it waits for.
func (w *world) look(c *caller) {
	c.woken = false
	c.Woken()
	core, room := c.e.s.core, c.e.core.Room()
	if c.timedOut || c.Verdict != sp.OK {
		w.note("%v is told: %s", c, verdict(c.Verdict))
		giveUp := c.timedOut && c.Verdict == sp.OK
		w.done(c)
		if giveUp && !c.sends && !c.e.s.closed && !c.e.closed {
			c.e.giveUp()
		}
		w.stop(c)
		return
	}
	if c.sends {
		v := c.e.offer(c)
		w.note("%v wakes and sends message %d: %s", c.e, c.id, verdict(v))
		if v == sp.Wait {
			w.wait(c)
			return
		}
		c.e.s.call(func() { core.WakeOne(room) })
		w.done(c)
		if v == sp.OK {
			w.forward(c)
		} else {
			w.stop(c)
		}
		return
	}
	v, id := c.e.pop(c, math.MaxInt, &c.Waiter)
	w.note("%v wakes and receives: %s %d", c.e, verdict(v), id)
	switch v {
	case sp.Wait:
		w.wait(c)
	case sp.OK:
		w.done(c)
		w.forward(c)
	default: // another may do something with what there is
		w.done(c)
		c.e.s.call(func() { core.PassOn(&c.Waiter) })
		w.stop(c)
	}
}

// forward goes on forwarding for a device, until there is nothing to receive or no room. A
// program's caller has nothing to do here.
func (w *world) forward(c *caller) {
	for c.forwards {
		if c.sends { // it has sent
			c.sends, c.e = false, c.from
		}
		if !c.has {
			v, id := c.e.pop(c, math.MaxInt, nil)
			w.note("%v receives to forward: %s %d", c.e, verdict(v), id)
			if v == sp.Wait {
				w.wait(c)
				return
			}
			if v != sp.OK {
				w.stop(c)
				return
			}
		}
		c.sends, c.has, c.e, c.id = true, false, c.from.s.to.ends[0], number(c.m.Data.Data)
		v := c.e.offer(c)
		w.note("%v forwards message %d: %s", c.e, c.id, verdict(v))
		switch v {
		case sp.Wait:
			w.wait(c)
			return
		case sp.OK:
			w.done(c)
		default:
			w.done(c)
			w.stop(c)
			return
		}
	}
}

// stop ends c if it is a forwarder.
func (w *world) stop(c *caller) {
	if c.forwards {
		for _, s := range w.sockets {
			if s.way == c {
				s.way = nil
			}
		}
	}
}

// timeOut ends the wait of a caller from outside.
func (w *world) timeOut(c *caller) {
	if c.forwards || !c.Queued() {
		return
	}
	w.note("the time of %v is over", c)
	c.timedOut = true
	c.e.s.call(func() { c.e.s.core.EndWait(&c.Waiter, sp.OK) })
}

// cancel ends the context of a caller, which may be awake already.
func (w *world) cancel(c *caller) {
	if c.forwards || c.timedOut {
		return
	}
	w.note("%v is canceled", c)
	s, refused := c.e.s, c.Verdict != sp.OK
	if c.Queued() {
		c.Leave()
	} else {
		s.call(func() { s.core.PassOn(&c.Waiter) })
	}
	w.done(c)
	if !c.sends && !refused && !s.closed && !c.e.closed {
		c.e.giveUp()
	}
}

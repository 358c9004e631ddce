package sim

import (
	"math"
	"slices"
	"time"

	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/wire"
)

// action is something that a step does, as an index of actions.
type action uint8

// most is how many there are at the same time.
const (
	mostSockets  = 20
	mostPipes    = 40
	mostCallers  = 60
	mostContexts = 5
)

var actions = []struct {
	name   string
	weight int
	do     func(w *world, s step)
}{
	{"send", 200, func(w *world, s step) { w.doSend(s) }},
	{"receive", 200, func(w *world, s step) {
		if e := w.endpoint(s); e != nil && e.s.in != fromNobody && len(w.callers) < mostCallers {
			max := math.MaxInt
			if s.c%32 == 1 && !e.core.CanRecv() {
				w.note("%v does not receive: the context has ended", e)
				e.giveUp()
				return
			}
			if s.c%16 == 0 {
				max = 10
			}
			w.receive(e, max, s.c>>4%3 == 0)
		}
	}},
	{"look", 250, func(w *world, s step) { w.doLook(s) }},
	{"write", 250, func(w *world, s step) {
		if p := w.somePipe(s); p != nil {
			w.write(p, s.b)
		}
	}},
	{"deliver", 250, func(w *world, s step) {
		if p := w.somePipe(s); p != nil {
			w.deliver(p, s.b)
		}
	}},
	{"connect", 25, func(w *world, s step) { w.doConnect(s) }},
	{"forward", 40, func(w *world, s step) { w.doForward(s) }},
	{"time out", 20, func(w *world, s step) {
		if c := w.caller(s); c != nil {
			w.timeOut(c)
		}
	}},
	{"cancel", 20, func(w *world, s step) {
		if c := w.caller(s); c != nil {
			w.cancel(c)
		}
	}},
	{"pass", 20, func(w *world, s step) { w.pass(int64(time.Millisecond) << (s.a % 13)) }},
	{"cut", 6, func(w *world, s step) {
		if p := w.somePipe(s); p != nil && !p.closing {
			w.cut(p)
		}
	}},
	{"retire", 6, func(w *world, s step) {
		if p := w.somePipe(s); p != nil && !p.closing && (p.s.out != reply || p.s.raw) { // one that answers goes on to
			w.note("%v retires", p)
			p.closing = true
			p.s.call(func() { p.s.x.Retire(&p.Peer) })
		}
	}},
	{"fail a write", 6, func(w *world, s step) {
		if p := w.somePipe(s); p != nil {
			w.writeFails(p)
		}
	}},
	{"end", 25, func(w *world, s step) {
		if p := w.somePipe(s); p != nil && p.closing {
			w.end(p)
		}
	}},
	{"lie", 8, func(w *world, s step) {
		if p := w.somePipe(s); p != nil && !p.closing {
			w.lie(p, s.b)
		}
	}},
	{"too large", 8, func(w *world, s step) {
		if p := w.somePipe(s); p != nil {
			w.tooLarge(p)
		}
	}},
	{"context", 8, func(w *world, s step) {
		x := w.socket(s)
		if x != nil && !x.closed && !x.raw && w.pattern.sides[x.side].contexts && len(x.ends) < mostContexts {
			cfg := w.config(s.b)
			cfg.RecvBuffer = max(cfg.RecvBuffer, 1)
			e := x.endpoint(cfg)
			w.note("%v is new", e)
		}
	}},
	{"close a context", 4, func(w *world, s step) { w.doCloseContext(s) }},
	{"subscribe", 30, func(w *world, s step) {
		if e := w.endpoint(s); e != nil {
			w.subscribe(e, s.c)
		}
	}},
	{"configure", 4, func(w *world, s step) { w.doConfigure(s) }},
	{"open", 4, func(w *world, s step) { w.doOpen(s) }},
	{"device", 2, func(w *world, s step) { w.doDevice(s) }},
	{"close", 2, func(w *world, s step) {
		if x := w.socket(s); x != nil && !x.closed && s.b%2 == 0 {
			w.closeSocket(x)
		}
	}},
}

var totalWeight = func() (n int) {
	for _, a := range actions {
		n += a.weight
	}
	return n
}()

// do takes a step.
func (w *world) do(s step) {
	actions[s.do].do(w, s)
}

// socket, endpoint, somePipe and caller choose one, or none if there is none.
func (w *world) socket(s step) *socket { return w.sockets[int(s.a)%len(w.sockets)] }

func (w *world) endpoint(s step) *endpoint {
	x := w.socket(s)
	e := x.ends[int(s.b)%len(x.ends)]
	if x.closed || e.closed || x.device > 0 {
		return nil
	}
	return e
}

func (w *world) somePipe(s step) *pipe {
	if len(w.pipes) == 0 {
		return nil
	}
	return w.pipes[int(s.a)%len(w.pipes)]
}

func (w *world) caller(s step) *caller {
	if len(w.callers) == 0 {
		return nil
	}
	return w.callers[int(s.a)%len(w.callers)]
}

var topicNames = []string{"", "a", "b", "aa", "ab", "ba", "bb"}

func (w *world) doSend(s step) {
	e := w.endpoint(s)
	if e == nil || e.s.out == toNobody || len(w.callers) >= mostCallers {
		return
	}
	if e.open && s.c>>24%8 > 0 {
		return // the question has to live long enough for answers
	}
	size := int(s.c >> 8 % 64)
	if s.c%32 == 0 {
		size = sp.CopyMax + int(s.c>>8%1000)
	}
	body, id := w.body(topicNames[3+s.c>>5%4], size, e.asked)
	m := sp.Message{Data: msg.Copy(body)}
	if e.s.raw && (w.pattern.name == "pair1" || w.pattern.polyamorous) {
		m.Data.Release()
		m.Data = msg.Copy(append(wire.AppendHops(nil, 1), body...)).WithHeader(wire.HopsSize)
	}
	if w.pattern.polyamorous && s.c>>20%2 == 0 && len(e.s.pipes) > 0 {
		m.Peer = &e.s.pipes[int(s.c>>21)%len(e.s.pipes)].Peer
	}
	w.send(e, m, id, s.c>>4%3 == 0)
}

// doLook has a caller look that was woken.
func (w *world) doLook(s step) {
	n := len(w.callers)
	for i := range n {
		if c := w.callers[(int(s.a%uint32(n))+i)%n]; c.woken {
			w.look(c)
			return
		}
	}
}

func (w *world) doConnect(s step) {
	if len(w.pipes) >= mostPipes {
		return
	}
	a, b := w.socket(s), w.sockets[int(s.b)%len(w.sockets)]
	if fits(a, b) {
		w.connect(a, b)
	} else if fits(b, a) {
		w.connect(b, a)
	}
}

// doForward has a device begin to forward.
func (w *world) doForward(s step) {
	x := w.socket(s)
	if x.device == 0 || x.to == nil || x.way != nil || x.closed || x.to.closed || x.in == fromNobody || x.to.out == toNobody {
		return
	}
	x.way = &caller{e: x.ends[0], from: x.ends[0], forwards: true}
	w.forward(x.way)
}

func (w *world) doCloseContext(s step) {
	x := w.socket(s)
	if x.closed || len(x.ends) < 2 {
		return
	}
	i := 1 + int(s.b)%(len(x.ends)-1)
	e := x.ends[i]
	w.note("%v closes", e)
	e.closed = true
	had := len(e.queue)
	if d := x.call(e.core.Close); d.RecvQueue != -had && x.in != questions {
		w.fail("a wrong receive queue", "%v: %d changed by closing, had %d", e, d.RecvQueue, had)
	}
	e.open, e.over, e.queue, e.asker = false, false, nil, nil
	for _, c := range w.callers {
		if c.e == e && c.Queued() {
			w.fail("a caller waits at what is closed", "%v", c)
		}
	}
	x.ends = slices.Delete(x.ends, i, i+1)
}

// subscribe adds a topic, or removes one that is there.
func (w *world) subscribe(e *endpoint, n uint32) {
	s, ok := e.core.(*sp.Subscriber)
	if !ok {
		return
	}
	topic := topicNames[n%uint32(len(topicNames))]
	if !e.topics[topic] {
		w.note("%v subscribes to %q", e, topic)
		s.Subscribe(topic)
		e.topics[topic] = true
		return
	}
	w.note("%v unsubscribes from %q", e, topic)
	delete(e.topics, topic)
	kept := e.queue[:0]
	for _, id := range e.queue {
		if e.wants([]byte(w.topics[id])) {
			kept = append(kept, id)
		}
	}
	gone := len(e.queue) - len(kept)
	e.queue = kept
	if d := e.s.call(func() { s.Unsubscribe(topic) }); int(d.Filtered) != gone || d.RecvQueue != -gone {
		w.fail("the books of unsubscribing do not balance", "%v: %d filtered, receive queue %+d, want %d", e, d.Filtered, d.RecvQueue, gone)
	}
}

func (w *world) doConfigure(s step) {
	x := w.socket(s)
	if x.closed || x.in == subscribed || x.in == responses || x.in == replies {
		return
	}
	cfg := w.config(s.b)
	x.cfg = cfg
	x.most = mostOf(x.most, cfg)
	w.note("%v is configured: %+v", x, cfg)
	x.call(func() { x.x.Configure(cfg) })
}

func (w *world) doOpen(s step) {
	if w.live() >= mostSockets {
		return
	}
	side := int(s.a) % len(w.pattern.sides)
	of := &w.pattern.sides[side]
	x := w.open(side, s.b%4 == 0 && !of.asks(), w.config(s.c))
	w.note("%v is new: %+v", x, x.cfg)
}

// asks reports whether headers are more than a program of the simulation makes.
func (s *side) asks() bool { return s.kind.Header == sp.Answer || s.kind.Header == sp.Backtrace }

// live is how many sockets are not closed.
func (w *world) live() (n int) {
	for _, s := range w.sockets {
		if !s.closed {
			n++
		}
	}
	return n
}

// doDevice makes two raw sockets and joins them: the front is the second side, where the
// first connects.
func (w *world) doDevice(s step) {
	if w.live()+2 > mostSockets {
		return
	}
	w.devices++
	front := w.open(len(w.pattern.sides)-1, true, w.config(s.a))
	back := w.open(0, true, w.config(s.b))
	front.device, back.device = w.devices, w.devices
	front.to, back.to = back, front
	w.note("a device joins %v and %v", front, back)
}

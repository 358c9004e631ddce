package sim

import (
	"math"
	"slices"

	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/wire"
)

// changes are what a call of a state machine has changed.
type changes struct {
	sp.Counters
	sent int // messages that outboxes have accepted
	held int // that are kept while nobody is connected
}

// keeps is how many messages are kept while nobody is connected.
func (s *socket) keeps() int {
	n := s.core.Counters.SendQueue
	for _, p := range s.pipes {
		n -= p.SendQueue()
	}
	return n
}

// call calls the state machine, carries out its effects and says what has changed.
func (s *socket) call(f func()) (c changes) {
	before, held := s.core.Counters, s.keeps()
	for _, p := range s.pipes {
		p.sent, _ = p.Sent()
	}
	f()
	after := s.core.Counters
	for _, p := range s.pipes {
		n, _ := p.Sent()
		p.more = n - p.sent
		c.sent += int(p.more)
	}
	c.Counters = sp.Counters{
		TTLExceeded: after.TTLExceeded - before.TTLExceeded, Unexpected: after.Unexpected - before.Unexpected,
		LateReplies: after.LateReplies - before.LateReplies, NoPeer: after.NoPeer - before.NoPeer,
		DroppedFull: after.DroppedFull - before.DroppedFull, Filtered: after.Filtered - before.Filtered,
		Malformed: after.Malformed - before.Malformed, Resends: after.Resends - before.Resends,
		RecvQueue: after.RecvQueue - before.RecvQueue,
	}
	c.held = s.keeps() - held
	if c.held < 0 && after.Unsent == before.Unsent {
		s.sendHeld(-c.held)
	}
	s.carryOut()
	return c
}

// sendHeld is what was kept and has gone to peers.
func (s *socket) sendHeld(n int) {
	left := n
	for _, p := range s.pipes {
		k := min(int(p.more), left)
		p.accepted = append(p.accepted, s.held[:k]...)
		p.mixed = p.mixed || k > 0 && k < n // in turn with others
		s.held = s.held[k:]
		left -= k
	}
	if left > 0 {
		s.w.fail("messages that were kept are lost", "%v: %d", s, left)
	}
}

// carryOut does what the shell does after a call.
func (s *socket) carryOut() {
	e := &s.core.Effects
	for w := e.NextWaiter(); w != nil; w = e.NextWaiter() {
		c := w.Owner.(*caller)
		if c.woken {
			s.w.fail("woken twice", "%v", c)
		}
		c.woken = true
		if w.Verdict == sp.SurveyOver && !c.e.awake() {
			c.e.over = false // that is told to nobody else
		}
	}
	for p := e.NextFlush(); p != nil; p = e.NextFlush() {
		pipe := p.Owner.(*pipe)
		if pipe.token {
			s.w.fail("two write at once", "%v", pipe)
		}
		pipe.token = true
	}
	for p := e.NextResume(); p != nil; p = e.NextResume() {
		p.Held = false
	}
	for p := e.NextFaulty(); p != nil; p = e.NextFaulty() {
		pipe := p.Owner.(*pipe)
		if !pipe.lies {
			s.w.fail("an honest peer is called faulty", "%v: %v", pipe, p.Fault)
		}
		s.faulty = append(s.faulty, pipe)
	}
	for p := e.NextSlow(); p != nil; p = e.NextSlow() {
	}
	if at := s.x.Next(); e.Reschedule() && at != 0 && (s.alarm == 0 || at < s.alarm) {
		s.alarm = at
	}
	*e = sp.Effects{}
}

// awake reports whether somebody was woken to receive and has not looked yet.
func (e *endpoint) awake() bool {
	return slices.ContainsFunc(e.s.w.callers, func(c *caller) bool {
		return c.e == e && c.woken && !c.sends && !c.timedOut && c.Verdict == sp.OK
	})
}

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

// begin has c wait. It is woken by the state machine, or gives up.
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

// done is the end of a call.
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

// look is what a caller does that was woken.
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

// stop is the end of a forwarder.
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

// cancel is a caller whose context ends, also if it is awake.
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

// giveUp is a receive that ended in vain.
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

// ask begins a new question. Who waits for the answer to the one before is to be told.
func (e *endpoint) ask(id uint64) {
	e.count++
	e.question, e.queue, e.failed, e.over, e.receiver, e.to = id, e.queue[:0], sp.Wait, false, nil, nil
	for _, c := range e.s.w.callers {
		if c.e == e && !c.sends && !c.woken {
			e.s.w.fail("a receive waits for the answer to a question that is replaced", "%v", e)
		}
	}
}

// pop receives, and checks that it is what it must be. w is nil unless the caller has
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

// deliver brings messages to p that are on their way.
func (w *world) deliver(p *pipe, n uint32) {
	if p.Held || len(p.incoming) == 0 || p.ended {
		return
	}
	k := 1 + int(n)%len(p.incoming)
	batch := slices.Clone(p.incoming[:k])
	p.incoming = slices.Delete(p.incoming, 0, k)
	p.delivered += uint64(k)
	p.batch = max(p.batch, k)
	w.note("%d messages arrive at %v", k, p)
	if p.s.closed {
		for i := range batch {
			batch[i].Release()
		}
		return
	}
	want := p.expect(batch)
	more := true
	d := p.s.call(func() {
		for rest := batch; len(rest) > 0; {
			var n int
			n, more = p.s.x.Deliver(&p.Peer, rest)
			rest = rest[n:]
		}
		p.Held = !more
	})
	got := sp.Counters{RecvQueue: d.RecvQueue, TTLExceeded: d.TTLExceeded, Unexpected: d.Unexpected, LateReplies: d.LateReplies, DroppedFull: d.DroppedFull, Filtered: d.Filtered, Malformed: d.Malformed}
	if got != want {
		w.fail("the books of a delivery do not balance", "%v: %d messages: %+v, want %+v", p, k, got, want)
	}
	if want.Malformed > 0 && p.Fault == nil {
		w.fail("a malformed message makes nobody faulty", "%v", p)
	}
	for _, x := range p.s.faulty {
		w.cut(x)
	}
	p.s.faulty = nil
}

// expect is what a batch has to do to the counters, and notes what is to be received.
func (p *pipe) expect(batch []msg.Message) (want sp.Counters) {
	s := p.s
	for i := range batch {
		data := batch[i].Data
		if len(data) < 4 {
			want.Malformed++
			continue
		}
		id := number(data)
		switch {
		case s.in == fromNobody:
			want.Unexpected++
		case s.in == fairly || s.in == questions:
			if !s.within(data) {
				want.TTLExceeded++
				continue
			}
			p.queue = append(p.queue, id)
			want.RecvQueue++
		case s.in == subscribed:
			matched := false
			for _, e := range s.ends {
				if e.closed || !e.wants(data) {
					continue
				}
				matched = true
				e.arrive(id, &want)
			}
			if !matched {
				want.Filtered++
			}
		case s.in == replies || s.in == responses:
			i := slices.IndexFunc(s.ends, func(e *endpoint) bool { return e.open && e.question == questionOf(data) })
			switch {
			case i < 0:
				want.LateReplies++
			case s.in == replies:
				s.ends[i].open = false
				s.ends[i].queue = append(s.ends[i].queue, id)
				want.RecvQueue++
			default:
				s.ends[i].arrive(id, &want)
			}
		}
	}
	return want
}

// arrive is a message in a queue that loses the oldest, or the newest.
func (e *endpoint) arrive(id uint64, want *sp.Counters) {
	preferNew := e.cfg.PreferNew || e.s.in == responses
	for len(e.queue) >= e.cfg.RecvBuffer {
		want.DroppedFull++
		if !preferNew {
			return
		}
		e.queue = e.queue[1:]
		want.RecvQueue--
	}
	e.queue = append(e.queue, id)
	want.RecvQueue++
}

func (e *endpoint) wants(data []byte) bool {
	return e.topics[""] || e.topics[string(data[:1])] || e.topics[string(data[:2])]
}

// within reports whether a message has passed through no more nodes than the TTL allows.
func (s *socket) within(data []byte) bool {
	switch {
	case s.in == questions || s.out == toNamed:
		_, err := wire.BacktraceLen(data, s.cfg.TTL)
		return err == nil
	case s.w.pattern.name == "pair1" || s.w.pattern.polyamorous:
		hops, err := wire.Hops(data)
		return err == nil && hops <= s.cfg.TTL
	}
	return true
}

func verdict(v sp.Verdict) string {
	return [sp.Verdicts]string{"OK", "Wait", "Closed", "Busy", "TooSmall", "TooLarge", "NoRequest", "NoSurvey", "NoQuestion", "Receiving",
		"Replaced", "SurveyOver", "PeerGone", "OtherSocket", "BadHeader", "CannotSend", "CannotReceive"}[v]
}

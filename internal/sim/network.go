package sim

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/sp"
)

// world is a network.
type world struct {
	pattern *pattern
	clock   int64
	random  *rand.Rand
	trace   func(string)

	sockets []*socket
	pipes   []*pipe // that have not ended
	callers []*caller
	sizes   []int // of the bodies, by message number
	topics  []string
	peers   uint32
	devices int
}

// socket is a state machine with a shell around it, as package gonng is one, and what the
// simulation knows of its state.
type socket struct {
	w      *world
	number int
	side   int
	raw    bool
	out    outflow
	in     inflow
	x      sp.Protocol
	core   *sp.Core
	cfg    sp.Config
	ends   []*endpoint
	pipes  []*pipe
	closed bool
	alarm  int64 // when the timer fires; 0: it is not set
	device int   // 0: none
	to     *socket
	way    *caller  // that forwards to it
	faulty []*pipe  // to disconnect
	held   []uint64 // messages that wait for a peer to come
	most   sp.Config
}

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

// pipe is one end of a connection.
type pipe struct {
	sp.Peer
	s        *socket
	other    *pipe
	number   int
	token    bool // somebody writes
	closing  bool // its outbox is closed
	detached bool
	ended    bool
	accepted []uint64      // messages that are to be written
	mixed    bool          // their order is not known
	incoming []msg.Message // on their way from the other end
	queue    []uint64      // what has come from it and is to be received

	sent, more               uint64 // accepted before and in the present call
	written, delivered, lost uint64 // written here; of the other end's
	forged                   uint64 // of those written: by a liar
	lies                     bool   // the other end
	batch                    int    // messages that were delivered at once, at most
}

func (w *world) fail(kind, format string, args ...any) {
	panic(&violation{kind, ": " + fmt.Sprintf(format, args...)})
}

// note says what a step does.
func (w *world) note(format string, args ...any) {
	if w.trace != nil {
		w.trace(fmt.Sprintf(format, args...))
	}
}

func (s *socket) String() string {
	form := ""
	if s.raw {
		form = "raw "
	}
	if s.device > 0 {
		form = "device's "
	}
	return fmt.Sprintf("%s%s socket %d", form, s.w.pattern.name, s.number)
}

func (e *endpoint) String() string {
	return fmt.Sprintf("%v endpoint %d", e.s, slices.Index(e.s.ends, e))
}

func (p *pipe) String() string { return fmt.Sprintf("pipe %d of %v", p.number, p.s) }

// begin makes the first sockets.
func (w *world) begin() {
	for i := range 2 {
		w.open(i%len(w.pattern.sides), false, w.config(w.random.Uint32()))
	}
}

// config is a configuration.
func (w *world) config(n uint32) sp.Config {
	cfg := sp.Config{TTL: 1 + int(n%4), PreferNew: n&16 == 0, Polyamorous: w.pattern.polyamorous}
	cfg.SendBuffer = []int{0, 1, 2, 5}[n>>5%4]
	cfg.RecvBuffer = []int{0, 1, 3, 10}[n>>7%4]
	cfg.ResendTime = []time.Duration{0, time.Second, 3 * time.Second, time.Minute}[n>>9%4]
	cfg.SurveyTime = []time.Duration{time.Second, time.Second, 2 * time.Second, 0}[n>>11%4]
	return cfg
}

// open makes a socket.
func (w *world) open(side int, raw bool, cfg sp.Config) *socket {
	of := &w.pattern.sides[side]
	s := &socket{w: w, number: len(w.sockets), side: side, raw: raw, out: of.out, in: of.in}
	if raw {
		s.x = sp.NewRaw(of.kind)
		s.out, s.in = of.raw()
	} else {
		s.x = of.make()
	}
	switch s.in {
	case subscribed, responses: // so that the simulation knows what is lost
		cfg.RecvBuffer = max(cfg.RecvBuffer, 1)
	}
	s.core = s.x.Base()
	s.core.Clock, s.core.Random = func() int64 { return w.clock }, w.random.Uint32
	s.cfg, s.most = cfg, mostOf(cfg, cfg)
	s.x.Configure(cfg)
	s.endpoint(cfg)
	w.sockets = append(w.sockets, s)
	return s
}

// mostOf is the longest queues that two configurations allow.
func mostOf(a, b sp.Config) sp.Config {
	longest := func(n, m int) int {
		if n == 0 || m == 0 {
			return math.MaxInt
		}
		return max(n, m)
	}
	return sp.Config{SendBuffer: longest(a.SendBuffer, b.SendBuffer), RecvBuffer: longest(a.RecvBuffer, b.RecvBuffer)}
}

// endpoint makes the socket's own endpoint, or one more.
func (s *socket) endpoint(cfg sp.Config) *endpoint {
	e := &endpoint{s: s, core: s.x.NewEndpoint(), cfg: cfg, failed: sp.Wait, topics: make(map[string]bool)}
	if _, ok := e.core.(sp.Protocol); !ok {
		e.core.Configure(cfg)
	}
	if s.in == subscribed && s.raw {
		e.topics[""] = true
	}
	s.ends = append(s.ends, e)
	return e
}

// fits reports whether two sockets may be connected. Devices have an order, so that nothing
// goes round for ever.
func fits(a, b *socket) bool {
	switch {
	case a == b || a.closed || b.closed:
		return false
	case len(a.w.pattern.sides) == 1:
		return a.device == 0 || b.device == 0
	case a.side != 0 || b.side != 1:
		return false
	}
	return a.device == 0 || b.device == 0 || a.device < b.device
}

// connect makes a connection, unless one of the sockets has its peer already.
func (w *world) connect(a, b *socket) {
	p, q := w.pipe(a), w.pipe(b)
	p.other, q.other = q, p
	vp, vq := p.admit(), q.admit()
	if vp != sp.OK || vq != sp.OK {
		w.note("%v and %v do not connect: a pair has its peer", a, b)
		for _, x := range []*pipe{p, q} { // also of one that was not admitted
			x.CloseOutbox()
			x.s.call(func() { x.s.x.Detach(&x.Peer) })
		}
		return
	}
	w.note("%v connects with %v", p, q)
	for _, x := range []*pipe{p, q} {
		x.s.pipes = append(x.s.pipes, x)
		w.pipes = append(w.pipes, x)
		x.s.call(func() { x.s.x.Attach(&x.Peer) })
	}
}

func (w *world) pipe(s *socket) *pipe {
	w.peers++
	p := &pipe{s: s, number: int(w.peers)}
	p.Init(s.x, p, w.peers, new(msg.List), new(msg.List), 0)
	p.Priority = 1 + w.random.IntN(2)
	p.Lazy = w.random.IntN(2) == 0
	return p
}

func (p *pipe) admit() (v sp.Verdict) {
	p.s.call(func() {
		var other *sp.Peer
		if v, other = p.s.x.Admit(&p.Peer); v == sp.Busy && other == nil {
			p.s.w.fail("busy because of nobody", "%v", p)
		}
	})
	return v
}

// write takes what there is to write and puts some of it on its way.
func (w *world) write(p *pipe, n uint32) {
	if !p.token || p.detached || p.other.ended || len(p.other.incoming) > 64 {
		return
	}
	list := p.Current().(*msg.List)
	if list.Len() == 0 {
		queued, work := p.SendQueue(), false
		p.s.call(func() { work = p.Take() })
		if !work {
			if queued > 0 {
				w.fail("nothing is taken of what waits", "%v, %d messages", p, queued)
			}
			p.token = false
			w.note("%v has nothing more to write", p)
			return
		}
		if list = p.Current().(*msg.List); list.Len() != queued {
			w.fail("taken is not what waited", "%v: %d of %d messages", p, list.Len(), queued)
		}
	}
	k := 1 + int(n)%list.Len()
	w.note("%v writes %d of %d messages", p, k, list.Len())
	total := 0
	for _, m := range list.Messages()[:k] {
		total += len(m.Data)
	}
	chunk := msg.NewBuffer(total) // as a read brings them
	chunk.Retain(k - 1)
	rest := chunk.Bytes()
	for _, m := range list.Messages()[:k] {
		w.checkAccepted(p, number(m.Data))
		n := copy(rest, m.Data)
		p.other.incoming = append(p.other.incoming, msg.In(chunk, rest[:n:n]))
		rest = rest[n:]
		m.Release()
	}
	list.Forget(k)
	p.written += uint64(k)
}

// checkAccepted checks that messages are written in the order in which they were accepted.
func (w *world) checkAccepted(p *pipe, id uint64) {
	if p.s.out == request && !p.s.raw { // resends, too
		return
	}
	if len(p.accepted) == 0 || !p.mixed && p.accepted[0] != id {
		w.fail("written is not what was accepted", "%v: message %d, accepted %v", p, id, p.accepted)
	}
	p.accepted = p.accepted[1:]
}

// body makes a message of that size with a number of its own.
func (w *world) body(topic string, size int, question uint64) (body []byte, id uint64) {
	id = uint64(len(w.sizes))
	size = max(size, 18)
	w.sizes, w.topics = append(w.sizes, size), append(w.topics, topic)
	body = make([]byte, size)
	for i := copy(body, topic); i < size-16; i++ {
		body[i] = byte(id)
	}
	binary.BigEndian.PutUint64(body[size-16:], question)
	binary.BigEndian.PutUint64(body[size-8:], id)
	return body, id
}

// number is that of the message, whatever header it has; questionOf is of the one that it
// answers.
func number(data []byte) uint64     { return binary.BigEndian.Uint64(data[len(data)-8:]) }
func questionOf(data []byte) uint64 { return binary.BigEndian.Uint64(data[len(data)-16:]) }

// checkBody checks that a message is still what it was.
func (w *world) checkBody(body []byte) uint64 {
	id := uint64(0)
	if len(body) >= 18 {
		id = number(body)
	}
	if id >= uint64(len(w.sizes)) || len(body) != w.sizes[id] {
		w.fail("a message has changed", "%d bytes, number %d", len(body), id)
	}
	for _, b := range body[2 : len(body)-16] {
		if b != byte(id) {
			w.fail("a message has changed", "number %d", id)
		}
	}
	return id
}

// cut ends a connection: nothing more can be sent. What is on its way may still arrive.
func (w *world) cut(p *pipe) {
	w.note("the connection of %v and %v is cut", p, p.other)
	for _, x := range []*pipe{p, p.other} {
		if !x.closing {
			x.closing = true
			x.s.call(func() { x.CloseOutbox() })
		}
	}
}

// writeFails is a peer that does not read any more; what it sent is still received.
func (w *world) writeFails(p *pipe) {
	if p.closing {
		return
	}
	w.note("%v cannot be written any more", p)
	p.closing, p.detached, p.token = true, true, false
	p.s.detaching(p)
	p.s.call(func() {
		p.WriteFailed()
		p.s.x.Detach(&p.Peer)
	})
}

// end is the last of a pipe that is closing: nothing comes from it any more.
func (w *world) end(p *pipe) {
	w.note("%v ends, with %d messages on their way to it", p, len(p.incoming))
	if !p.other.closing {
		w.cut(p)
	}
	for _, m := range p.incoming {
		m.Release()
	}
	p.lost += uint64(len(p.incoming))
	p.incoming = nil
	p.ended, p.token = true, false
	left := p.SendQueue() + p.Current().Len()
	p.s.detaching(p)
	p.s.call(func() {
		if unsent := p.Discard(); unsent < left {
			w.fail("messages are lost without a count", "%v: %d of %d", p, unsent, left)
		}
		p.s.x.Detach(&p.Peer)
	})
	p.detached = true
	p.s.pipes = slices.DeleteFunc(p.s.pipes, func(o *pipe) bool { return o == p })
	w.pipes = slices.DeleteFunc(w.pipes, func(o *pipe) bool { return o == p })
}

// detaching is before the state machine learns that p has gone.
func (s *socket) detaching(p *pipe) {
	for _, e := range s.ends {
		if s.in == replies && e.open && e.to == p && e.cfg.ResendTime == 0 {
			e.open, e.failed = false, sp.PeerGone
		}
	}
}

// pass lets time pass.
func (w *world) pass(d int64) {
	w.clock += d
	w.note("%v pass", time.Duration(d))
	for _, s := range w.sockets {
		if s.closed || s.alarm == 0 || s.alarm > w.clock {
			continue
		}
		s.alarm = 0
		for _, e := range s.ends {
			if s.in == responses && e.open && e.until <= w.clock {
				e.open, e.over = false, true
			}
		}
		s.call(s.x.Expire)
		s.alarm = s.x.Next()
	}
}

// closeSocket closes a socket: who waits is told, what was accepted is still written.
func (w *world) closeSocket(s *socket) {
	w.note("%v closes", s)
	s.closed = true
	unsent := s.core.Counters.Unsent
	s.call(s.x.Close)
	if n := s.core.Counters.Unsent - unsent; n != uint64(len(s.held)) {
		w.fail("unsent is not what was kept", "%v: %d, not %d", s, n, len(s.held))
	}
	s.held = nil
}

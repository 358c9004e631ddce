package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

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

func (w *world) fail(kind, format string, args ...any) {
	panic(&violation{kind, ": " + fmt.Sprintf(format, args...)})
}

// note says what a step does.
func (w *world) note(format string, args ...any) {
	if w.trace != nil {
		w.trace(fmt.Sprintf(format, args...))
	}
}

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

// closeSocket closes a socket. Calls that wait end; messages that were accepted are still
// written.
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

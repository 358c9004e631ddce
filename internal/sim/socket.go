package sim

import (
	"fmt"
	"math"

	"github.com/gonng/gonng/internal/sp"
)

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

// sendHeld notes that n messages which were kept have gone to peers.
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
	for w := range e.TakeWakes().All() {
		c := w.Owner.(*caller)
		if c.woken {
			s.w.fail("woken twice", "%v", c)
		}
		c.woken = true
		if w.Verdict == sp.SurveyOver && !c.e.awake() {
			c.e.over = false // that is told to nobody else
		}
	}
	flushes := e.TakeFlushes()
	for p := flushes.Next(); p != nil; p = flushes.Next() {
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

// detaching notes what has to happen when the state machine learns that p has gone; it is
// called before that.
func (s *socket) detaching(p *pipe) {
	for _, e := range s.ends {
		if s.in == replies && e.open && e.to == p && e.cfg.ResendTime == 0 {
			e.open, e.failed = false, sp.PeerGone
		}
	}
}

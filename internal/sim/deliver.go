package sim

import (
	"slices"

	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/wire"
)

// deliver delivers to p some of the messages that are on their way.
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

// expect returns how a batch has to change the counters, and notes which messages are to be
// received.
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

// arrive puts a message into a queue which, when it is full, loses the oldest message or the
// new one.
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

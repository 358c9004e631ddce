package sim

import (
	"slices"

	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/wire"
)

// lie has the peer of p send what an honest one would not: an answer that nobody has asked
// for, one a second time, a header that makes no sense, or anything to a socket that
// does not receive.
func (w *world) lie(p *pipe, n uint32) {
	var lie msg.Message
	switch answers := p.s.in == replies || p.s.in == responses; {
	case answers && n%3 == 0:
		body, _ := w.body("aa", 20, 1<<60)
		lie = msg.Copy(append(wire.AppendID(nil, n|wire.EndBit), body...))
		w.note("%v gets an answer to no question", p)
	case answers && n%3 == 1 && len(p.incoming) > 0 && !p.lies:
		lie = msg.Copy(p.incoming[0].Data)
		w.note("%v gets an answer twice", p)
	case p.s.in == fromNobody && n%3 == 0:
		body, _ := w.body("aa", 20, 0)
		lie = msg.Copy(body)
		w.note("%v gets a message, which it does not receive", p)
	case n%12 == 2 && p.s.checksHeaders():
		lie, p.lies = msg.Copy([]byte("abc")), true
		w.note("%v gets a malformed message", p)
	default:
		return
	}
	p.incoming = slices.Insert(p.incoming, 0, lie)
	p.other.written++
	p.other.forged++
}

// checksHeaders reports whether there are headers that make no sense to a socket.
func (s *socket) checksHeaders() bool {
	return s.in != fromNobody && s.w.pattern.sides[s.side].kind.Header != sp.NoHeader
}

// tooLarge is a reply that the connection has skipped.
func (w *world) tooLarge(p *pipe) {
	if p.Held || p.s.in != replies || p.s.closed || len(p.incoming) == 0 || p.lies {
		return
	}
	m := p.incoming[0]
	p.incoming = slices.Delete(p.incoming, 0, 1)
	p.delivered++
	i := slices.IndexFunc(p.s.ends, func(e *endpoint) bool { return e.open && e.question == questionOf(m.Data) })
	w.note("a message that arrives at %v is too large", p)
	late := uint64(1)
	if i >= 0 {
		e := p.s.ends[i]
		e.open, e.failed, late = false, sp.TooLarge, 0
	}
	if d := p.s.call(func() { p.s.x.TooLarge(&p.Peer, m.Data[:8], 1<<30) }); d.LateReplies != late || d.RecvQueue != 0 {
		w.fail("the books of a message that is too large do not balance", "%v: %+v, want %d late", p, d, late)
	}
	m.Release()
}

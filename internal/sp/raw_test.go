package sp

import (
	"testing"

	"github.com/gonng/gonng/internal/msg"
)

// rawKinds are the raw protocols, as the root package has them.
var rawKinds = map[string]RawKind{
	"pair0":      {Send: ToOne, Recv: Fairly, Single: true},
	"pair1":      {Send: ToOne, Recv: Fairly, Header: Hops, Single: true},
	"pub":        {Send: ToAll},
	"sub":        {Recv: Lossily},
	"req":        {Send: ToOne, Recv: Fairly, Header: Answer},
	"rep":        {Send: ToNamed, Recv: Fairly, Header: Backtrace, Traced: true},
	"push":       {Send: ToOne},
	"pull":       {Recv: Fairly},
	"surveyor":   {Send: ToAll, Recv: Fairly, Header: Answer},
	"respondent": {Send: ToNamed, Recv: Fairly, Header: Backtrace, Traced: true},
	"bus":        {Send: ToOthers, Recv: Fairly, Traced: true},
}

func newRaw(t *testing.T, name string, cfg Config) *rig {
	return newRig(t, NewRaw(rawKinds[name]), cfg)
}

// sendRaw offers a header and a body.
func (r *rig) sendRaw(header, body string) Verdict {
	return r.Offer(&Message{Data: msg.NewMessage([]byte(header + body)).WithHeader(len(header))})
}

// popRaw receives a message and returns its header and body.
func (r *rig) popRaw() (m Message, header, body string) {
	r.Helper()
	equal(r.T, "verdict", r.Pop(&m, 1<<20, nil), OK)
	return m, string(m.Data.Data[:m.Data.Header]), string(m.Data.Body())
}

// TestRawSends: where each raw protocol sends what.
func TestRawSends(t *testing.T) {
	for _, row := range []struct {
		name, header, body string
		a, b               string // what the peers get; "-" nothing
	}{
		{"pair1", word(1), "x", word(2) + "x", "-"},
		{"pub", "", "x", "x", "x"},
		{"req", end(7), "x", end(7) + "x", "-"},
		{"rep", word(2) + end(7), "x", "-", end(7) + "x"},
		{"push", "", "x", "x", "-"},
		{"surveyor", end(7), "x", end(7) + "x", end(7) + "x"},
		{"respondent", word(1) + word(5) + end(7), "x", word(5) + end(7) + "x", "-"},
		{"bus", word(1), "x", "-", "x"},
		{"bus", word(77), "x", "x", "x"},
		{"bus", "", "x", "x", "x"},
	} {
		r := newRaw(t, row.name, Config{Polyamorous: row.name == "pair1"})
		a, b := r.connect(), r.connect()
		equal(t, row.name+": verdict", r.sendRaw(row.header, row.body), OK)
		for i, want := range []string{row.a, row.b} {
			got := r.written([]*Peer{a, b}[i])
			if want == "-" {
				equal(t, row.name+": written", got, nil)
			} else {
				equal(t, row.name+": written", got, []string{want})
			}
		}
	}
}

// TestRawAnswerNeedsPeer: an answer to nobody, to one who has gone or who is full is
// dropped and counted.
func TestRawAnswerNeedsPeer(t *testing.T) {
	for _, name := range []string{"rep", "respondent"} {
		r := newRaw(t, name, Config{SendBuffer: 1})
		p, gone := r.connect(), r.connect()
		r.disconnect(gone)
		equal(t, "peers that are known by their numbers", len(r.Protocol.(*Raw).byID.entries), 1)
		equal(t, "verdict", r.sendRaw("", "x"), OK)
		r.sendRaw(word(77)+end(1), "x")
		r.sendRaw(word(gone.ID)+end(1), "x")
		foreign := Message{Data: msg.NewMessage([]byte("x")), Peer: newRaw(t, name, Config{}).connect(), Traced: true}
		equal(t, "verdict for another socket's peer", r.Offer(&foreign), OK)
		equal(t, "no peer", r.c.Counters.NoPeer, 4)
		r.sendRaw(word(p.ID)+end(1), "x")
		r.sendRaw(word(p.ID)+end(1), "y")
		equal(t, "lost", [2]uint64{p.DroppedFull, r.c.Counters.DroppedFull}, [2]uint64{1, 1})
		equal(t, "written", r.written(p), []string{end(1) + "x"})
	}
}

// TestRawDevice: a question passes through two raw sockets with a trail, and its answer
// finds the way back.
func TestRawDevice(t *testing.T) {
	for _, names := range [][2]string{{"rep", "req"}, {"respondent", "surveyor"}} {
		front, back := newRaw(t, names[0], Config{}), newRaw(t, names[1], Config{})
		front.connect()
		asker := front.connect()
		server := back.connect()
		front.deliver(asker, end(7)+"question")
		m, header, _ := front.popRaw()
		equal(t, "traced", m.Traced && m.Peer == asker, true)
		equal(t, "header", header, end(7))
		equal(t, "verdict", back.Offer(&m), OK)
		equal(t, "question", back.written(server), []string{word(asker.ID) + end(7) + "question"})
		back.deliver(server, word(asker.ID)+end(7)+"answer")
		m, header, _ = back.popRaw()
		equal(t, "header", header, word(asker.ID))
		equal(t, "verdict", front.Offer(&m), OK)
		equal(t, "answer", front.written(asker), []string{end(7) + "answer"})
	}
}

// TestRawBusDevice: what came from one bus goes to all of the other, and back to its own
// but for the peer that sent it.
func TestRawBusDevice(t *testing.T) {
	x, y := newRaw(t, "bus", Config{}), newRaw(t, "bus", Config{})
	a, b := x.connect(), x.connect()
	c := y.connect() // with the ID of a
	x.deliver(a, "1")
	m, _, _ := x.popRaw()
	y.Offer(&m)
	equal(t, "to the other bus", y.written(c), []string{"1"})
	x.deliver(a, "2")
	m, _, _ = x.popRaw()
	x.Offer(&m)
	equal(t, "back to the sender", x.written(a), nil)
	equal(t, "back to the other", x.written(b), []string{"2"})
}

// TestRawPair1Header: a message without a hop count is refused; one that cannot be counted
// any more is dropped.
func TestRawPair1Header(t *testing.T) {
	r := newRaw(t, "pair1", Config{})
	p := r.connect()
	equal(t, "without a header", r.sendRaw("", "x"), BadHeader)
	equal(t, "with another header", r.sendRaw(end(1), "x"), BadHeader)
	equal(t, "after 255 hops", r.sendRaw(word(255), "x"), OK)
	equal(t, "dropped", r.c.Counters.TTLExceeded, 1)
	equal(t, "written", r.written(p), nil)
	r.sendRaw(word(254), "x")
	equal(t, "written", r.written(p), []string{word(255) + "x"})
}

// TestRawPolyamorous: a raw pair1 can have many peers, and names one.
func TestRawPolyamorous(t *testing.T) {
	r := newRaw(t, "pair1", Config{Polyamorous: true, SendBuffer: 1})
	r.connect()
	b := r.connect()
	for range 2 {
		m := Message{Data: msg.NewMessage([]byte(word(1) + "x")).WithHeader(4), Peer: b}
		equal(t, "verdict", r.Offer(&m), OK)
	}
	equal(t, "written", r.written(b), []string{word(2) + "x"})
	equal(t, "lost", b.DroppedFull, 1)
}

// TestRawPolyamorousDevice: a message of another socket's peer names nobody here: it goes to
// any peer.
func TestRawPolyamorousDevice(t *testing.T) {
	x, y := newRaw(t, "pair1", Config{Polyamorous: true}), newRaw(t, "pair1", Config{Polyamorous: true})
	a, b := x.connect(), y.connect()
	x.deliver(a, word(1)+"1")
	m, _, _ := x.popRaw()
	equal(t, "verdict", y.Offer(&m), OK)
	equal(t, "written", y.written(b), []string{word(2) + "1"})
}

// TestRawReceives: which header each raw protocol finds.
func TestRawReceives(t *testing.T) {
	for _, row := range []struct {
		name, data, header, body string
		traced                   bool
	}{
		{"pair0", "x", "", "x", false},
		{"pair1", word(8) + "x", word(8), "x", false},
		{"sub", "x", "", "x", false},
		{"req", end(1) + "x", end(1), "x", false},
		{"surveyor", word(3) + end(1), word(3), end(1), false},
		{"rep", word(3) + end(1) + "x", word(3) + end(1), "x", true},
		{"respondent", end(1) + "x", end(1), "x", true},
		{"pull", "x", "", "x", false},
		{"bus", "x", "", "x", true},
	} {
		r := newRaw(t, row.name, Config{})
		p := r.connect()
		w := r.receive(r)
		r.deliver(p, row.data)
		equal(t, row.name+": woken", r.woken(), []*Waiter{w})
		equal(t, row.name+": CanRecv", r.CanRecv(), true)
		m, header, body := r.popRaw()
		equal(t, row.name+": header", header, row.header)
		equal(t, row.name+": body", body, row.body)
		equal(t, row.name+": peer", m.Peer == p, true)
		equal(t, row.name+": traced", m.Traced, row.traced)
		r.receive(r)
		r.Close()
		equal(t, row.name+": woken by Close", len(r.woken()), 1)
	}
}

// TestRawHeaders: the TTL holds for raw sockets, and a header that makes no sense makes the
// peer faulty.
func TestRawHeaders(t *testing.T) {
	for _, row := range []struct{ name, tooFar, malformed string }{
		{"pair1", word(9), "\x01\x00\x00\x01"},
		{"rep", word(1) + word(2) + word(3) + word(4) + word(5) + word(6) + word(7) + word(8) + end(1), "abc"},
		{"respondent", word(1) + word(2) + word(3) + word(4) + word(5) + word(6) + word(7) + word(8) + end(1), word(1)},
		{"req", "", "abc"},
		{"surveyor", "", "abc"},
	} {
		r := newRaw(t, row.name, Config{})
		p := r.connect()
		if row.tooFar != "" {
			r.deliver(p, row.tooFar)
			equal(t, row.name+": dropped", r.c.Counters.TTLExceeded, 1)
			equal(t, row.name+": faulty", r.c.Effects.NextFaulty(), nil)
		}
		r.deliver(p, row.malformed)
		equal(t, row.name+": faulty", r.c.Effects.NextFaulty(), p)
		equal(t, row.name+": CanRecv", r.CanRecv(), false)
	}
}

// TestRawSub: it receives all, holds up nobody, and loses the oldest or the newest.
func TestRawSub(t *testing.T) {
	for _, preferNew := range []bool{true, false} {
		r := newRaw(t, "sub", Config{RecvBuffer: 2, PreferNew: preferNew})
		p := r.connect()
		equal(t, "more", r.deliver(p, "1", "2", "3"), true)
		equal(t, "dropped", r.c.Counters.DroppedFull, 1)
		first, next := new(Waiter), new(Waiter)
		r.Await(first)
		r.Await(next)
		want := []string{"1", "2"}
		if preferNew {
			want = []string{"2", "3"}
		}
		body, _ := r.recv(r)
		equal(t, "received", body, want[0])
		equal(t, "woken for the rest", r.woken(), []*Waiter{first})
		r.wantRecv(r, want[1])
	}
}

// TestRawHoldsBack: a raw socket that receives fairly holds back a peer, as a cooked one.
func TestRawHoldsBack(t *testing.T) {
	for _, name := range []string{"pair0", "pair1", "req", "rep", "pull", "surveyor", "respondent", "bus"} {
		r := newRaw(t, name, Config{RecvBuffer: 1})
		p := r.connect()
		equal(t, name+": more", r.deliver(p, end(1)+"x"), name == "pair1") // there it is no hop count
		if name == "pair1" {
			equal(t, name+": more", r.deliver(p, word(1)+"x"), false)
		}
		r.recv(r)
		equal(t, name+": read on", r.resumed(), []*Peer{p})
	}
}

package sp

import (
	"testing"
)

// pairs are the pairs that have one peer.
func pairs() map[string]Protocol {
	return map[string]Protocol{
		"pair0": NewPair(0), "pair1": NewPair(1),
		"raw pair0": NewRaw(RawKind{Send: ToOne, Recv: Fairly, Single: true}),
	}
}

// TestPairHasOnePeer: a second is busy until the first has gone, or until the first cannot
// be sent to any more; then what that sent is still received.
func TestPairHasOnePeer(t *testing.T) {
	for name, x := range pairs() {
		r := newRig(t, x, Config{})
		first, second := r.connect(), r.newPeer()
		v, other := r.Admit(second)
		equal(t, name+": verdict", v, Busy)
		equal(t, name+": other", other, first)
		v, _ = r.Admit(first)
		equal(t, name+": verdict for the first again", v, OK)
		body := "1"
		if name == "pair1" {
			body = word(1) + body
		}
		r.deliver(first, body)
		first.WriteFailed()
		r.Detach(first)
		r.attach(second)
		r.Detach(first) // its end, later: the place is the second's
		v, _ = r.Admit(r.newPeer())
		equal(t, name+": verdict for a third", v, Busy)
		equal(t, name+": verdict", r.send(r, "2"), OK)
		equal(t, name+": send queue of the second", second.SendQueue(), 1)
		r.wantRecv(r, "1")
	}
}

// TestPlaceGivenBack: a peer that was admitted and not attached gives its place back.
func TestPlaceGivenBack(t *testing.T) {
	for name, x := range pairs() {
		r := newRig(t, x, Config{})
		p := r.newPeer()
		r.Admit(p)
		v, _ := r.Admit(r.newPeer())
		equal(t, name+": verdict while the place is reserved", v, Busy)
		r.Detach(p)
		r.connect()
	}
}

// TestPair1Hops: what is sent has made one hop; what has made more than the TTL allows is
// dropped and counted; what is no hop count makes the peer faulty.
func TestPair1Hops(t *testing.T) {
	r := newRig(t, NewPair(1), Config{TTL: 3})
	p := r.connect()
	r.send(r, "x")
	equal(t, "written", r.written(p), []string{word(1) + "x"})
	r.deliver(p, word(0)+"0", word(3)+"3", word(4)+"4", word(255)+"255", word(1)+"1")
	r.wantRecv(r, "0", "3", "1")
	equal(t, "dropped", r.c.Counters.TTLExceeded, 2)
	equal(t, "faulty", r.c.Effects.NextFaulty(), nil)
	for i, data := range []string{word(256), "\x01\x00\x00\x01", "abc", ""} {
		r := newRig(t, NewPair(1), Config{})
		p := r.connect()
		r.deliver(p, data, word(1)+"good")
		equal(t, "faulty", r.c.Effects.NextFaulty(), p)
		equal(t, "malformed", r.c.Counters.Malformed, 1)
		if p.Fault == nil {
			t.Errorf("case %d: there is no fault", i)
		}
		r.wantRecv(r, "good")
	}
}

// TestPolyamorous: many peers; a message goes to the one that it names, or to any. One
// that is full or gone loses it; a foreign one is refused.
func TestPolyamorous(t *testing.T) {
	r := newRig(t, NewPair(1), Config{Polyamorous: true, SendBuffer: 1})
	a, b := r.connect(), r.connect()
	h := word(1)
	equal(t, "verdict", r.sendTo(b, "1"), OK)
	alone := newRig(t, NewPair(1), Config{Polyamorous: true, SendBuffer: 1})
	alone.sendTo(alone.connect(), "1")
	equal(t, "CanSend with the only peer full", alone.CanSend(), false)
	equal(t, "verdict with b full", r.sendTo(b, "2"), OK)
	equal(t, "lost", [2]uint64{b.DroppedFull, r.c.Counters.DroppedFull}, [2]uint64{1, 1})
	equal(t, "verdict", r.send(r, "3"), OK)
	equal(t, "with both full", r.send(r, "4"), Wait)
	equal(t, "to a", r.written(a), []string{h + "3"})
	equal(t, "to b", r.written(b), []string{h + "1"})
	equal(t, "verdict", r.send(r, "5"), OK)
	equal(t, "verdict", r.send(r, "6"), OK)
	equal(t, "to a and b", [2]int{a.SendQueue(), b.SendQueue()}, [2]int{1, 1})
	r.disconnect(a)
	equal(t, "verdict with a gone", r.sendTo(a, "7"), OK)
	equal(t, "no peer", r.c.Counters.NoPeer, 1)
	foreign := newRig(t, NewPair(1), Config{Polyamorous: true}).connect()
	equal(t, "verdict for another socket's peer", r.sendTo(foreign, "8"), OtherSocket)

	r.deliver(b, h+"x")
	var m Message
	r.Pop(&m, 10, nil)
	equal(t, "peer of a message", m.Peer, b)
}

// TestMonogamousIgnoresNames: a pair that has one peer sends to it, whatever is named.
func TestMonogamousIgnoresNames(t *testing.T) {
	r := newRig(t, NewPair(1), Config{})
	foreign := newRig(t, NewPair(1), Config{}).connect()
	p := r.connect()
	equal(t, "verdict", r.sendTo(foreign, "1"), OK)
	equal(t, "written", r.written(p), []string{word(1) + "1"})
}

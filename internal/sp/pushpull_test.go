package sp

import "testing"

// TestOneWay: what does not send refuses, what does not receive drops and counts.
func TestOneWay(t *testing.T) {
	for name, x := range map[string]Protocol{
		"push": NewPush(), "pub": NewPub(),
		"raw push": NewRaw(RawKind{Send: ToOne}), "raw pub": NewRaw(RawKind{Send: ToAll}),
	} {
		r := newRig(t, x, Config{})
		p := r.connect()
		equal(t, name+": more", r.deliver(p, "1", "2"), true)
		equal(t, name+": unexpected", r.c.Counters.Unexpected, 2)
		_, v := r.recv(r)
		equal(t, name+": verdict", v, CannotReceive)
		equal(t, name+": CanRecv", r.CanRecv(), false)
	}
	for name, x := range map[string]Protocol{
		"pull": NewPull(), "sub": NewSub(),
		"raw pull": NewRaw(RawKind{Recv: Fairly}), "raw sub": NewRaw(RawKind{Recv: Lossily}),
	} {
		r := newRig(t, x, Config{})
		r.connect()
		equal(t, name+": verdict", r.send(r, "1"), CannotSend)
		equal(t, name+": CanSend", r.CanSend(), false)
	}
}

// TestPubNeverWaits: without a peer, too.
func TestPubNeverWaits(t *testing.T) {
	for _, x := range []Protocol{NewPub(), NewBus(), NewSurveyor(), NewRaw(RawKind{Send: ToAll})} {
		r := newRig(t, x, Config{SendBuffer: 1})
		equal(t, "verdict", r.send(r, "1"), OK)
		equal(t, "CanSend", r.CanSend(), true)
		r.connect() // and does not read
		for range 3 {
			equal(t, "verdict with a peer that is full", r.send(r, "1"), OK)
		}
		equal(t, "CanSend", r.CanSend(), true)
		equal(t, "dropped", r.c.Counters.DroppedFull, 2)
	}
}

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

// TestIdle: who sends a large message waits only for the one peer that gets it, only if that
// has nothing else to take, and only without a send buffer.
func TestIdle(t *testing.T) {
	type idler interface {
		Protocol
		Idle(*Message) *Peer
	}
	for name, create := range map[string]func() idler{
		"push": func() idler { return NewPush() }, "pair0": func() idler { return NewPair(0) }, "pair1": func() idler { return NewPair(1) },
	} {
		x := create()
		r := newRig(t, x, Config{})
		equal(t, name+" without a peer", x.Idle(new(Message)), nil)
		p := r.connect()
		equal(t, name+" with a peer", x.Idle(new(Message)), p)
		equal(t, name+": verdict", r.send(r, "1"), OK)
		equal(t, name+" with a message to write", x.Idle(new(Message)), nil)
		p.Take()
		equal(t, name+" while it is written", x.Idle(new(Message)), nil)
		r.written(p)
		equal(t, name+" when it is written", x.Idle(new(Message)), p)
		r.Configure(Config{SendBuffer: 1})
		equal(t, name+" with a send buffer", x.Idle(new(Message)), nil)
		r.Configure(Config{})
		p.CloseOutbox()
		equal(t, name+" with a peer that retires", x.Idle(new(Message)), nil)
	}
	push := NewPush()
	r := newRig(t, push, Config{})
	r.connect()
	r.connect()
	equal(t, "push with two peers", push.Idle(new(Message)), nil)
	pair := NewPair(1)
	r = newRig(t, pair, Config{Polyamorous: true})
	p := r.connect()
	equal(t, "a message for whoever is there", pair.Idle(new(Message)), p)
	equal(t, "a message for a pipe", pair.Idle(&Message{Peer: p}), nil)
}

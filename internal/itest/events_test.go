package itest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// eventsOf are the events of the socket so far.
func eventsOf(s gonng.Socket) (events []gonng.Event) {
	for _, e := range gonng.Events() {
		if e.Socket == s.ID() {
			events = append(events, e)
		}
	}
	return events
}

// kindsOf are their kinds, and the reasons of drops.
func kindsOf(events []gonng.Event) string {
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, strings.TrimSpace(e.Kind.String()+" "+e.Reason))
	}
	return strings.Join(kinds, "; ")
}

// Events has what happened to the connections of a socket, also when it is closed, and
// OnEvent calls for the same.
func TestEvents(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := open(t, gonng.NewPull0, gonng.WithName("sink"))
	heard := make(chan gonng.Event, 100)
	remove := gonng.OnEvent(func(e gonng.Event) {
		if e.Socket == s.ID() {
			heard <- e
		}
	})
	next := func(kind gonng.EventKind) gonng.Event {
		e := wait(t, "the event "+kind.String(), heard)
		if e.Kind != kind || e.Name != "sink" || e.Protocol != gonng.ProtocolPull0 || e.Time.IsZero() || e.URL == "" {
			t.Fatalf("got %+v, want %v of this socket", e, kind)
		}
		return e
	}
	url := vacant(t, tcp)
	d, err := s.Dial(testContext(t), url, reconnect(time.Millisecond, 0).(gonng.DialOption), gonng.WithDialMode(gonng.DialBackground))
	check(t, err)
	e := next(gonng.EventDialFailed)
	want(t, e.Err, gonng.ErrConnectionRefused)
	gonngtest.Eventually(t, func() bool { return d.Stats().ConnectFailures > 3 }, "more failures")
	check(t, d.Close()) // of which there are no events: the next one is another

	l := listen(t, s, tcp)
	gonngtest.Dial(t, l.URL()).SendHello(gonng.ProtocolPair0)
	e = next(gonng.EventRefused)
	want(t, e.Err, gonng.ErrProtocol)
	if e.Peer == "" || e.URL != l.URL() {
		t.Errorf("the refusal does not say of whom, and where: %+v", e)
	}
	peer := gonngtest.Dial(t, l.URL())
	peer.Handshake(gonng.ProtocolPush0)
	e = next(gonng.EventConnected)
	if p := s.Pipes(); len(p) == 1 && (e.Pipe != p[0].ID() || p[0].Since().IsZero()) {
		t.Errorf("pipe %d, since %v, has the event %+v", p[0].ID(), p[0].Since(), e)
	}
	peer.Close()
	e = next(gonng.EventDisconnected)
	want(t, e.Err, gonng.ErrConnectionReset)
	wantText(t, e.String(), "sink (pull): disconnected", e.URL, e.Peer, "closed the connection")

	remove()
	peer = gonngtest.Dial(t, l.URL())
	peer.Handshake(gonng.ProtocolPush0)
	waitPeers(t, s, 1)
	check(t, s.Close())
	if len(heard) > 0 {
		t.Errorf("after remove there was %v", <-heard)
	}
	wantKinds := "dial failed; refused; connected; disconnected; connected; disconnected"
	if got := kindsOf(eventsOf(s)); got != wantKinds {
		t.Errorf("Events has %s, want %s", got, wantKinds)
	}
}

// The last thousand events are kept, in order.
func TestEventsAreBounded(t *testing.T) {
	gonngtest.NoLeaks(t)
	a, b := open(t, gonng.NewPush0), open(t, gonng.NewPull0)
	l := listen(t, b, transport("inproc"))
	for range 510 {
		d, err := a.Dial(testContext(t), l.URL(), gonng.WithDialMode(gonng.DialWait))
		check(t, err)
		check(t, d.Close())
	}
	events := gonng.Events()
	if len(events) != 1000 {
		t.Fatalf("there are %d events", len(events))
	}
	for i := range events[1:] {
		if events[i+1].Seq != events[i].Seq+1 {
			t.Fatalf("event %d is followed by %d", events[i].Seq, events[i+1].Seq)
		}
	}
}

// Drops have one event when they begin and one when they have ended, and the counts are
// those of the socket.
func TestEventsOfDrops(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		sub := open(t, gonng.NewSub0, gonng.WithTopics(""), gonng.SubOption(gonng.WithRecvBuffer(1)))
		pub := open(t, gonng.NewPub0)
		joinInproc(t, pub, sub)
		drop := func() {
			for range 3 {
				check(t, pub.Send(testContext(t), []byte("news")))
			}
			synctest.Wait()
		}
		var dropped, told uint64
		for _, pause := range []time.Duration{7 * time.Second, 2 * time.Minute} {
			drop()
			time.Sleep(2 * time.Second)
			drop()
			time.Sleep(pause)
			synctest.Wait()
		}
		drop()
		dropped = sub.Stats().DroppedFull
		check(t, sub.Close())
		check(t, pub.Close())
		var kinds []gonng.Event
		for _, e := range eventsOf(sub) {
			if e.Reason != "" {
				kinds = append(kinds, e)
			}
			if e.Kind == gonng.EventDropsEnded {
				told += e.Count
			}
		}
		const one = "drops began dropped_full; drops ended dropped_full"
		if got := kindsOf(kinds); got != one+"; "+one+"; "+one {
			t.Errorf("the events are %s", got)
		}
		if told != dropped || dropped == 0 {
			t.Errorf("the events tell of %d messages, %d were dropped", told, dropped)
		}
	})
}

// Events name a peer that is too slow, and a long error is cut off.
func TestEventsOfSlowPeer(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := open(t, gonng.NewPub0, gonng.WithSendBuffer(3), gonng.WithLinger(0))
	scripted(t, s, tcp)
	for s.Stats().DroppedFull < 3 {
		check(t, s.Send(testContext(t), make([]byte, 10000)))
	}
	p := s.Pipes()[0]
	for _, e := range eventsOf(s) {
		if e.Kind == gonng.EventDropsBegan && e.Pipe == p.ID() && e.Peer == p.RemoteAddr().String() {
			return
		}
	}
	t.Errorf("no event of the slow peer in %s", kindsOf(eventsOf(s)))
}

func TestEventErrorIsShort(t *testing.T) {
	gonngtest.NoLeaks(t)
	long := errors.New(strings.Repeat("long ", 1000))
	s := open(t, gonng.NewRep0, gonng.WithAuthorize(func(context.Context, *gonng.Pipe) error { return long }))
	l := listen(t, s, tcp)
	gonngtest.Dial(t, l.URL()).SendHello(gonng.ProtocolReq0)
	gonngtest.Eventually(t, func() bool { return len(eventsOf(s)) == 1 }, "the refusal")
	e := eventsOf(s)[0]
	want(t, e.Err, gonng.ErrPermission)
	if n := len(e.Err.Error()); n > 600 {
		t.Errorf("the error has %d bytes", n)
	}
}

// A dialer and a listener have the pipes that they made, and no others.
func TestPipesOfEnds(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := open(t, gonng.NewBus0)
	l1, l2 := listen(t, s, tcp), listen(t, s, tcp)
	peersOf := func(l *gonng.Listener) (ids []uint32) {
		for _, p := range l.Pipes() {
			if p.Listener() != l {
				t.Errorf("a listener has a pipe of %v", p.URL())
			}
			ids = append(ids, p.ID())
		}
		return ids
	}
	other := open(t, gonng.NewBus0)
	d1 := dial(t, other, tcp, l1.URL())
	d2 := dial(t, other, tcp, l1.URL())
	dial(t, other, tcp, l2.URL())
	waitPeers(t, s, 3)
	waitPeers(t, other, 3)
	if a, b := peersOf(l1), peersOf(l2); len(a) != 2 || len(b) != 1 {
		t.Errorf("the listeners have %d and %d pipes", len(a), len(b))
	}
	if p := d1.Pipes(); len(p) != 1 || p[0].Dialer() != d1 {
		t.Errorf("the first dialer has %v", p)
	}
	check(t, d1.Close())
	gonngtest.Eventually(t, func() bool { return len(l1.Pipes()) == 1 && len(s.Pipes()) == 2 }, "one has gone")
	gonngtest.Eventually(t, func() bool { return len(d1.Pipes()) == 0 }, "a closed dialer has no pipe")
	if p := d2.Pipes(); len(p) != 1 {
		t.Errorf("the second dialer has %d pipes", len(p))
	}
	check(t, l1.Close())
	gonngtest.Eventually(t, func() bool { return len(s.Pipes()) == 1 }, "the peers of the second listener are left")
}

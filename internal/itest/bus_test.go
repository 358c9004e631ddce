package itest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// A message goes to every direct peer, not further and not back.
func TestBus(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		hub := open(t, gonng.NewBus0)
		leaves := peersOf(t, hub, tr, 3, gonng.NewBus0)

		sendText(t, hub, "from the hub")
		for _, leaf := range leaves {
			recvText(t, leaf, "from the hub")
		}
		for i, leaf := range leaves {
			sendText(t, leaf, fmt.Sprint("from ", i))
		}
		arrived(t, hub, 3)
		got := received(t, hub)
		slices.Sort(got)
		wantTexts(t, got, []string{"from 0", "from 1", "from 2"})
		sendText(t, hub, "last") // anything that should not be there came before it
		for _, leaf := range leaves {
			recvText(t, leaf, "last")
			wantTexts(t, received(t, leaf), nil)
		}
		if st := hub.Stats(); st.Received != 3 || st.Sent != 2 {
			t.Errorf("the hub received %d and sent %d, want 3 and 2", st.Received, st.Sent)
		}
	})
}

// A full ring of busses: each gets what the other two send, once.
func TestBusMesh(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		var busses []*gonng.Bus0
		for range 3 {
			bus := open(t, gonng.NewBus0)
			for _, other := range busses {
				gonngtest.Connect(t, bus, other, tr)
			}
			busses = append(busses, bus)
		}
		for i, bus := range busses {
			sendText(t, bus, fmt.Sprint(i))
		}
		for i, bus := range busses {
			arrived(t, bus, 2)
			got := received(t, bus)
			slices.Sort(got)
			wantTexts(t, got, slices.Delete([]string{"0", "1", "2"}, i, i+1))
		}
	})
}

// A peer that does not read loses messages; another does not, and the sender
// does not wait.
func TestBusSlowPeer(t *testing.T) {
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		bus := open(t, gonng.NewBus0, gonng.WithSendBuffer(5))
		slow := scripted(t, bus, tr)
		pipe := bus.Pipes()[0]
		quick := open(t, gonng.NewBus0)
		link(t, bus, quick, tr)
		const messages, size = 300, 64 << 10
		for i := range messages {
			check(t, bus.Send(testContext(t), numbered(i, size)))
			got, err := quick.Recv(testContext(t))
			check(t, err)
			wantBody(t, got, numbered(i, size))
		}
		lost(t, bus, pipe, slow, messages)
	})
}

// lost checks that s has dropped some of so many messages to the slow peer at p, and
// that the others arrive.
func lost(t *testing.T, s gonng.Socket, p *gonng.Pipe, slow *gonngtest.Peer, messages uint64) {
	t.Helper()
	st := p.Stats()
	if st.DroppedFull == 0 || st.Sent+st.DroppedFull != messages || s.Stats().DroppedFull != st.DroppedFull {
		t.Errorf("of %d messages %d were sent, %d dropped by the pipe and %d by the socket", messages, st.Sent, st.DroppedFull, s.Stats().DroppedFull)
	}
	for range st.Sent {
		slow.RecvFrame()
	}
}

// A bus that is received from too slowly holds its peers back; they lose what
// does not fit, and count it.
func TestBusLossesAreCounted(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		from, to := open(t, gonng.NewBus0, gonng.WithSendBuffer(10)), open(t, gonng.NewBus0, gonng.WithRecvBuffer(10))
		link(t, from, to, tr)
		const messages, size = 500, 64 << 10
		for i := range messages {
			check(t, from.Send(testContext(t), numbered(i, size)))
		}
		st := from.Pipes()[0].Stats()
		if st.DroppedFull == 0 || st.Sent+st.DroppedFull != messages {
			t.Fatalf("of %d messages %d were sent and %d dropped", messages, st.Sent, st.DroppedFull)
		}
		for range st.Sent {
			_, err := to.Recv(testContext(t))
			check(t, err)
		}
		_, err := to.TryRecv()
		want(t, err, gonng.ErrTryAgain)
		if got := to.Stats().Received; got != st.Sent {
			t.Errorf("%d were sent and %d received", st.Sent, got)
		}
	})
}

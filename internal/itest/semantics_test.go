package itest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// TestUnsubscribeRemoves what waits and matches nothing any more, on the socket and on a
// context.
func TestUnsubscribeRemoves(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		pub, sub := open(t, gonng.NewPub0), open(t, gonng.NewSub0, gonng.WithTopics("a", "ab", "b", ""))
		c, err := sub.NewContext()
		check(t, err)
		check(t, c.Subscribe("a", "b"))
		link(t, pub, sub, tr)
		news := []string{"a1", "ab1", "b1", "c1", "a2", "ab2"}
		for _, text := range news {
			sendText(t, pub, text)
		}
		arrived(t, sub, uint64(len(news)))
		before := sub.Stats().Filtered
		check(t, sub.Unsubscribe("", "a"))
		check(t, c.Unsubscribe("a"))
		wantTexts(t, received(t, c), []string{"b1"})
		wantTexts(t, received(t, sub), []string{"ab1", "b1", "ab2"})
		if st := sub.Stats(); st.RecvQueue != 0 || st.Filtered <= before {
			t.Errorf("%d wait and %d were filtered, after %d", st.RecvQueue, st.Filtered, before)
		}
	})
}

// TestRawSubDrops when its queue is full, as Sub0 does, and holds up nobody.
func TestRawSubDrops(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		sub := openRaw(t, gonng.ProtocolSub0, gonng.WithRecvBuffer(3))
		pub := open(t, gonng.NewPub0)
		link(t, sub, pub, tr)
		for i := range 10 {
			sendText(t, pub, fmt.Sprint(i))
		}
		arrived(t, sub, 10)
		wantTexts(t, received(t, sub), []string{"7", "8", "9"})
		if n := sub.Stats().DroppedFull; n != 7 {
			t.Errorf("%d messages are counted as dropped, want 7", n)
		}
	})
}

// TestRawPair1WithoutHeader is refused where it is sent, and stays the caller's.
func TestRawPair1WithoutHeader(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		s, peer := openRaw(t, gonng.ProtocolPair1), open(t, gonng.NewPair1)
		link(t, s, peer, tr)
		for _, header := range [][]byte{nil, {0}, {0, 0, 1}, {1, 0, 0, 1}, {0xff, 0xff, 0xff, 0xff}} {
			m := gonng.NewRawMessage(header, []byte("body"))
			wantError(t, s.SendMsg(testContext(t), m), "send", gonng.ErrProtocol)
			wantBody(t, m.Bytes(), []byte("body"))
		}
		wantError(t, s.Send(testContext(t), []byte("body")), "send", gonng.ErrProtocol)
		if st := s.Stats(); st.Sent != 0 {
			t.Errorf("%d messages are sent, want 0", st.Sent)
		}
		sendRaw(t, s, hopCount(0), []byte("right"))
		recvText(t, peer, "right")
	})
}

// TestRawPolyamorous: many peers, each message knows its own and goes to the one it names.
func TestRawPolyamorous(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		hub := openRaw(t, gonng.ProtocolPair1, gonng.WithPolyamorous())
		peers := peersOf(t, hub, tr, 3, gonngtest.ConstructorOf(gonng.NewPair1))
		for i, peer := range peers {
			sendText(t, peer.(gonng.Sender), fmt.Sprint(i))
		}
		for range peers {
			m := recvMsg(t, hub)
			if len(m.Header()) != 4 || m.Pipe() == nil {
				t.Fatalf("received header % x from %v", m.Header(), m.Pipe())
			}
			check(t, hub.SendMsg(testContext(t), m)) // to where it came from
		}
		for i, peer := range peers {
			recvText(t, peer.(gonng.Receiver), fmt.Sprint(i))
		}
		for i, p := range hub.Pipes() {
			m := gonng.NewRawMessage(hopCount(1), fmt.Append(nil, "to ", i))
			m.SetPipe(p)
			check(t, hub.SendMsg(testContext(t), m))
			recvText(t, peers[i].(gonng.Receiver), fmt.Sprint("to ", i))
		}
		gone := hub.Pipes()[0]
		leave(t, peers[0].(interface{ Close() error }), hub)
		m := gonng.NewRawMessage(hopCount(1), nil)
		m.SetPipe(gone)
		check(t, hub.SendMsg(testContext(t), m))
		if n := hub.Stats().NoPeer; n != 1 {
			t.Errorf("%d messages found no peer, want 1", n)
		}
		if err := gonng.Set(hub); err != nil {
			t.Error(err)
		}
		for _, p := range allProtocols {
			if s, err := gonng.NewRaw(p, gonng.WithPolyamorous()); p != gonng.ProtocolPair1 && err == nil {
				s.Close()
				t.Errorf("a raw %v may be polyamorous", p)
			}
		}
	})
}

// TestBytesAgree: what one end of a link counts as sent the other counts as received.
func TestBytesAgree(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, pair := range protocolPairs {
			a, b := open(t, pair.a), open(t, pair.b)
			link(t, a, b, tr)
			for i, size := range []int{0, 1, 1000, 17 << 10, 100 << 10} {
				check(t, a.(gonng.Sender).SendMsg(testContext(t), gonng.NewRawMessage(pair.header, body(i, size))))
				m := recvMsg(t, b.(gonng.Receiver))
				if sends(b.Protocol()) && receives(a.Protocol()) {
					header := m.Header()
					if b.Protocol() == gonng.ProtocolBus0 { // it would name the peer that gets none
						header = nil
					}
					check(t, b.(gonng.Sender).SendMsg(testContext(t), gonng.NewRawMessage(header, body(i, 2*size))))
					recvMsg(t, a.(gonng.Receiver))
				}
			}
			x, y := a.Stats(), b.Stats()
			if x.Sent != y.Received || x.SentBytes != y.ReceivedBytes || y.Sent != x.Received || y.SentBytes != x.ReceivedBytes {
				t.Errorf("%s: one end has %d (%d B) sent and %d (%d B) received, the other %d (%d B) and %d (%d B)", pair.name,
					x.Sent, x.SentBytes, x.Received, x.ReceivedBytes, y.Sent, y.SentBytes, y.Received, y.ReceivedBytes)
			}
			p, q := a.Pipes()[0].Stats(), b.Pipes()[0].Stats()
			if p.SentBytes != q.ReceivedBytes || q.SentBytes != p.ReceivedBytes || p.SentBytes != x.SentBytes || q.SentBytes != y.SentBytes {
				t.Errorf("%s: the pipes have %+v and %+v, the sockets %+v and %+v", pair.name, p, q, x, y)
			}
		}
	})
}

// TestSocketOfEnds is the very value that the constructor returns, also in a hook that runs
// before it has returned.
func TestSocketOfEnds(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		hub := open(t, gonng.NewPair0)
		l := listen(t, hub, tr)
		inHook := make(chan gonng.Socket, 1)
		opts := []gonng.SocketOption{
			gonng.WithPipeHook(gonng.PipeConnecting, func(p *gonng.Pipe) { inHook <- p.Socket() }),
		}
		for _, o := range tr.Dial {
			if so, ok := o.(gonng.SocketOption); ok {
				opts = append(opts, so)
			}
		}
		s := open(t, gonng.NewPair0, append(opts, gonng.WithDial(l.URL()))...)
		if got := wait(t, "the hook", inHook); got != gonng.Socket(s) {
			t.Errorf("in a hook the socket is %v", got)
		}
		waitPeers(t, s, 1)
		waitPeers(t, hub, 1)
		if s.Dialers()[0].Socket() != gonng.Socket(s) || s.Pipes()[0].Socket() != gonng.Socket(s) ||
			l.Socket() != gonng.Socket(hub) || hub.Pipes()[0].Socket() != gonng.Socket(hub) {
			t.Error("a dialer, listener or pipe has another socket")
		}
		raw := openRaw(t, gonng.ProtocolBus0)
		if listen(t, raw, tr).Socket() != gonng.Socket(raw) {
			t.Error("a listener of a raw socket has another")
		}
		all := gonng.Sockets()
		for _, s := range []gonng.Socket{hub, s, raw} {
			if !slices.Contains(all, s) {
				t.Errorf("%v is missing in Sockets", s.Name())
			}
		}
		check(t, s.Close())
		if slices.Contains(gonng.Sockets(), gonng.Socket(s)) {
			t.Error("a closed socket is in Sockets")
		}
	})
}

// TestLookAround: whatever Sockets, Pipes, Dialers and Listeners return can be asked everything
// at once, also while it is being made or closed.
func TestLookAround(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		done := make(chan struct{})
		looked := make(chan error, 1)
		go func() {
			defer close(looked)
			for {
				for _, s := range gonng.Sockets() {
					if s.ID() == 0 {
						looked <- fmt.Errorf("%s has no number yet", s.Name())
						return
					}
					askAll(s)
					for _, d := range s.Dialers() {
						askAll(d)
					}
					for _, l := range s.Listeners() {
						askAll(l)
					}
					for _, p := range s.Pipes() {
						askAll(p)
					}
				}
				select {
				case <-done:
					return
				default:
				}
			}
		}()
		for range 10 {
			a, b := open(t, gonng.NewPair0), open(t, gonng.NewPair0)
			link(t, a, b, tr)
			check(t, a.Close())
			check(t, b.Close())
		}
		close(done)
		check(t, wait(t, "the goroutine that looks", looked))
	})
}

// askAll calls the methods of x that take nothing and change nothing.
func askAll(x any) {
	v := reflect.ValueOf(x)
	for m, f := range v.Methods() {
		switch m.Name {
		case "Close", "RecvFD", "SendFD", "TryRecv", "TryRecvMsg":
			continue
		}
		if f.Type().NumIn() == 0 {
			f.Call(nil)
		}
	}
}

// prioritized is a sender with two peers, of priorities 1 and 2 by its dialers.
func prioritized(t *testing.T, s gonng.Socket, peer gonngtest.Constructor, tr gonngtest.Transport) (first, second gonng.Socket) {
	first, second = open(t, peer), open(t, peer)
	urls := []string{listen(t, first, tr).URL(), listen(t, second, tr).URL()}
	dial(t, s, tr, urls[1], gonng.WithDialMode(gonng.DialWait), gonng.WithPriority(2))
	dial(t, s, tr, urls[0], gonng.WithDialMode(gonng.DialWait), gonng.WithPriority(1))
	waitPeers(t, s, 2)
	return first, second
}

// TestPriority: the peers of the lowest number get everything that they can take, and the
// next only when there is none of them (failover) or they have no room (overflow).
func TestPriority(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		push := open(t, gonng.NewPush0, gonng.WithLinger(0))
		first, second := prioritized(t, push, cooked[gonng.ProtocolPull0], tr)
		for i := range 20 {
			sendText(t, push, fmt.Sprint(i))
			recvText(t, first.(gonng.Receiver), fmt.Sprint(i))
		}
		large := body(0, 100<<10)
		for second.Stats().Received == 0 { // the first is not received from
			check(t, push.Send(testContext(t), large))
			gonngtest.Eventually(t, func() bool {
				return push.Stats().SendQueue == 0 || second.Stats().Received > 0 || push.Stats().SendQueue < 3
			}, "there is room")
		}
		recvMsg(t, second.(gonng.Receiver))
		gone := departures(push)
		check(t, first.(interface{ Close() error }).Close())
		wait(t, "the end of the first", gone)
		for len(received(t, second.(gonng.Receiver))) > 0 {
		}
		sendText(t, push, "failover")
		for text := ""; text != "failover"; {
			b, err := second.(gonng.Receiver).Recv(testContext(t))
			check(t, err)
			text = string(b)
		}

		req := open(t, gonng.NewReq0)
		one, two := prioritized(t, req, cooked[gonng.ProtocolRep0], tr)
		serving(t, one.(server), echo)
		serving(t, two.(server), echo)
		for range 20 {
			_, err := req.Request(testContext(t), nil)
			check(t, err)
		}
		if a, b := one.Stats().Received, two.Stats().Received; a != 20 || b != 0 {
			t.Errorf("the repliers got %d and %d requests, want 20 and 0", a, b)
		}
		gone = departures(req)
		check(t, one.(interface{ Close() error }).Close())
		wait(t, "the end of the first", gone)
		_, err := req.Request(testContext(t), nil)
		check(t, err)
	})
}

// TestFewestUnanswered: the next request goes to the replier with the fewest that it has
// not answered.
func TestFewestUnanswered(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		req := open(t, gonng.NewReq0)
		slow, fast := openRaw(t, gonng.ProtocolRep0), open(t, gonng.NewRep0)
		link(t, slow, req, tr)
		link(t, fast, req, tr)
		serving(t, fast, echo)
		stuck := 0
		for stuck == 0 { // until the slow one has one
			c, err := req.NewContext()
			check(t, err)
			sendText(t, c, "?")
			gonngtest.Eventually(t, func() bool { return slow.Stats().Received+fast.Stats().Received == req.Stats().Sent }, "it arrives")
			stuck = int(slow.Stats().Received)
		}
		gonngtest.Eventually(t, func() bool { return fast.Stats().Sent == fast.Stats().Received }, "the fast one has answered")
		before := fast.Stats().Received
		for range 20 {
			_, err := req.Request(testContext(t), []byte("?"))
			check(t, err)
		}
		if n := slow.Stats().Received; n != uint64(stuck) {
			t.Errorf("the replier that does not answer got %d requests more", n-uint64(stuck))
		}
		if n := fast.Stats().Received - before; n != 20 {
			t.Errorf("the other got %d of 20", n)
		}
	})
}

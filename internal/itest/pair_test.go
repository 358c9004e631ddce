package itest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

var pairs = []struct {
	name string
	make gonngtest.Constructor
}{
	{"pair0", gonngtest.ConstructorOf(gonng.NewPair0)}, {"pair1", gonngtest.ConstructorOf(gonng.NewPair1)},
	{"raw pair0", rawMaker(gonng.ProtocolPair0)}, {"raw pair1", rawMaker(gonng.ProtocolPair1)},
}

// A pair has one peer. A second is refused and the first stays; when it has
// gone the second gets in.
func TestPairRefusesSecondPeer(t *testing.T) {
	for _, pair := range pairs {
		t.Run(pair.name, func(t *testing.T) {
			gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
				ctx := testContext(t)
				log := newRecorder()
				hub := open(t, pair.make, gonng.WithLogger(log.logger()))
				first, second := open(t, pair.make), open(t, pair.make, reconnect(10*time.Millisecond, 0))
				l, _ := link(t, hub, first, tr)
				connected := hub.Pipes()[0]

				d := dial(t, second, tr, l.URL())
				words := []string{"not accepted", "one peer"}
				if addr := connected.RemoteAddr().String(); addr != "" && addr != "@" { // of a Unix socket, the process is told
					words = append(words, addr)
				}
				log.want(t, words...)
				gonngtest.Eventually(t, func() bool { return hub.Stats().RefusedBusy >= 3 }, "it is refused again and counted")
				gonngtest.Eventually(t, func() bool {
					err := d.LastError()
					return errors.Is(err, gonng.ErrConnectionReset) || errors.Is(err, gonng.ErrConnectionRefused)
				}, "LastError of the refused dialer")
				if got := hub.Stats().Connects; got != 1 {
					t.Errorf("%d connects are counted, want 1", got)
				}
				if warned, _ := log.matching("not accepted", "level=WARN"); len(warned) != 1 {
					t.Errorf("one peer was warned of %d times: %q", len(warned), warned)
				}
				if pipes := hub.Pipes(); len(pipes) != 1 || pipes[0] != connected {
					t.Fatalf("the first peer did not stay: %v", pipes)
				}
				exchange := func(peer gonng.Socket, text string) {
					check(t, sendPair(ctx, peer, []byte(text)))
					m, err := hub.(gonng.Receiver).RecvMsg(ctx)
					check(t, err)
					wantBody(t, m.Bytes(), []byte(text))
					check(t, hub.(gonng.Sender).SendMsg(ctx, m))
					got, err := peer.(gonng.Receiver).Recv(ctx)
					check(t, err)
					wantBody(t, got, []byte(text))
				}
				exchange(first, "first")

				in := make(chan *gonng.Pipe, 1)
				hub.OnPipe(gonng.PipeConnected, func(p *gonng.Pipe) { in <- p })
				leave(t, first.(io.Closer), hub)
				wait(t, "second gets in", in)
				exchange(second, "second")
			})
		})
	}
}

// A pair whose peer has gone takes another, also while it does not receive, and
// then receives what the first had sent and the second sends.
func TestPairTakesPeerAfterDeadOne(t *testing.T) {
	for _, pair := range pairs {
		t.Run(pair.name, func(t *testing.T) {
			gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
				if runtime.GOOS != "linux" && tr.Name != "inproc" {
					t.Skip("cannot tell that a peer has gone without reading")
				}
				ctx := testContext(t)
				// The hub reads one message at a time or few, and so not the end.
				hub, first := open(t, pair.make, gonng.WithRecvBuffer(1)), open(t, pair.make, gonng.WithLinger(10*time.Millisecond))
				l, _ := link(t, hub, first, tr)
				const messages, size = 30, 1000
				for range messages {
					check(t, sendPair(ctx, first, make([]byte, size)))
				}
				first.Close()
				lost := int(first.Stats().Unsent)

				in := make(chan *gonng.Pipe, 1)
				hub.OnPipe(gonng.PipeConnected, func(p *gonng.Pipe) { in <- p })
				second := open(t, pair.make, reconnect(10*time.Millisecond, 0))
				dial(t, second, tr, l.URL())
				wait(t, "the second gets in", in)
				check(t, sendPair(ctx, hub, []byte("to the second")))
				got, err := second.(gonng.Receiver).Recv(ctx)
				check(t, err)
				wantBody(t, got, []byte("to the second"))

				check(t, sendPair(ctx, second, []byte("from the second")))
				old, heard := 0, false
				for old < messages-lost || !heard {
					body, err := hub.(gonng.Receiver).Recv(ctx)
					check(t, err)
					if len(body) == size {
						old++
					} else {
						wantBody(t, body, []byte("from the second"))
						heard = true
					}
				}
			})
		})
	}
}

// TestDeadPeerOfPair: a peer that died while what it sent was not received does
// not keep its place once a message cannot be sent to it.
func TestDeadPeerOfPair(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
		s := open(t, gonng.NewPair0)
		l := listen(t, s, tr)
		dead := gonngtest.Dial(t, l.URL())
		dead.Handshake(gonng.ProtocolPair0)
		waitPeers(t, s, 1)
		// More than is read in advance; the rest stays in the kernel.
		big := gonngtest.Frame(framing(tr), make([]byte, 100<<10))
		dead.Conn().SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		for {
			if _, err := dead.Conn().Write(big); err != nil {
				break
			}
		}
		dead.Close()
		next := open(t, gonng.NewPair0, reconnect(time.Millisecond, 0), gonng.WithLinger(0))
		dial(t, next, tr, l.URL())
		received := concurrently(func() error { _, err := next.Recv(testContext(t)); return err })
		for done := false; !done; {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			s.Send(ctx, []byte("hello"))
			cancel()
			select {
			case err := <-received:
				if err != nil {
					t.Fatalf("the next peer received nothing: %v", err)
				}
				done = true
			default:
			}
		}
		if body, err := s.Recv(testContext(t)); err != nil || len(body) != 100<<10 {
			t.Errorf("received %d bytes, %v; want those of the dead peer", len(body), err)
		}
	})
}

// polyamory is a pair with n peers, which are in the order of its pipes.
func polyamory(t testing.TB, tr gonngtest.Transport, n int, opts ...gonng.Pair1Option) (*gonng.Pair1, []*gonng.Pair1) {
	t.Helper()
	hub := open(t, gonng.NewPair1, append(opts, gonng.WithPolyamorous())...)
	return hub, peersOf(t, hub, tr, n, gonng.NewPair1)
}

// Each received message knows its pipe, and an answer to that pipe goes to
// nobody else.
func TestPolyamorousAnswers(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		hub, peers := polyamory(t, tr, 3)
		ctx := testContext(t)
		for i, peer := range peers {
			sendText(t, peer, fmt.Sprint(i))
		}
		for i, way := range []func(*gonng.Message) error{
			func(m *gonng.Message) error { return hub.SendMsg(ctx, m) }, // goes back
			func(m *gonng.Message) error { return m.Pipe().Send(ctx, m.Bytes()) },
			func(m *gonng.Message) error { return m.Pipe().SendMsg(ctx, gonng.NewMessage(bytes.Clone(m.Bytes()))) },
		} {
			m, err := hub.RecvMsg(ctx)
			check(t, err)
			text := string(m.Bytes())
			if m.Pipe() == nil {
				t.Fatal("a message does not know its pipe")
			}
			if err := way(m); err != nil {
				t.Fatalf("way %d: %v", i, err)
			}
			var peer int
			fmt.Sscan(text, &peer)
			recvText(t, peers[peer], text)
		}
		for i, p := range hub.Pipes() {
			m := gonng.NewMessage([]byte("to"))
			m.SetPipe(p)
			check(t, hub.SendMsg(ctx, m))
			recvText(t, peers[i], "to")
			check(t, p.Send(ctx, make([]byte, 100<<10))) // by reference
			got, err := peers[i].Recv(ctx)
			check(t, err)
			wantBody(t, got, make([]byte, 100<<10))
		}
		for _, peer := range peers {
			wantTexts(t, received(t, peer), nil)
		}
	})
}

// Without a pipe a message goes to any peer, whoever else has gone.
func TestPolyamorousAnyPeer(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		hub, peers := polyamory(t, tr, 3)
		const messages = 30
		send := func(to ...*gonng.Pair1) {
			t.Helper()
			before := uint64(0)
			for _, peer := range to {
				before += peer.Stats().Received
			}
			for range messages {
				sendText(t, hub, "to any")
			}
			gonngtest.Eventually(t, func() bool {
				n := uint64(0)
				for _, peer := range to {
					n += peer.Stats().Received
				}
				return n == before+messages
			}, "all messages have arrived")
		}
		send(peers...)
		gone := departures(hub)
		check(t, peers[0].Close())
		wait(t, "the end of a pipe", gone)
		send(peers[1:]...)
		check(t, peers[2].Close())
		wait(t, "the end of a pipe", gone)
		send(peers[1])
		check(t, peers[1].Close())
		wait(t, "the end of a pipe", gone)
		err := hub.Send(gonngtest.Context(t, 10*time.Millisecond), nil)
		wantError(t, err, "send", gonng.ErrTimeout)
	})
}

// A message to a pipe that has gone is dropped and counted.
func TestPolyamorousPipeGone(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		hub, peers := polyamory(t, tr, 2)
		p := leave(t, peers[0], hub)
		check(t, p.Send(testContext(t), []byte("to nobody")))
		m := gonng.NewMessage([]byte("to nobody"))
		m.SetPipe(p)
		check(t, hub.SendMsg(testContext(t), m))
		if got := hub.Stats().NoPeer; got != 2 {
			t.Errorf("%d messages without a peer are counted, want 2", got)
		}
		m = gonng.NewMessage([]byte("to any"))
		m.SetPipe(nil)
		check(t, hub.SendMsg(testContext(t), m))
		recvText(t, peers[1], "to any")
		wantTexts(t, received(t, peers[1]), nil)
	})
}

// A message to a pipe that is full is dropped and counted on it; the next
// episode is told again.
func TestPolyamorousPipeFull(t *testing.T) {
	gonngtest.NoLeaks(t)
	tr := transport("tcp")
	log := newRecorder()
	hub, _ := polyamory(t, tr, 1, gonng.Pair1Option(gonng.WithSendBuffer(5)), gonng.Pair1Option(gonng.WithLogger(log.logger())))
	slow := scripted(t, hub, tr)
	pipe := hub.Pipes()[1]
	ctx := testContext(t)
	var sent, read uint64
	// An episode ends when the hub knows that all is written, which may be after the peer has
	// read it: then the losses that follow belong to the same episode, and the next are tried.
	for logged, episodes := 0, 0; episodes < 2; {
		for before := pipe.Stats().DroppedFull; pipe.Stats().DroppedFull < before+10; sent++ {
			check(t, pipe.Send(ctx, make([]byte, 64<<10)))
		}
		st := pipe.Stats()
		if st.Sent+st.DroppedFull != sent || hub.Stats().DroppedFull != st.DroppedFull {
			t.Fatalf("of %d messages %d were sent, %d dropped by the pipe and %d by the socket", sent, st.Sent, st.DroppedFull, hub.Stats().DroppedFull)
		}
		found, _ := log.matching("peer too slow")
		if len(found) == 0 || uint64(len(found)) >= st.DroppedFull {
			t.Fatalf("%d losses were logged %d times", st.DroppedFull, len(found))
		}
		if len(found) > logged {
			episodes++
		}
		logged = len(found)
		for ; read < st.Sent; read++ {
			slow.RecvFrame()
		}
	}
}

// Who is not polyamorous has one peer, whatever pipe a message names.
func TestNotPolyamorous(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		a, b := open(t, gonng.NewPair1), open(t, gonng.NewPair1)
		link(t, a, b, tr)
		first := a.Pipes()[0]
		sendText(t, b, "hello")
		recvText(t, a, "hello")
		leave(t, b, a)
		c := open(t, gonng.NewPair1)
		link(t, a, c, tr)
		check(t, first.Send(testContext(t), []byte("to the peer")))
		recvText(t, c, "to the peer")
	})
}

// A pipe of another socket is a mistake.
func TestPolyamorousForeignPipe(t *testing.T) {
	gonngtest.NoLeaks(t)
	one, ones := polyamory(t, transport("inproc"), 1)
	other, _ := polyamory(t, transport("inproc"), 1)
	sendText(t, ones[0], "hello")
	m, err := one.RecvMsg(testContext(t))
	check(t, err)
	wantError(t, other.SendMsg(testContext(t), m), "send", gonng.ErrInvalid)
	m.SetPipe(nil)
	check(t, other.SendMsg(testContext(t), m))
}

// sendPair sends body, which a raw pair1 wants to have a hop count.
func sendPair(ctx context.Context, s gonng.Socket, body []byte) error {
	if s.Raw() && s.Protocol() == gonng.ProtocolPair1 {
		return s.(gonng.Sender).SendMsg(ctx, gonng.NewRawMessage(make([]byte, 4), body))
	}
	return s.(gonng.Sender).Send(ctx, body)
}

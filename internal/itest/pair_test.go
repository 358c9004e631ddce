package itest

import (
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

var pairs = []struct {
	name string
	make maker
}{
	{"pair0", makes(gonng.NewPair0)}, {"pair1", makes(gonng.NewPair1)},
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
				log.want(t, "not accepted", "one peer", connected.RemoteAddr().String())
				gonngtest.Eventually(t, func() bool { return hub.Stats().RefusedBusy >= 3 }, "it is refused again and counted")
				gonngtest.Eventually(t, func() bool { return errors.Is(d.LastError(), gonng.ErrConnectionReset) }, "LastError of the refused dialer")
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
					check(t, peer.(gonng.Sender).Send(ctx, []byte(text)))
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
					check(t, first.(gonng.Sender).Send(ctx, make([]byte, size)))
				}
				first.Close()
				lost := int(first.Stats().Unsent)

				in := make(chan *gonng.Pipe, 1)
				hub.OnPipe(gonng.PipeConnected, func(p *gonng.Pipe) { in <- p })
				second := open(t, pair.make, reconnect(10*time.Millisecond, 0))
				dial(t, second, tr, l.URL())
				wait(t, "the second gets in", in)
				check(t, hub.(gonng.Sender).Send(ctx, []byte("to the second")))
				got, err := second.(gonng.Receiver).Recv(ctx)
				check(t, err)
				wantBody(t, got, []byte("to the second"))

				check(t, second.(gonng.Sender).Send(ctx, []byte("from the second")))
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

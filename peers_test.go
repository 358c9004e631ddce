package gonng_test

import (
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// Push takes its peers in turn.
func TestPushRoundRobin(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		ctx := testContext(t)
		push := open(t, gonng.NewPush0)
		var pulls []*gonng.Pull0
		for range 3 {
			pull := open(t, gonng.NewPull0)
			link(t, push, pull, tr)
			pulls = append(pulls, pull)
		}
		const rounds = 10
		for i := range rounds * len(pulls) {
			check(t, push.Send(ctx, body(i, 10)))
		}
		for i, pull := range pulls {
			for round := range rounds {
				got, err := pull.Recv(ctx)
				check(t, err)
				wantBody(t, got, body(round*len(pulls)+i, 10))
			}
			_, err := pull.TryRecv()
			want(t, err, gonng.ErrTryAgain)
		}
	})
}

// Push does not wait for a peer that is full while another can take the
// message, and what the full one has is not lost.
func TestPushAroundFullPeer(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		ctx := testContext(t)
		push := open(t, gonng.NewPush0)
		stuck, quick := open(t, gonng.NewPull0), open(t, gonng.NewPull0)
		link(t, push, stuck, tr)
		link(t, push, quick, tr)
		const size, messages = 64 << 10, 500 // more than fits between push and stuck
		received := make(chan *gonng.Pull0, messages)
		receive := func(pull *gonng.Pull0) {
			for _, err := range pull.All(ctx) {
				if err != nil {
					return
				}
				received <- pull
			}
		}
		go receive(quick)
		for i := range messages {
			check(t, push.Send(ctx, body(i, size)))
		}
		go receive(stuck)
		byQuick := 0
		for range messages {
			if wait(t, "a message", received) == quick {
				byQuick++
			}
		}
		if byQuick <= messages/2 || byQuick == messages {
			t.Fatalf("the quick peer got %d of %d messages, want more than half, not all", byQuick, messages)
		}
	})
}

// A peer that sends much does not keep another from being heard.
func TestPullFair(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		ctx := testContext(t)
		pull := open(t, gonng.NewPull0)
		much, little := open(t, gonng.NewPush0), open(t, gonng.NewPush0)
		link(t, pull, much, tr)
		link(t, pull, little, tr)
		arrived := uint64(0)
		send := func(push *gonng.Push0, text string, n uint64) {
			for range n {
				check(t, push.Send(ctx, []byte(text)))
			}
			arrived += n
			gonngtest.Eventually(t, func() bool { return pull.Stats().Received == arrived }, "all have arrived")
		}
		const few = 10
		send(much, "much", 1000)
		send(little, "little", few)
		turns := map[string]int{}
		for range 2 * few {
			got, err := pull.Recv(ctx)
			check(t, err)
			turns[string(got)]++
		}
		if turns["little"] != few {
			t.Fatalf("the first %d messages were from %v, want each peer in turn", 2*few, turns)
		}
		for range 1000 - few {
			got, err := pull.Recv(ctx)
			check(t, err)
			wantBody(t, got, []byte("much"))
		}
	})
}

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

package itest

import (
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// Push takes its peers in turn.
func TestPushRoundRobin(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		ctx := testContext(t)
		push := open(t, gonng.NewPush0)
		pulls := peersOf(t, push, tr, 3, gonng.NewPull0)
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
		pulls := peersOf(t, push, tr, 2, gonng.NewPull0)
		stuck, quick := pulls[0], pulls[1]
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
		pushes := peersOf(t, pull, tr, 2, gonng.NewPush0)
		much, little := pushes[0], pushes[1]
		arrived := uint64(0)
		send := func(push *gonng.Push0, text string, n uint64) {
			for range n {
				check(t, push.Send(ctx, []byte(text)))
			}
			arrived += n
			gonngtest.Eventually(t, func() bool { return pull.Stats().Received == arrived }, "all have arrived")
		}
		const few = 10
		const many = 100 // fits the queue, even if each message lies in memory of its own
		send(much, "much", many)
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
		for range many - few {
			got, err := pull.Recv(ctx)
			check(t, err)
			wantBody(t, got, []byte("much"))
		}
	})
}

// pipeline is a push and a pull over inproc, for what does not depend on the
// transport.
func pipeline(t testing.TB, opts ...gonng.SocketOption) (*gonng.Push0, *gonng.Pull0) {
	t.Helper()
	pull, err := gonng.NewPull0(append(opts, gonng.WithListen("inproc://"+t.Name()))...)
	check(t, err)
	t.Cleanup(func() { pull.Close() })
	push, err := gonng.NewPush0(append(opts, gonng.WithDial("inproc://"+t.Name()))...)
	check(t, err)
	t.Cleanup(func() { push.Close() })
	return push, pull
}

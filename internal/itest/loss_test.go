package itest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// lossMessages is how many messages are sent before a Close.
const lossMessages = 100_000

// What fits into the queues of the operating system and of a pull that does
// not receive, but not into the latter's alone, which takes 127. A Unix socket
// that was full lets its writer go on only when three quarters of it are free,
// and holds 93: some 23 more are safe.
const arrivedMessages, arrivedSize = 145, 1 << 10

// receiveAll receives what was sent with bodies 0 to n-1, in order.
func receiveAll(t *testing.T, r gonng.Receiver, n int) {
	t.Helper()
	ctx := gonngtest.Context(t, 6*patience)
	buf := make([]byte, 128<<10)
	for i := range n {
		size, err := r.RecvInto(ctx, buf)
		if err != nil {
			t.Fatalf("message %d of %d: %v", i, n, err)
		}
		if want := body(i, mixedSize(i)); string(buf[:size]) != string(want) {
			t.Fatalf("message %d: received %s, sent %s", i, abbreviated(buf[:size]), abbreviated(want))
		}
	}
}

// What Send accepted arrives although the sender closes at once.
func TestNothingLostAtClose(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, side := range []string{"dialing", "listening"} {
			t.Run(side, func(t *testing.T) {
				gonngtest.NoLeaks(t)
				push, pull := open(t, gonng.NewPush0), open(t, gonng.NewPull0)
				if side == "dialing" {
					link(t, pull, push, tr)
				} else {
					link(t, push, pull, tr)
				}
				ctx := gonngtest.Context(t, 6*patience)
				messages := lossMessages
				if raceDetector && strings.HasPrefix(tr.Name, "ws") { // still several times what all queues hold
					messages /= 10
				}
				closed := concurrently(func() error {
					for i := range messages {
						if err := push.Send(ctx, body(i, mixedSize(i))); err != nil {
							return err
						}
					}
					return push.Close()
				})
				receiveAll(t, pull, messages)
				check(t, <-closed)
			})
		}
	})
}

// The same where the sender's process ends then, too.
func TestNothingLostAtExit(t *testing.T) {
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		pull := open(t, gonng.NewPull0)
		pusher := startChild(t, "push", listen(t, pull, tr).URL())
		receiveAll(t, pull, lossMessages)
		pusher.finish(t)
	})
}

// What has arrived is received although the sender was killed since, also what
// the operating system still had.
func TestArrivedBeforePeerKilled(t *testing.T) {
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		pull := open(t, gonng.NewPull0)
		pusher := startChild(t, "written", listen(t, pull, tr).URL())
		pusher.want(t, "written")
		pusher.kill(t)
		for i := range arrivedMessages {
			got, err := pull.Recv(testContext(t))
			if err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
			wantBody(t, got, body(i, arrivedSize))
		}
	})
}

// What has arrived is received although the sender has closed since.
func TestArrivedBeforePeerClosed(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		r.prepare(t)
		n := r.batch(20)
		for i := range n {
			check(t, r.from.Send(testContext(t), body(i, 100)))
		}
		gone := departures(r.receiver)
		check(t, r.from.(gonng.Socket).Close())
		wait(t, "the sender goes", gone)
		for i := range n {
			got, err := r.to.Recv(testContext(t))
			check(t, err)
			wantBody(t, got, body(i, 100))
		}
	})
}

// A pair closes while its peer sends as fast as it can: what it had sent still
// arrives. A TCP connection that is closed with unread data is reset, and a
// reset destroys what the peer's system has not taken yet.
func TestNothingLostAtCloseAgainstTraffic(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, size := range []int{100, 10 << 10, 100 << 10} {
			t.Run(fmt.Sprint(size), func(t *testing.T) {
				gonngtest.NoLeaks(t)
				for range 2 {
					testCloseAgainstTraffic(t, tr, size)
				}
			})
		}
	})
}

func testCloseAgainstTraffic(t *testing.T, tr gonngtest.Transport, size int) {
	leaver, stayer := open(t, gonng.NewPair0, gonng.WithLinger(patience)), open(t, gonng.NewPair0)
	link(t, leaver, stayer, tr)
	ctx := testContext(t)
	gone := departures(stayer)
	traffic := concurrently(func() error {
		for i := 0; ; i++ {
			if err := stayer.Send(ctx, body(i, size)); err != nil {
				return err
			}
		}
	})
	// The leaver receives nothing; it sends until the stayer, which does not
	// receive yet, takes no more.
	n := fill(t, leaver, size)
	closed := concurrently(leaver.Close)
	for i := range n {
		got, err := stayer.Recv(ctx)
		if err != nil {
			t.Fatalf("message %d of %d: %v", i, n, err)
		}
		if len(got) != size {
			t.Fatalf("message %d has %d bytes, want %d", i, len(got), size)
		}
	}
	check(t, <-closed)
	wait(t, "the leaver goes", gone)
	check(t, stayer.Close())
	if err := <-traffic; !errors.Is(err, gonng.ErrClosed) {
		t.Errorf("the traffic ended with %v", err)
	}
}

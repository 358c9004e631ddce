package itest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// left is the number of messages that the error of Close tells.
func left(t testing.TB, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	wantError(t, err, "close", gonng.ErrTimeout)
	n := regexp.MustCompile(`(\d+) messages?`).FindStringSubmatch(err.Error())
	if n == nil {
		t.Fatalf("error %q does not say how many messages were left", err)
	}
	v, _ := strconv.Atoi(n[1])
	return v
}

// fill sends until nothing more is accepted, and returns how many were. Another
// pair of sockets tells a connection that is stuck from one whose goroutines have
// not had their turn yet on a busy machine.
func fill(t testing.TB, x gonng.Sender, size int) (n int) {
	t.Helper()
	body := make([]byte, size)
	in, out := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
	link(t, in, out, tcp)
	defer in.Close()
	defer out.Close()
	for full := 0; full < 3; {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		err := x.Send(ctx, body)
		cancel()
		switch {
		case err == nil:
			n++
			full = 0
		case errors.Is(err, gonng.ErrTimeout):
			full++
			for range 20 {
				sendText(t, out, "turn")
				recvText(t, in, "turn")
			}
		default:
			t.Fatal(err)
		}
	}
	return n
}

// TestCloseDelivers: what Send accepted arrives although the socket is closed
// at once.
func TestCloseDelivers(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		for _, size := range []int{10, 100 << 10} {
			const n = 200
			in, out := open(t, gonng.NewPull0), open(t, gonng.NewPush0, gonng.WithLinger(patience))
			if size == 10 {
				link(t, in, out, tr)
			} else {
				link(t, out, in, tr)
			}
			ctx := testContext(t)
			go func() {
				for i := range n {
					body := make([]byte, size)
					binary.BigEndian.PutUint32(body, uint32(i))
					if err := out.Send(ctx, body); err != nil {
						t.Error(err)
					}
				}
				if err := out.Close(); err != nil {
					t.Error(err)
				}
			}()
			for i := range n {
				body, err := in.Recv(ctx)
				if err != nil {
					t.Fatalf("message %d: %v", i, err)
				}
				if got := binary.BigEndian.Uint32(body); int(got) != i || len(body) != size {
					t.Fatalf("got message %d with %d bytes, want %d with %d", got, len(body), i, size)
				}
			}
			out.Close()
			in.Close()
		}
	})
}

// TestCloseLingers: the peer does not read. Close gives up after the linger and
// says what is left, exactly.
func TestCloseLingers(t *testing.T) {
	gonngtest.NoLeaks(t)
	type how struct {
		name  string
		min   time.Duration
		close func(gonng.Socket) error
	}
	hows := []how{
		{"default", time.Second, gonng.Socket.Close},
		{"100ms", 100 * time.Millisecond, func(s gonng.Socket) error {
			gonng.Set(s, gonng.WithLinger(100*time.Millisecond))
			return s.Close()
		}},
		{"0", 0, func(s gonng.Socket) error {
			gonng.Set(s, gonng.WithLinger(0))
			return s.Close()
		}},
		{"Shutdown", 100 * time.Millisecond, func(s gonng.Socket) error {
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			return s.Shutdown(ctx)
		}},
	}
	for _, h := range hows {
		for _, size := range []int{100, 100 << 10} {
			if h.name == "default" && size != 100 {
				continue // a second is long
			}
			t.Run(fmt.Sprint(h.name, "/", size), func(t *testing.T) {
				list := append(streams(), transport("inproc")) // what arrived can be counted there
				parallel(t, list, func(t *testing.T, tr gonngtest.Transport) {
					rec := newRecorder()
					s := open(t, gonng.NewPush0, gonng.WithLogger(rec.logger()))
					var arrived func() int
					if tr.Name == "inproc" {
						other := open(t, gonng.NewPull0)
						link(t, s, other, tr)
						arrived = func() int { return int(other.Stats().Received) }
					} else {
						peer := scripted(t, s, tr)
						arrived = func() int {
							return len(peer.RecvAll()) / len(gonngtest.Frame(framing(tr), make([]byte, size)))
						}
					}
					accepted := fill(t, s, size)
					start := time.Now()
					err := h.close(s)
					took := time.Since(start)
					if took < h.min || took > h.min+handshakeTime/2 { // a busy machine is slow
						t.Errorf("Close took %v, want about %v", took, h.min)
					}
					if strings.Contains(fmt.Sprint(err), "confirm") {
						t.Errorf("%v, but nobody is asked to confirm", err)
					}
					got, want := left(t, err), accepted-arrived()
					if got != want || want == 0 {
						t.Errorf("Close says %d messages were left, want %d of %d", got, want, accepted)
					}
					rec.want(t, "closed before all was sent", fmt.Sprint("messages=", want))
					if n := s.Stats().Unsent; n != uint64(want) {
						t.Errorf("Stats.Unsent is %d, want %d", n, want)
					}
				})
			})
		}
	}
}

// TestShutdownWaits for a slow peer as long as it is allowed to.
func TestShutdownWaits(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		in, out := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
		link(t, in, out, tr)
		n := fill(t, out, 100<<10)
		result := concurrently(func() error { return out.Shutdown(context.Background()) })
		gonngtest.Eventually(t, func() bool { return errors.Is(out.TrySend(nil), gonng.ErrClosed) }, "closed")
		for range n {
			if _, err := in.Recv(testContext(t)); err != nil {
				t.Fatal(err)
			}
		}
		if err := wait(t, "Shutdown", result); err != nil {
			t.Error(err)
		}
	})
}

// TestCloseDuringShutdown: who does not want to wait any more calls Close.
func TestCloseDuringShutdown(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		in, out := open(t, gonng.NewPull0), open(t, gonng.NewPush0, gonng.WithLinger(0))
		link(t, in, out, tr)
		fill(t, out, 100<<10)
		result := concurrently(func() error { return out.Shutdown(context.Background()) })
		gonngtest.Eventually(t, func() bool { return errors.Is(out.TrySend(nil), gonng.ErrClosed) }, "closed")
		promptly(t, "Close", func() { out.Close() })
		if left(t, wait(t, "Shutdown", result)) == 0 {
			t.Error("Shutdown does not say that messages were left")
		}
	})
}

// TestPeerVanishesWhileSending: the connection ends at both ends at once, again
// and again.
func TestPeerVanishesWhileSending(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, w := range allFlows {
		t.Run(w.name, func(t *testing.T) {
			parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
				fast := reconnect(time.Millisecond, time.Millisecond)
				in, r := w.recv(t, gonng.WithLinger(0))
				out, x := w.send(t, gonng.WithLinger(0), fast)
				link(t, in, out, tr)
				ctx, cancel := context.WithCancel(context.Background())
				var both sync.WaitGroup
				for _, size := range []int{10, 2000, 50 << 10} {
					both.Go(func() {
						for x.Send(ctx, make([]byte, size)) == nil {
						}
					})
				}
				both.Go(func() {
					for {
						if _, err := r.Recv(ctx); err != nil {
							return
						}
					}
				})
				cuts := 30
				if raceDetector {
					cuts = 10
				}
				for range cuts {
					waitPeers(t, in, 1)
					waitPeers(t, out, 1)
					for _, s := range []gonng.Socket{in, out} {
						for _, p := range s.Pipes() {
							p.Close()
							if !errors.Is(p.Err(), gonng.ErrClosed) && !errors.Is(p.Err(), gonng.ErrConnectionReset) {
								t.Errorf("the pipe ended by %v", p.Err())
							}
							break
						}
					}
				}
				cancel()
				both.Wait()
				out.Close()
				in.Close()
			})
		})
	}
}

// TestUnsentIsCounted: what was accepted and not written is told when the peer
// goes, not only on Close.
func TestUnsentIsCounted(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
		rec := newRecorder()
		s := open(t, gonng.NewPush0, gonng.WithLogger(rec.logger()))
		scripted(t, s, tr)
		fill(t, s, 1000)
		closed := departures(s)
		s.Pipes()[0].Close()
		wait(t, "end of the pipe", closed)
		n := s.Stats().Unsent
		if n == 0 {
			t.Error("nothing is counted as unsent")
		}
		rec.want(t, "disconnected", fmt.Sprint("unsent=", n))
	})
}

// TestReceivedIsNotUnsent: a peer that goes as soon as it has received does not
// make the sender, which is perhaps still about to note that it wrote, count the
// message as unsent.
func TestReceivedIsNotUnsent(t *testing.T) {
	for _, name := range []string{"inproc", "tcp"} {
		t.Run(name, func(t *testing.T) {
			gonngtest.NoLeaks(t)
			for range 200 {
				push, pull := open(t, gonng.NewPush0), open(t, gonng.NewPull0)
				closed := departures(push)
				gonngtest.Connect(t, pull, push, transport(name))
				go func() {
					pull.Recv(context.Background())
					pull.Close()
				}()
				check(t, push.Send(testContext(t), []byte("hello")))
				wait(t, "end of the pipe", closed)
				if n := push.Stats().Unsent; n != 0 {
					t.Fatalf("%d messages are counted as unsent, all were received", n)
				}
				push.Close()
			}
		})
	}
}

package itest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

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
				for range 30 {
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

package itest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// TestHookRefusesAccepted: closing the pipe in a PipeConnecting hook refuses
// the peer before any message.
func TestHookRefusesAccepted(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		rec := newRecorder()
		refuse := func(p *gonng.Pipe) { p.Close() }
		wrong := func(*gonng.Pipe) { t.Error("a refused peer is connected") }
		a := open(t, gonng.NewPull0, gonng.WithLogger(rec.logger()),
			gonng.WithPipeHook(gonng.PipeConnecting, refuse),
			gonng.WithPipeHook(gonng.PipeConnected, wrong),
			gonng.WithPipeHook(gonng.PipeClosed, wrong))
		b := open(t, gonng.NewPush0, reconnect(time.Hour, 0), gonng.WithLinger(0))
		b.OnPipe(gonng.PipeConnected, wrong) // the peer is answered after the hooks
		_, err := b.Dial(testContext(t), listen(t, a, tr).URL(), append(tr.Dial, gonng.WithDialMode(gonng.DialWait))...)
		if err == nil {
			t.Fatal("Dial returned no error for a peer that was refused")
		}
		rec.want(t, "not accepted", "hook refused")
		if _, err := a.TryRecv(); !errors.Is(err, gonng.ErrTryAgain) {
			t.Errorf("TryRecv: %v, want ErrTryAgain", err)
		}
		if st := a.Stats(); st.Refused != 1 || st.Connects != 0 {
			t.Errorf("%d refused and %d connects are counted, want 1 and 0", st.Refused, st.Connects)
		}
	})
}

func TestHookRefusesDialed(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
		l := listen(t, a, tr)
		remove := b.OnPipe(gonng.PipeConnecting, func(p *gonng.Pipe) { p.Close() })
		opts := append(tr.Dial, gonng.WithDialMode(gonng.DialWait))
		_, err := b.Dial(testContext(t), l.URL(), opts...)
		wantError(t, err, "dial", gonng.ErrConnectionAborted)
		if n := len(b.Pipes()) + len(b.Dialers()); n != 0 {
			t.Errorf("%d pipes or dialers are left", n)
		}
		remove()
		if _, err := b.Dial(testContext(t), l.URL(), opts...); err != nil {
			t.Error(err)
		}
	})
}

// TestHookOrder: the three events in order, each with its hooks in the order
// added, and the pipe knows itself.
func TestHookOrder(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		a, b := open(t, gonng.NewPair0), open(t, gonng.NewPair0)
		type called struct {
			name string
			pipe *gonng.Pipe
		}
		calls := make(chan called, 100)
		var remove func()
		for i, event := range []gonng.PipeEvent{gonng.PipeClosed, gonng.PipeConnected, gonng.PipeConnecting} {
			for j := range 3 {
				gone := a.OnPipe(event, func(p *gonng.Pipe) { calls <- called{fmt.Sprint(2-i, j), p} })
				if j == 1 && event == gonng.PipeConnected {
					remove = gone
				}
			}
		}
		remove()
		remove() // twice is harmless
		l, d := link(t, a, b, tr)
		p := a.Pipes()[0]
		d.Close()
		for _, want := range []string{"0 0", "0 1", "0 2", "1 0", "1 2", "2 0", "2 1", "2 2"} {
			got := wait(t, "hook "+want, calls)
			if got.name != want || got.pipe != p {
				t.Errorf("hook %s was called for %v, want %s for %v", got.name, got.pipe, want, p)
			}
		}
		if p.Listener() != l || p.Dialer() != nil || p.URL() != l.URL() || p.ID() == 0 || p.ID()>>31 != 0 {
			t.Errorf("the pipe has listener %v, dialer %v, URL %s, ID %d", p.Listener(), p.Dialer(), p.URL(), p.ID())
		}
		if p.Protocol() != gonng.ProtocolPair0 || p.Peer() != gonng.ProtocolPair0 {
			t.Errorf("the pipe is from %v to %v", p.Protocol(), p.Peer())
		}
	})
}

// TestHookMayDoAnything: no lock is held.
func TestHookMayDoAnything(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, event := range []gonng.PipeEvent{gonng.PipeConnecting, gonng.PipeConnected, gonng.PipeClosed} {
		t.Run(fmt.Sprint(event), func(t *testing.T) {
			parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
				a, b := open(t, gonng.NewPair0, gonng.WithLinger(0)), open(t, gonng.NewPair0, gonng.WithLinger(0))
				done := make(chan struct{})
				var once sync.Once
				url := tr.URL(t)
				a.OnPipe(event, func(p *gonng.Pipe) {
					once.Do(func() {
						ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
						defer cancel()
						a.Send(ctx, []byte("x"))
						a.Recv(ctx)
						a.WaitPeers(ctx, 2)
						p.Send(ctx, []byte("x"))
						a.Set(gonng.WithName("y"))
						a.Stats()
						a.Config()
						l, err := a.Listen(context.Background(), url, tr.Listen...)
						if err != nil {
							t.Error(err)
							return
						}
						l.Close()
						a.Dial(ctx, "inproc://nobody")
						for _, d := range a.Dialers() {
							d.Close()
						}
						for _, l := range a.Listeners() {
							l.Close()
						}
						a.OnPipe(event, func(*gonng.Pipe) {})()
						p.Err()
						p.Close()
						close(done)
					})
				})
				dial(t, b, tr, listen(t, a, tr).URL(), gonng.WithDialMode(gonng.DialBackground))
				if event == gonng.PipeClosed {
					waitPeers(t, a, 1)
					a.Pipes()[0].Close()
				}
				wait(t, "end of the hook", done)
			})
		})
	}
}

// TestNothingReceivedBeforeHook: no message of a peer is received before its
// PipeConnected hooks have returned.
func TestNothingReceivedBeforeHook(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
		entered, release := make(chan struct{}), make(chan struct{})
		a.OnPipe(gonng.PipeConnected, func(*gonng.Pipe) {
			close(entered)
			<-release
		})
		dial(t, b, tr, listen(t, a, tr).URL())
		waitPeers(t, b, 1)
		for range 10 {
			check(t, b.Send(testContext(t), []byte("hello")))
		}
		wait(t, "hook", entered)
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		if body, err := a.Recv(ctx); err == nil {
			t.Errorf("received %q while the hook runs", body)
		}
		if len(a.Pipes()) != 0 {
			t.Error("the peer counts as connected while the hook runs")
		}
		close(release)
		for range 10 {
			if _, err := a.Recv(testContext(t)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestHooksBalance: PipeClosed comes exactly once for each PipeConnected,
// however the connection ends, and never for a refused peer.
func TestHooksBalance(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		fast := reconnect(time.Millisecond, 0)
		a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0, fast, gonng.WithLinger(0))
		var mu sync.Mutex
		events := make(map[*gonng.Pipe][]gonng.PipeEvent)
		connected := make(chan *gonng.Pipe, 1000)
		for _, s := range []gonng.Socket{a, b} {
			for _, event := range []gonng.PipeEvent{gonng.PipeConnecting, gonng.PipeConnected, gonng.PipeClosed} {
				s.OnPipe(event, func(p *gonng.Pipe) {
					mu.Lock()
					defer mu.Unlock()
					events[p] = append(events[p], event)
					if event == gonng.PipeConnecting && len(events)%7 == 0 {
						p.Close()
					}
					if event == gonng.PipeConnected {
						connected <- p
					}
				})
			}
		}
		l := listen(t, a, tr)
		for i := range 3 {
			dial(t, b, tr, l.URL())
			if i == 1 {
				l = listen(t, a, tr)
			}
		}
		for i := range 100 {
			p := wait(t, "connection", connected)
			switch i % 3 {
			case 0:
				p.Close()
			case 1:
				go p.Close()
				go p.Close()
			case 2:
				b.TrySend(make([]byte, 10))
				p.Close()
			}
		}
		a.Close()
		b.Close()
		// A hook that ran when Close was called may still be at it.
		gonngtest.Eventually(t, func() bool {
			mu.Lock()
			defer mu.Unlock()
			for _, got := range events {
				if last := got[len(got)-1]; last == gonng.PipeConnected {
					return false
				}
			}
			return true
		}, "PipeClosed for all")
		mu.Lock()
		defer mu.Unlock()
		all := []gonng.PipeEvent{gonng.PipeConnecting, gonng.PipeConnected, gonng.PipeClosed}
		whole := 0
		for p, got := range events {
			if slices.Equal(got, all) {
				whole++
			} else if !slices.Equal(got, all[:1]) {
				t.Errorf("pipe %d had events %v", p.ID(), got)
			}
		}
		if whole < 100 {
			t.Errorf("%d pipes were connected and closed, want at least 100", whole)
		}
	})
}

// TestCloseInHook closes a socket in each hook, on each side.
func TestCloseInHook(t *testing.T) {
	gonngtest.NoLeaks(t)
	events := map[string]gonng.PipeEvent{
		"connecting": gonng.PipeConnecting, "connected": gonng.PipeConnected, "closed": gonng.PipeClosed,
	}
	for name, event := range events {
		for _, side := range []string{"listener", "dialer", "attached"} {
			t.Run(name+"/"+side, func(t *testing.T) {
				if side == "attached" {
					closeInHook(t, gonngtest.Transport{}, event, side)
					return
				}
				parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
					closeInHook(t, tr, event, side)
				})
			})
		}
	}
}

func closeInHook(t *testing.T, tr gonngtest.Transport, event gonng.PipeEvent, side string) {
	ctx := testContext(t)
	a, b := open(t, gonng.NewPair0, gonng.WithLinger(endless)), open(t, gonng.NewPair0, gonng.WithLinger(endless))
	hooked := a
	if side == "dialer" {
		hooked = b
	}
	closed := make(chan struct{}, 10)
	hooked.OnPipe(event, func(*gonng.Pipe) {
		promptly(t, "Close in the hook", func() { hooked.Close() })
		closed <- struct{}{}
	})
	if side == "attached" {
		x, y := net.Pipe()
		go func() { b.Attach(ctx, y) }()
		a.Attach(ctx, x)
	} else {
		dial(t, b, tr, listen(t, a, tr).URL(), gonng.WithDialMode(gonng.DialBackground))
	}
	if event == gonng.PipeClosed {
		waitPeers(t, hooked, 1)
		hooked.Pipes()[0].Close()
	}
	wait(t, "Close in the hook", closed)
	if err := hooked.Send(ctx, nil); !errors.Is(err, gonng.ErrClosed) {
		t.Errorf("Send: %v, want ErrClosed", err)
	}
	promptly(t, "Close", func() { a.Close(); b.Close() })
	if n := len(hooked.Pipes()) + len(hooked.Dialers()) + len(hooked.Listeners()); n != 0 {
		t.Errorf("%d pipes, dialers or listeners are left", n)
	}
}

// TestCloseWhileHookWaits: Close does not wait for a hook of the program,
// which may in turn wait for the caller of Close.
func TestCloseWhileHookWaits(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, event := range []gonng.PipeEvent{gonng.PipeConnecting, gonng.PipeConnected, gonng.PipeClosed} {
		t.Run(fmt.Sprint(event), func(t *testing.T) {
			parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
				a, b := open(t, gonng.NewPair0, gonng.WithLinger(endless)), open(t, gonng.NewPair0)
				entered, release := make(chan struct{}, 10), make(chan struct{})
				a.OnPipe(event, func(*gonng.Pipe) {
					entered <- struct{}{}
					<-release
				})
				dial(t, b, tr, listen(t, a, tr).URL(), gonng.WithDialMode(gonng.DialBackground))
				if event == gonng.PipeClosed {
					waitPeers(t, a, 1)
					a.Pipes()[0].Close()
				}
				wait(t, "hook", entered)
				promptly(t, "Close", func() { a.Close() })
				close(release)
			})
		})
	}
}

// TestCloseWaitsForHooks that it causes itself, and not for longer than the
// linger.
func TestCloseWaitsForHooks(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		for range 20 {
			a, b := open(t, gonng.NewPull0, gonng.WithLinger(patience)), open(t, gonng.NewPush0)
			link(t, a, b, tr)
			var ended atomic.Bool
			a.OnPipe(gonng.PipeClosed, func(*gonng.Pipe) {
				runtime.Gosched()
				ended.Store(true)
			})
			a.Close()
			if !ended.Load() {
				t.Fatal("Close returned before the PipeClosed hook had ended")
			}
			b.Close()
		}
		a, b := open(t, gonng.NewPull0, gonng.WithLinger(100*time.Millisecond)), open(t, gonng.NewPush0)
		link(t, a, b, tr)
		release := make(chan struct{})
		a.OnPipe(gonng.PipeClosed, func(*gonng.Pipe) { <-release })
		promptly(t, "Close", func() { a.Close() })
		close(release)
	})
}

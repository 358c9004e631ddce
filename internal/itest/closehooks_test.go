package itest

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

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
	a, b := open(t, gonng.NewPair0), open(t, gonng.NewPair0)
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
				a, b := open(t, gonng.NewPair0), open(t, gonng.NewPair0)
				entered, release := make(chan struct{}, 10), make(chan struct{})
				a.OnPipe(event, func(*gonng.Pipe) {
					entered <- struct{}{}
					<-release
				})
				dial(t, b, tr, listen(t, a, tr).URL())
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
			a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
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

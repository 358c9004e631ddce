package itest

import (
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// TestListenerCloseDisconnects: after Close of a listener it has no pipes, also
// not one that was on its way.
func TestListenerCloseDisconnects(t *testing.T) {
	gonngtest.NoLeaks(t)
	for name, event := range map[string]gonng.PipeEvent{"connecting": gonng.PipeConnecting, "connected": gonng.PipeConnected} {
		t.Run(name, func(t *testing.T) {
			parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
				a := open(t, gonng.NewPull0)
				b := open(t, gonng.NewPush0, reconnect(time.Hour, 0))
				closed := departures(b)
				entered, release := make(chan struct{}), make(chan struct{})
				a.OnPipe(event, func(*gonng.Pipe) {
					entered <- struct{}{}
					<-release
				})
				l := listen(t, a, tr)
				dial(t, b, tr, l.URL())
				wait(t, "hook", entered)
				if err := l.Close(); err != nil {
					t.Error(err)
				}
				close(release)
				wait(t, "disconnect", closed)
				gonngtest.Eventually(t, func() bool { return len(a.Pipes()) == 0 }, "no pipe")
			})
		})
	}
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		a, b, c := open(t, gonng.NewPull0), open(t, gonng.NewPush0), open(t, gonng.NewPush0)
		l, _ := link(t, a, b, tr)
		other := listen(t, a, tr)
		dial(t, c, tr, other.URL())
		waitPeers(t, a, 2)
		if n := len(l.Pipes()); n != 1 {
			t.Errorf("the listener has %d pipes, want 1", n)
		}
		closed := departures(a)
		l.Close()
		if p := wait(t, "disconnect", closed); p.Listener() != l {
			t.Errorf("pipe of listener %s was closed, want that of %s", p.Listener().URL(), l.URL())
		}
		if n, m := len(l.Pipes()), len(other.Pipes()); n != 0 || m != 1 {
			t.Errorf("the listeners have %d and %d pipes, want 0 and 1", n, m)
		}
		if ls := a.Listeners(); len(ls) != 1 || ls[0] != other {
			t.Errorf("the socket has %d listeners, want the other one", len(ls))
		}
		if _, err := b.Dial(testContext(t), l.URL(), append(tr.Dial, gonng.WithDialMode(gonng.DialWait))...); err == nil {
			t.Error("a closed listener can be dialed")
		}
	})
}

// TestListenOn takes a listener that the program brings.
func TestListenOn(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
		network, address := "tcp", "127.0.0.1:0"
		if tr.Name == "ipc" {
			network = "unix"
			_, address = socketPath(t)
		}
		nl, err := net.Listen(network, address)
		check(t, err)
		a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
		l, err := a.ListenOn(nl)
		check(t, err)
		if want := tr.Name + "://" + nl.Addr().String(); l.URL() != want || l.Addr() != nl.Addr() {
			t.Errorf("listens at %s, %v; want %s", l.URL(), l.Addr(), want)
		}
		dial(t, b, tr, l.URL(), gonng.WithDialMode(gonng.DialWait))
		roundTrip(t, b, a)
		a.Close()
		if nl.Close() == nil {
			t.Error("the listener was still open")
		}
	})
	t.Run("too late", func(t *testing.T) {
		nl, err := net.Listen("tcp", "127.0.0.1:0")
		check(t, err)
		_, err = open(t, gonng.NewPull0).ListenOn(nl, gonng.WithTLS(new(tls.Config)))
		wantError(t, err, "listen", gonng.ErrNotSupported)
		wantText(t, err.Error(), "WithTLS")
	})
	t.Run("bad option", func(t *testing.T) {
		nl, err := net.Listen("tcp", "127.0.0.1:0")
		check(t, err)
		s := open(t, gonng.NewPull0)
		_, err = s.ListenOn(nl, gonng.WithRecvMaxSize(-1))
		wantError(t, err, "listen", gonng.ErrInvalid)
		if nl.Close() == nil {
			t.Error("the listener was still open: it was to be taken over")
		}
	})
}

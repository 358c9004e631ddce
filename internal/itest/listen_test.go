package itest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// TestBadURL: what can never work is an error at once, in every mode, and
// leaves no dialer behind.
func TestBadURL(t *testing.T) {
	gonngtest.NoLeaks(t)
	long := "/tmp/" + strings.Repeat("x", 200)
	for url, want := range map[string]struct {
		kind  error
		words []string
	}{
		"":                            {gonng.ErrAddressInvalid, nil},
		"127.0.0.1:5555":              {gonng.ErrAddressInvalid, []string{"scheme://"}},
		"tcp:5555":                    {gonng.ErrAddressInvalid, []string{"scheme://"}},
		"tcp:/127.0.0.1:5555":         {gonng.ErrAddressInvalid, []string{"scheme://"}},
		"tcp:127.0.0.1:http":          {gonng.ErrAddressInvalid, []string{"http"}},
		"ipc:/tmp/x.sock":             {gonng.ErrAddressInvalid, []string{"scheme://"}},
		"inproc:x":                    {gonng.ErrAddressInvalid, []string{"scheme://"}},
		"tls:127.0.0.1:5555":          {gonng.ErrAddressInvalid, []string{"scheme://"}},
		"tls+ipc://x":                 {gonng.ErrNotSupported, []string{"tls+tcp"}},
		"tls+tcp://127.0.0.1":         {gonng.ErrAddressInvalid, []string{"host:port"}},
		"tls+tcp:127.0.0.1":           {gonng.ErrAddressInvalid, []string{"scheme://"}},
		"tls+tcp4://[::1]:5555":       {gonng.ErrAddressInvalid, []string{"::1", "tcp4"}},
		"tls+tcp6:127.0.0.1:5555":     {gonng.ErrAddressInvalid, []string{"127.0.0.1", "tcp6"}},
		"://127.0.0.1:5555":           {gonng.ErrNotSupported, []string{`""`}},
		"carrier-pigeon://loft":       {gonng.ErrNotSupported, []string{"carrier-pigeon", "tcp"}},
		"tcp://":                      {gonng.ErrAddressInvalid, []string{"host:port"}},
		"tcp://127.0.0.1":             {gonng.ErrAddressInvalid, []string{"host:port"}},
		"tcp://127.0.0.1:":            {gonng.ErrAddressInvalid, []string{"port"}},
		"tcp://127.0.0.1:http":        {gonng.ErrAddressInvalid, []string{"http"}},
		"tcp://127.0.0.1:65536":       {gonng.ErrAddressInvalid, []string{"65536"}},
		"tcp://127.0.0.1:-1":          {gonng.ErrAddressInvalid, []string{"-1"}},
		"tcp://127.0.0.1:99999999999": {gonng.ErrAddressInvalid, []string{"99999999999"}},
		"tcp://::1:5555":              {gonng.ErrAddressInvalid, []string{"[host]:port"}},
		"tcp://[::1:5555":             {gonng.ErrAddressInvalid, []string{"[host]:port"}},
		"tcp://[127.0.0.1]:5555":      {gonng.ErrAddressInvalid, []string{"IPv6"}},
		"tcp://eth0;127.0.0.1:5":      {gonng.ErrAddressInvalid, []string{"interface"}},
		"tcp://user@127.0.0.1:1":      {gonng.ErrAddressInvalid, []string{"without a user", "ws"}},
		"tcp4://[::1]:5555":           {gonng.ErrAddressInvalid, nil},
		"tcp6://127.0.0.1:5555":       {gonng.ErrAddressInvalid, nil},
		"ipc://":                      {gonng.ErrAddressInvalid, []string{"empty"}},
		"unix://":                     {gonng.ErrAddressInvalid, []string{"empty"}},
		"ipc://" + long:               {gonng.ErrAddressInvalid, []string{"205 bytes", "107"}},
		"ipc:///tmp/a\x00b":           {gonng.ErrAddressInvalid, []string{"zero byte"}},
		"ipc:///tmp/":                 {gonng.ErrAddressInvalid, []string{"directory"}},
		"ipc:///":                     {gonng.ErrAddressInvalid, []string{"directory"}},
		"ipc://.":                     {gonng.ErrAddressInvalid, []string{"directory"}},
		"unix://x/..":                 {gonng.ErrAddressInvalid, []string{"directory"}},
		"tcp://224.0.0.1:5":           {gonng.ErrAddressInvalid, []string{"group"}},
		"tls+tcp6://[ff02::1%lo]:5":   {gonng.ErrAddressInvalid, []string{"group"}},
		"ws://255.255.255.255:5/":     {gonng.ErrAddressInvalid, []string{"group"}},
		"inproc://":                   {gonng.ErrAddressInvalid, []string{"empty"}},
	} {
		t.Run(url, func(t *testing.T) {
			rec := newRecorder()
			s := open(t, gonng.NewPair0, gonng.WithLogger(rec.logger()))
			check := func(op string, err error) {
				t.Helper()
				wantError(t, err, op, want.kind)
				var oe *gonng.OpError
				if errors.As(err, &oe) && oe.URL != url {
					t.Errorf("the error's URL is %q, want %q", oe.URL, url)
				}
				if err != nil {
					wantText(t, err.Error(), want.words...)
				}
			}
			ctx := testContext(t)
			for _, mode := range []gonng.DialMode{gonng.DialRetry, gonng.DialWait, gonng.DialBackground} {
				_, err := s.Dial(ctx, url, gonng.WithDialMode(mode))
				check("dial", err)
			}
			_, err := s.Listen(ctx, url)
			check("listen", err)
			_, err = gonng.NewPair0(gonng.WithDial(url))
			check("dial", err)
			_, err = gonng.NewPair0(gonng.WithListen(url))
			check("listen", err)
			if n := len(s.Dialers()) + len(s.Listeners()); n != 0 {
				t.Errorf("%d dialers or listeners are left", n)
			}
			if lines, _ := rec.matching(); len(lines) > 0 {
				t.Errorf("logged %q, want nothing: the error says it", lines)
			}
		})
	}
}

// TestDialWhatIsToListen: what can be listened on only is an error of Dial at
// once, in every mode, and leaves no dialer behind.
func TestDialWhatIsToListen(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := open(t, gonng.NewPair0)
	for url, word := range map[string]string{
		"tcp://127.0.0.1:0": "port 0", "tls+tcp://[::1]:0": "port 0", "ws://127.0.0.1:0/": "port 0",
		"tcp://*:5555": "host *", "tls+tcp6://*:5555": "host *", "ws://*:5555/": "host *",
		"ws:///x": "no host", "wss://": "no host",
	} {
		for _, mode := range []gonng.DialMode{gonng.DialRetry, gonng.DialWait, gonng.DialBackground} {
			_, err := s.Dial(testContext(t), url, gonng.WithDialMode(mode))
			wantError(t, err, "dial", gonng.ErrAddressInvalid)
			wantText(t, fmt.Sprint(err), word)
			if n := len(s.Dialers()); n != 0 {
				t.Errorf("%d dialers are left", n)
			}
		}
	}
}

func TestAddressInUse(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		a, b, c := open(t, gonng.NewPull0), open(t, gonng.NewPull0), open(t, gonng.NewPush0)
		l := listenForNow(t, a, tr)
		for _, s := range []gonng.Socket{a, b} {
			_, err := s.Listen(testContext(t), l.URL(), tr.Listen...)
			wantError(t, err, "listen", gonng.ErrAddressInUse)
			if err != nil {
				wantText(t, err.Error(), l.URL(), "in use")
				if l.Addr().Network() == "tcp" {
					wantText(t, err.Error(), "port 0")
				}
			}
		}
		// The first is not disturbed.
		dial(t, c, tr, l.URL(), gonng.WithDialMode(gonng.DialWait))
		check(t, c.Send(testContext(t), []byte("hello")))
		if _, err := a.Recv(testContext(t)); err != nil {
			t.Fatal(err)
		}
		// And the address is free again afterwards.
		a.Close()
		again, err := b.Listen(testContext(t), l.URL(), tr.Listen...)
		check(t, err)
		if again.URL() != l.URL() {
			t.Errorf("listens at %s, want %s", again.URL(), l.URL())
		}
	})
}

// TestNobodyListens: the same error over every transport, and at once.
func TestNobodyListens(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
		l := listen(t, a, tr)
		a.Close() // its address is one that nobody listens at
		promptly(t, "Dial", func() {
			_, err := b.Dial(testContext(t), l.URL(), append(tr.Dial, gonng.WithDialMode(gonng.DialWait))...)
			wantError(t, err, "dial", gonng.ErrConnectionRefused)
		})
		if n := b.Stats().ConnectFailures; n != 1 {
			t.Errorf("%d failures are counted, want 1", n)
		}
	})
}

// TestListenAddresses: the ways to say where, and what URL says then.
func TestListenAddresses(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, url := range []string{
		"tcp://127.0.0.1:0", "tcp://localhost:0", "tcp://0.0.0.0:0", "tcp://:0", "tcp://*:0", "TCP://127.0.0.1:0",
		"tcp4://127.0.0.1:0", "tcp4://:0", "tcp4://*:0",
		"tcp6://[::1]:0", "tcp://[::1]:0", "tcp6://*:0",
	} {
		t.Run(url, func(t *testing.T) {
			if strings.Contains(url, "::1") || strings.Contains(url, "tcp6") {
				l, err := net.Listen("tcp6", "[::1]:0")
				if err != nil {
					t.Skip("no IPv6 here:", err)
				}
				l.Close()
			}
			a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
			l, err := a.Listen(testContext(t), url)
			check(t, err)
			addr, ok := l.Addr().(*net.TCPAddr)
			if !ok || addr.Port == 0 {
				t.Fatalf("Addr is %v, a %T", l.Addr(), l.Addr())
			}
			wantText(t, l.URL(), "://", addr.AddrPort().String()[strings.LastIndex(addr.AddrPort().String(), ":"):])
			dial(t, b, gonngtest.Transport{}, l.URL(), gonng.WithDialMode(gonng.DialWait))
			check(t, b.Send(testContext(t), []byte("hello")))
			m, err := a.RecvMsg(testContext(t))
			check(t, err)
			if remote, ok := m.Pipe().RemoteAddr().(*net.TCPAddr); !ok || remote.Port == 0 {
				t.Errorf("RemoteAddr is %v, a %T", m.Pipe().RemoteAddr(), m.Pipe().RemoteAddr())
			}
		})
	}
	t.Run("inproc", func(t *testing.T) {
		s := open(t, gonng.NewPull0)
		l, err := s.Listen(testContext(t), "inproc://any name, even / and ?")
		check(t, err)
		if want := gonng.InprocAddr("any name, even / and ?"); l.Addr() != want || l.URL() != "inproc://"+string(want) {
			t.Errorf("listens at %v, %s", l.Addr(), l.URL())
		}
	})
	t.Run("ipc", func(t *testing.T) {
		s := open(t, gonng.NewPull0)
		l := listen(t, s, transport("ipc"))
		if a, ok := l.Addr().(*net.UnixAddr); !ok || "ipc://"+a.Name != l.URL() {
			t.Errorf("listens at %v, a %T, URL %s", l.Addr(), l.Addr(), l.URL())
		}
	})
}

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
				dial(t, b, tr, l.URL(), gonng.WithDialMode(gonng.DialBackground))
				wait(t, "hook", entered)
				if err := l.Close(); err != nil {
					t.Error(err)
				}
				close(release)
				if event == gonng.PipeConnected { // before that, the peer has not been answered
					wait(t, "disconnect", closed)
				}
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

// TestListenerSet: the next peer is treated as it says, the one that is there as
// before, over each transport.
func TestListenerSet(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		for _, set := range []func(*gonng.Pull0, *gonng.Listener) error{
			func(_ *gonng.Pull0, l *gonng.Listener) error { return l.Set(gonng.WithRecvMaxSize(10)) },
			func(s *gonng.Pull0, _ *gonng.Listener) error { return s.Set(gonng.WithRecvMaxSize(10)) },
		} {
			pull := open(t, gonng.NewPull0)
			before := open(t, gonng.NewPush0, gonng.WithLinger(0))
			l, _ := link(t, pull, before, tr)
			check(t, set(pull, l))
			check(t, before.Send(testContext(t), make([]byte, 11)))
			body, err := pull.Recv(testContext(t))
			if err != nil || len(body) != 11 {
				t.Errorf("from the peer of before: received %d bytes, %v", len(body), err)
			}
			after := open(t, gonng.NewPush0, gonng.WithLinger(0))
			dial(t, after, tr, l.URL(), gonng.WithDialMode(gonng.DialWait))
			waitPeers(t, pull, 2)
			gone := departures(pull)
			check(t, after.Send(testContext(t), make([]byte, 11)))
			want(t, wait(t, "the end of the pipe", gone).Err(), gonng.ErrMessageTooLarge)
			check(t, errors.Join(after.Close(), before.Close(), pull.Close()))
		}
	})
}

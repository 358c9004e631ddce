package itest

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net"
	"reflect"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// TestBadOptions: an error where they are set, which says what is wrong, and
// nothing is changed.
func TestBadOptions(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, bad := range []struct {
		option gonng.SocketOption
		words  []string
	}{
		{gonng.WithRecvTimeout(-1), []string{"WithRecvTimeout", "-1ns"}},
		{gonng.WithSendTimeout(-time.Second), []string{"WithSendTimeout", "-1s"}},
		{gonng.WithLinger(math.MinInt64), []string{"WithLinger"}},
		{gonng.WithRecvBuffer(-1), []string{"WithRecvBuffer", "-1"}},
		{gonng.WithSendBuffer(-1), []string{"WithSendBuffer", "-1"}},
		{gonng.WithRecvMaxSize(-1), []string{"WithRecvMaxSize", "-1"}},
		{gonng.WithReconnectTime(0, 0), []string{"WithReconnectTime", "0s"}},
		{gonng.WithReconnectTime(-time.Second, 0), []string{"WithReconnectTime", "-1s"}},
		{gonng.WithReconnectTime(time.Second, -1), []string{"WithReconnectTime"}},
		{gonng.WithReconnectTime(time.Second, time.Second-1), []string{"WithReconnectTime"}},
		{gonng.WithTTL(0), []string{"WithTTL", "0"}},
		{gonng.WithTTL(-1), []string{"WithTTL", "-1"}},
		{gonng.WithTTL(256), []string{"WithTTL", "256"}},
		{gonng.WithPipeHook(gonng.PipeConnected, nil), []string{"WithPipeHook"}},
		{gonng.WithPipeHook(gonng.PipeClosed+1, func(*gonng.Pipe) {}), []string{"WithPipeHook", "3"}},
	} {
		t.Run(bad.words[0], func(t *testing.T) {
			s := open(t, gonng.NewPair1)
			before := s.Config()
			wrong := func(op string, err error) {
				t.Helper()
				wantError(t, err, op, gonng.ErrInvalid)
				if err != nil {
					wantText(t, err.Error(), bad.words...)
				}
			}
			wrong("set", s.Set(gonng.WithName("changed"), bad.option))
			if after := s.Config(); !reflect.DeepEqual(before, after) {
				t.Errorf("the configuration was changed from %+v to %+v", before, after)
			}
			_, err := gonng.NewPair1(bad.option)
			wrong("set", err)
			req := open(t, gonng.NewReq0)
			c, err := req.NewContext()
			check(t, err)
			wrong("set", c.Set(bad.option))
			if d, ok := bad.option.(gonng.DialOption); ok {
				_, err := s.Dial(testContext(t), "inproc://x", d)
				wrong("dial", err)
				_, err = gonng.NewPair1(gonng.WithDial("inproc://x", d))
				wrong("dial", err)
			}
			if l, ok := bad.option.(gonng.ListenOption); ok {
				_, err := s.Listen(testContext(t), "inproc://x", l)
				wrong("listen", err)
			}
			if n := len(s.Dialers()) + len(s.Listeners()); n != 0 {
				t.Errorf("%d dialers or listeners are left", n)
			}
		})
	}
	t.Run("others", func(t *testing.T) {
		_, err := gonng.NewReq0(gonng.WithResendTime(-1))
		wantError(t, err, "set", gonng.ErrInvalid)
		_, err = gonng.NewSurveyor0(gonng.WithSurveyTime(-1))
		wantError(t, err, "set", gonng.ErrInvalid)
		s := open(t, gonng.NewPair0)
		for _, mode := range []gonng.DialMode{-1, 3} {
			_, err = s.Dial(testContext(t), "inproc://x", gonng.WithDialMode(mode))
			wantError(t, err, "dial", gonng.ErrInvalid)
		}
		rep := open(t, gonng.NewRep0)
		wantError(t, rep.Serve(testContext(t), echo, gonng.WithConcurrency(0)), "serve", gonng.ErrInvalid)
		_, err = gonng.NewRaw(12345)
		wantError(t, err, "raw", gonng.ErrInvalid)
	})
}

// TestTTLNeedsHops: who does not count hops refuses the option, whatever its
// value, the default among them.
func TestTTLNeedsHops(t *testing.T) {
	gonngtest.NoLeaks(t)
	for p, make := range cooked {
		counts := false
		switch p {
		case gonng.ProtocolPair1, gonng.ProtocolReq0, gonng.ProtocolRep0, gonng.ProtocolSurveyor0, gonng.ProtocolRespondent0:
			counts = true
		}
		for _, hops := range []int{8, 1, 255} {
			s, err := make(gonng.WithTTL(hops))
			if counts {
				check(t, err)
				check(t, s.Close())
			} else {
				want(t, err, gonng.ErrNotSupported)
				wantText(t, err.Error(), p.String(), "WithTTL", "hops")
			}
		}
	}
}

// TestOptionsOfTransports: what a transport cannot honour is refused where it
// is set for one dialer or listener, and a default for others on the socket.
func TestOptionsOfTransports(t *testing.T) {
	gonngtest.NoLeaks(t)
	keepAlive := net.KeepAliveConfig{Enable: true, Idle: time.Minute}
	dialing := new(net.Dialer).DialContext
	s := open(t, gonng.NewPair0, gonng.SocketOption(gonng.WithTCPNoDelay(false)), gonng.SocketOption(gonng.WithTCPKeepAlive(keepAlive)))
	for _, tr := range []gonngtest.Transport{transport("ipc"), transport("inproc")} {
		url := tr.URL(t)
		for _, bad := range []struct {
			name   string
			option interface{ gonng.DialOption }
		}{
			{"WithTCPNoDelay", gonng.WithTCPNoDelay(true)},
			{"WithTCPKeepAlive", gonng.WithTCPKeepAlive(keepAlive)},
			{"WithDialContext", gonng.WithDialContext(dialing)},
		} {
			if bad.name == "WithDialContext" && tr.Name == "ipc" {
				continue
			}
			_, err := s.Dial(testContext(t), url, bad.option)
			wantError(t, err, "dial", gonng.ErrNotSupported)
			if err != nil {
				wantText(t, err.Error(), bad.name, tr.Name)
			}
			if l, ok := bad.option.(gonng.ListenOption); ok {
				_, err := s.Listen(testContext(t), url, l)
				wantError(t, err, "listen", gonng.ErrNotSupported)
			}
			_, err = gonng.NewPair0(gonng.WithDial(url, bad.option))
			wantError(t, err, "dial", gonng.ErrNotSupported)
		}
		// The socket's own are no mistake: it may have dialers of all kinds.
		l, err := s.Listen(testContext(t), url)
		check(t, err)
		d, err := s.Dial(testContext(t), url, gonng.WithDialMode(gonng.DialBackground))
		check(t, err)
		wantError(t, d.Set(gonng.WithTCPNoDelay(true)), "set", gonng.ErrNotSupported)
		d.Close()
		l.Close()
	}
}

// TestConfigRoundTrip: Config tells what Set was given.
func TestConfigRoundTrip(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := open(t, gonng.NewReq0)
	def := s.Config()
	if def.RecvMaxSize != 1<<20 || def.TTL != 8 || def.ReconnectMin != 100*time.Millisecond || def.ReconnectMax != time.Second ||
		!def.TCPNoDelay || def.RecvTimeout != 0 || def.SendTimeout != 0 || def.Linger != time.Second ||
		def.ResendTime != time.Minute || def.Name != "req" || def.Logger != nil || def.SurveyTime != time.Second {
		t.Errorf("the defaults are %+v", def)
	}
	logger := slog.New(slog.DiscardHandler)
	keepAlive := net.KeepAliveConfig{Enable: true, Interval: 7 * time.Second}
	if err := s.Set(
		gonng.WithName("n"), gonng.WithLogger(logger), gonng.WithRecvTimeout(1), gonng.WithSendTimeout(2),
		gonng.WithRecvBuffer(3), gonng.WithSendBuffer(4), gonng.WithRecvMaxSize(5), gonng.WithReconnectTime(6, 7),
		gonng.WithLinger(8), gonng.WithTTL(9), gonng.WithTCPNoDelay(false), gonng.WithTCPKeepAlive(keepAlive),
		gonng.WithDialMode(gonng.DialBackground),
	); err != nil {
		t.Fatal(err)
	}
	got := s.Config()
	if got.Name != "n" || got.Logger != logger || got.RecvTimeout != 1 || got.SendTimeout != 2 || got.RecvBuffer != 3 ||
		got.SendBuffer != 4 || got.RecvMaxSize != 5 || got.ReconnectMin != 6 || got.ReconnectMax != 7 || got.Linger != 8 ||
		got.TTL != 9 || got.TCPNoDelay || got.TCPKeepAlive != keepAlive || got.DialMode != gonng.DialBackground {
		t.Errorf("Config is %+v", got)
	}
	if s.Name() != "n" {
		t.Errorf("Name is %q", s.Name())
	}
	got.Name = "mine" // it is a copy
	if s.Config().Name != "n" {
		t.Error("Config is not a copy")
	}
	check(t, s.Set(gonng.WithRecvTimeout(0), gonng.WithLinger(0), gonng.WithRecvMaxSize(0)))
	if got := s.Config(); got.RecvTimeout != 0 || got.Linger != 0 || got.RecvMaxSize != 0 {
		t.Errorf("Config is %+v, want zeros", got)
	}
}

// TestOwnLimitOfDialerAndListener: options there override the socket's.
func TestOwnLimitOfDialerAndListener(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		for _, side := range []string{"listener", "dialer"} {
			pull := open(t, gonng.NewPull0, recvMaxSize(10))
			push := open(t, gonng.NewPush0, gonng.WithLinger(0))
			if side == "listener" {
				l, err := pull.Listen(testContext(t), tr.URL(t), append(tr.Listen, gonng.WithRecvMaxSize(100))...)
				check(t, err)
				dial(t, push, tr, l.URL(), gonng.WithDialMode(gonng.DialWait))
			} else {
				dial(t, pull, tr, listen(t, push, tr).URL(), gonng.WithDialMode(gonng.DialWait), gonng.WithRecvMaxSize(100))
			}
			if n := pull.Config().RecvMaxSize; n != 10 {
				t.Errorf("the socket's limit is %d now, want 10", n)
			}
			waitPeers(t, pull, 1)
			closed := departures(pull)
			for _, size := range []int{100, 101} {
				check(t, push.Send(testContext(t), make([]byte, size)))
			}
			if body, err := pull.Recv(testContext(t)); err != nil || len(body) != 100 {
				t.Errorf("%s: received %d bytes, %v; want 100", side, len(body), err)
			}
			if err := wait(t, "end of the pipe", closed).Err(); !errors.Is(err, gonng.ErrMessageTooLarge) {
				t.Errorf("%s: the pipe ended by %v", side, err)
			}
			pull.Close()
			push.Close()
		}
	})
}

// TestDialerSet counts from the next attempt on.
func TestDialerSet(t *testing.T) {
	gonngtest.NoLeaks(t)
	tr := transport("inproc")
	a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0, reconnect(time.Hour, 0), gonng.WithLinger(0))
	_, d := link(t, a, b, tr)
	closed := departures(a)
	check(t, d.Set(gonng.WithReconnectTime(time.Millisecond, 0)))
	a.Pipes()[0].Close()
	wait(t, "end of the pipe", closed)
	waitPeers(t, a, 1)
	wantError(t, d.Set(gonng.WithReconnectTime(0, 0)), "set", gonng.ErrInvalid)
}

// TestOptionsOfContext: a context has its own times, and refuses what is the
// whole socket's.
func TestOptionsOfContext(t *testing.T) {
	gonngtest.NoLeaks(t)
	rep := open(t, gonng.NewRep0, gonng.WithRecvTimeout(time.Hour))
	c, err := rep.NewContext()
	check(t, err)
	check(t, c.Set(gonng.WithRecvTimeout(time.Millisecond), gonng.WithSendTimeout(time.Millisecond)))
	_, err = c.Recv(context.Background())
	wantError(t, err, "recv", gonng.ErrTimeout)
	if got := rep.Config().RecvTimeout; got != time.Hour {
		t.Errorf("the socket's timeout is %v now", got)
	}
	for name, o := range map[string]gonng.SocketOption{
		"WithListen": gonng.WithListen("inproc://x"), "WithDial": gonng.WithDial("inproc://x"),
		"WithPipeHook":    gonng.WithPipeHook(gonng.PipeClosed, func(*gonng.Pipe) {}),
		"WithName":        gonng.WithName("x"),
		"WithLogger":      gonng.WithLogger(slog.Default()),
		"WithSendBuffer":  gonng.WithSendBuffer(7),
		"WithRecvMaxSize": gonng.WithRecvMaxSize(7),
		"WithLinger":      gonng.WithLinger(7),
		"WithTTL":         gonng.WithTTL(7),
		"WithReconnect":   gonng.WithReconnectTime(7, 7),
		"WithDialMode":    gonng.WithDialMode(gonng.DialWait),
		"WithTCPNoDelay":  gonng.WithTCPNoDelay(false),
	} {
		if err := c.Set(o); !errors.Is(err, gonng.ErrNotSupported) {
			t.Errorf("Set(%s) of a context: %v, want ErrNotSupported", name, err)
		}
	}
}

// TestFailedConstructorLeavesNothing: what it had begun is undone.
func TestFailedConstructorLeavesNothing(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		a := open(t, gonng.NewPull0)
		l := listenForNow(t, a, tr)
		url := l.URL()
		l.Close()
		if _, err := gonng.NewPull0(gonng.WithListen(url, tr.Listen...), gonng.WithDial("nonsense")); !errors.Is(err, gonng.ErrAddressInvalid) {
			t.Fatalf("got %v, want ErrAddressInvalid", err)
		}
		again, err := a.Listen(testContext(t), url, tr.Listen...)
		if err != nil {
			t.Fatalf("the address is not free: %v", err)
		}
		again.Close()
	})
}

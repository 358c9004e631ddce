package itest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// TestDialBeforeListen: Dial returns no error, says so once, and connects when
// the listener appears, again and again.
func TestDialBeforeListen(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		rec := newRecorder()
		url := vacant(t, tr)
		push := open(t, gonng.NewPush0, reconnect(time.Millisecond, 0), gonng.WithLogger(rec.logger()), gonng.WithName("me"))
		gone := departures(push)
		d := dial(t, push, tr, url)
		if d.URL() != url {
			t.Errorf("the dialer's URL is %q, want %q", d.URL(), url)
		}
		for i := range 3 {
			gonngtest.Eventually(t, func() bool { return push.Stats().ConnectFailures > uint64(10*i) }, "some attempts")
			if err := d.LastError(); i == 0 && !errors.Is(err, gonng.ErrConnectionRefused) {
				t.Errorf("LastError is %v, want ErrConnectionRefused", err)
			}
			pull := open(t, gonng.NewPull0)
			if _, err := pull.Listen(testContext(t), url, tr.Listen...); err != nil {
				t.Fatal(err)
			}
			waitPeers(t, push, 1)
			if n := len(d.Pipes()); n != 1 {
				t.Errorf("the dialer has %d pipes, want 1", n)
			}
			gonngtest.Eventually(t, func() bool { return d.LastError() == nil }, "LastError nil while connected")
			check(t, push.Send(testContext(t), []byte("hello")))
			if _, err := pull.Recv(testContext(t)); err != nil {
				t.Fatal(err)
			}
			pull.Close()
			wait(t, "end of the pipe", gone)
			gonngtest.Eventually(t, func() bool { return d.LastError() != nil }, "LastError of an ended connection")
		}
		if lines, _ := rec.matching("cannot connect", "level=WARN"); len(lines) < 1 || len(lines) > 4 {
			t.Errorf("warned %d times, want once an episode: %q", len(lines), lines)
		} else {
			wantText(t, lines[0], url, "refused", "socket=me")
		}
	})
}

// TestDefaultLogger hears of the first failure of a Dial that returns none, and
// of nothing else.
func TestDefaultLogger(t *testing.T) {
	gonngtest.NoLeaks(t)
	rec := newRecorder()
	rec.asDefault(t)
	const url = "inproc://TestDefaultLogger"
	for _, mode := range []gonng.DialMode{gonng.DialBackground, gonng.DialWait, gonng.DialRetry} {
		s := open(t, gonng.NewPush0, reconnect(time.Millisecond, 0))
		_, err := s.Dial(testContext(t), url, gonng.WithDialMode(mode))
		if (err != nil) != (mode == gonng.DialWait) {
			t.Errorf("mode %d: %v", mode, err)
		}
		if mode != gonng.DialWait {
			gonngtest.Eventually(t, func() bool { return s.Stats().ConnectFailures > 5 }, "some attempts")
		}
		s.Close()
		want := 0
		if mode == gonng.DialRetry {
			want = 1
		}
		if lines, _ := rec.matching(); len(lines) != want {
			t.Errorf("mode %d: logged %q, want %d lines", mode, lines, want)
		}
	}
	// A socket with a logger has no need of the default one.
	s := open(t, gonng.NewPush0, gonng.WithLogger(slog.New(slog.DiscardHandler)))
	dial(t, s, gonngtest.Transport{}, url)
	if lines, _ := rec.matching(); len(lines) != 1 {
		t.Errorf("logged %q", lines)
	}
}

// TestDialWaitFails: the error, and then no dialer that goes on.
func TestDialWaitFails(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		url := vacant(t, tr)
		push := open(t, gonng.NewPush0, reconnect(time.Millisecond, 0))
		for i := range 3 {
			d, err := push.Dial(testContext(t), url, append(tr.Dial, gonng.WithDialMode(gonng.DialWait))...)
			wantError(t, err, "dial", gonng.ErrConnectionRefused)
			if d != nil || len(push.Dialers()) != 0 {
				t.Errorf("there is a dialer: %v, %v", d, push.Dialers())
			}
			if n := push.Stats().ConnectFailures; n != uint64(i+1) {
				t.Errorf("%d failures are counted, want %d", n, i+1)
			}
		}
		pull := open(t, gonng.NewPull0)
		accepted := make(chan struct{}, 10)
		pull.OnPipe(gonng.PipeConnected, func(*gonng.Pipe) { accepted <- struct{}{} })
		if _, err := pull.Listen(testContext(t), url, tr.Listen...); err != nil {
			t.Fatal(err)
		}
		d, err := push.Dial(testContext(t), url, append(tr.Dial, gonng.WithDialMode(gonng.DialWait))...)
		check(t, err)
		// Once it was connected it is a dialer like the others.
		wait(t, "connection", accepted)
		d.Pipes()[0].Close()
		wait(t, "second connection", accepted)
	})
}

// TestDialModeOfSocket: what the constructor was told holds for all dialers, in
// whatever order it was told, but for those that were told something else.
func TestDialModeOfSocket(t *testing.T) {
	gonngtest.NoLeaks(t)
	url := vacant(t, tcp)
	var wait gonng.SocketOption = gonng.WithDialMode(gonng.DialWait)
	for _, opts := range [][]gonng.SocketOption{{wait, gonng.WithDial(url)}, {gonng.WithDial(url), wait}} {
		s, err := gonng.NewPush0(opts...)
		wantError(t, err, "dial", gonng.ErrConnectionRefused)
		if s != nil {
			t.Errorf("there is a socket: %v", s)
		}
	}
	s := open(t, gonng.NewPush0, wait)
	_, err := s.Dial(testContext(t), url)
	wantError(t, err, "dial", gonng.ErrConnectionRefused)
	_, err = s.Dial(testContext(t), url, gonng.WithDialMode(gonng.DialBackground))
	check(t, err)
}

// TestDialBackground returns at once, whatever the address does. What the machine
// does beside may delay one Dial: it is late when many in a row are.
func TestDialBackground(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, kind := range []string{"tcp, silent", "tcp, backlog full"} {
		url := unresponsive(t, kind)
		for late := 0; ; {
			s := open(t, gonng.NewPush0)
			start := time.Now()
			d, err := s.Dial(context.Background(), url, gonng.WithDialMode(gonng.DialBackground))
			took := time.Since(start)
			check(t, err)
			if d.LastError() != nil || len(d.Pipes()) != 0 {
				t.Errorf("%s: the dialer has %v, %v", kind, d.LastError(), d.Pipes())
			}
			if took <= within {
				break
			}
			if late++; late == lateInARow {
				t.Fatalf("%s: Dial took %v", kind, took)
			}
		}
	}
}

// TestDialEndsWithContext, also where the address says nothing.
func TestDialEndsWithContext(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, kind := range []string{"tcp, silent", "ipc, silent", "tcp, backlog full"} {
		url := unresponsive(t, kind)
		s := open(t, gonng.NewPush0)
		none := func(time.Duration) error { return nil }
		for _, mode := range []gonng.DialMode{gonng.DialRetry, gonng.DialWait} {
			inTimeUntil(t, "dial", none, func(ctx context.Context) error {
				_, err := s.Dial(ctx, url, gonng.WithDialMode(mode))
				return err
			}, endings[:3])
		}
		if n := len(s.Dialers()); n != 0 {
			t.Errorf("%s: %d dialers are left", kind, n)
		}
	}
}

func TestDialerClose(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0, reconnect(time.Millisecond, 0))
		l, d := link(t, a, b, tr)
		other := dial(t, b, tr, l.URL(), gonng.WithDialMode(gonng.DialWait))
		waitPeers(t, a, 2)
		gone := departures(b)
		for range 2 {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		if p := wait(t, "end of the pipe", gone); p.Dialer() != d || !errors.Is(p.Err(), gonng.ErrClosed) {
			t.Errorf("a pipe of %s ended by %v", p.Dialer().URL(), p.Err())
		}
		gonngtest.Eventually(t, func() bool { return len(a.Pipes()) == 1 }, "one peer left")
		if ds := b.Dialers(); len(ds) != 1 || ds[0] != other || len(d.Pipes()) != 0 || len(other.Pipes()) != 1 {
			t.Errorf("the dialers are %v with %d and %d pipes", ds, len(d.Pipes()), len(other.Pipes()))
		}
		// One that is lost comes back, again and again; the closed one, which would
		// come as soon, does not.
		const losses = 10
		for n := range uint64(losses) {
			other.Pipes()[0].Close()
			wait(t, "end of the pipe", gone)
			gonngtest.Eventually(t, func() bool { return other.Stats().Connects == 1+n+1 }, "the next connection")
			waitPeers(t, b, 1)
		}
		if got := d.Stats(); got.Connects+got.ConnectFailures != 1 {
			t.Errorf("the closed dialer has dialed: %+v", got)
		}
	})
}

// TestDialContext: connections are made as the program says.
func TestDialContext(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
		a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
		l := listen(t, a, tr)
		var calls atomic.Int32
		through := gonng.WithDialContext(func(ctx context.Context, network, address string) (net.Conn, error) {
			calls.Add(1)
			if network != l.Addr().Network() || address != l.Addr().String() {
				t.Errorf("asked to dial %s %s, want %v", network, address, l.Addr())
			}
			c, err := new(net.Dialer).DialContext(ctx, network, address)
			return struct{ net.Conn }{c}, err // not a connection of package net
		})
		dial(t, b, tr, l.URL(), gonng.WithDialMode(gonng.DialWait), through)
		roundTrip(t, b, a)
		if calls.Load() != 1 {
			t.Errorf("%d calls, want 1", calls.Load())
		}
		boom := errors.New("boom")
		failing := gonng.WithDialContext(func(context.Context, string, string) (net.Conn, error) { return nil, boom })
		_, err := b.Dial(testContext(t), l.URL(), gonng.WithDialMode(gonng.DialWait), failing)
		wantError(t, err, "dial", boom, gonng.ErrUnreachable)
	})
}

// slow is a failure by time, as package net has it.
type slow struct{}

func (slow) Error() string   { return "too slow" }
func (slow) Timeout() bool   { return true }
func (slow) Temporary() bool { return true }

// What the program's DialContext fails with is found in the error, whose kind is
// that of the reason.
func TestDialContextFails(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, row := range []struct {
		name string
		err  error
		kind error
	}{
		{"unknown", errors.New("the proxy does not like you"), gonng.ErrUnreachable},
		{"refused", &net.OpError{Op: "proxy", Err: syscall.ECONNREFUSED}, gonng.ErrConnectionRefused},
		{"slow", slow{}, gonng.ErrTimeout},
		{"out of time", fmt.Errorf("proxy: %w", context.DeadlineExceeded), gonng.ErrTimeout},
		{"no such name", &net.DNSError{Err: "no such host"}, gonng.ErrUnreachable},
		{"of gonng", fmt.Errorf("proxy: %w", gonng.ErrPermission), gonng.ErrPermission},
		{"nothing at all", nil, gonng.ErrUnreachable},
	} {
		for _, tr := range streams() {
			t.Run(row.name+"/"+tr.Name, func(t *testing.T) {
				s := open(t, gonng.NewPair0)
				_, err := s.Dial(testContext(t), vacant(t, tr), gonng.WithDialMode(gonng.DialWait),
					gonng.WithDialContext(func(context.Context, string, string) (net.Conn, error) { return nil, row.err }))
				wantError(t, err, "dial", row.kind)
				if row.err != nil {
					wantError(t, err, "dial", row.err)
				}
				if errors.Is(err, gonng.ErrInternal) {
					t.Errorf("%v is no defect of the package", err)
				}
			})
		}
	}
}

// attached joins two sockets by a connection.
func attached(t testing.TB, a, b gonng.Socket, x, y net.Conn) (p, q *gonng.Pipe) {
	t.Helper()
	joined := concurrently(func() (err error) { q, err = b.Attach(testContext(t), y); return err })
	p, err := a.Attach(testContext(t), x)
	check(t, err)
	check(t, wait(t, "Attach", joined))
	return p, q
}

func TestAttach(t *testing.T) {
	gonngtest.NoLeaks(t)
	for name, connect := range map[string]func(t *testing.T) (x, y net.Conn){
		"net.Pipe":   func(*testing.T) (x, y net.Conn) { return net.Pipe() },
		"socketpair": socketpair,
		"one byte at a time": func(t *testing.T) (x, y net.Conn) {
			x, y, p := gonngtest.NewPipe(t)
			p.Up.Chunk(1)
			p.Down.Chunk(1)
			return x, y
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := open(t, gonng.NewPair0), open(t, gonng.NewPair0)
			x, y := connect(t)
			p, q := attached(t, a, b, x, y)
			if p.URL() != "" || p.Dialer() != nil || p.Listener() != nil || p.Peer() != gonng.ProtocolPair0 {
				t.Errorf("the pipe has URL %q, dialer %v, listener %v, peer %v", p.URL(), p.Dialer(), p.Listener(), p.Peer())
			}
			if name == "one byte at a time" {
				check(t, a.Send(testContext(t), []byte("hello")))
				if body, err := b.Recv(testContext(t)); err != nil || string(body) != "hello" {
					t.Errorf("got %q, %v", body, err)
				}
			} else {
				roundTrip(t, a, b)
				roundTrip(t, b, a)
			}
			gone := departures(b)
			p.Close()
			wait(t, "end of the pipe", gone)
			if !errors.Is(p.Err(), gonng.ErrClosed) || !errors.Is(q.Err(), gonng.ErrConnectionReset) {
				t.Errorf("the pipes ended by %v and %v", p.Err(), q.Err())
			}
		})
	}
}

// TestAttachFails: an error that says why, and the connection is closed.
func TestAttachFails(t *testing.T) {
	t.Parallel()
	gonngtest.NoLeaks(t)
	for _, bad := range []struct {
		name  string
		peer  func(*gonngtest.Peer)
		bound time.Duration
		kind  error
	}{
		{"wrong protocol", func(p *gonngtest.Peer) { p.Handshake(gonng.ProtocolSub0) }, 0, gonng.ErrProtocol},
		{"garbage", func(p *gonngtest.Peer) { p.SendBytes([]byte("GET / HT")) }, 0, gonng.ErrProtocol},
		{"closed", func(p *gonngtest.Peer) { p.Close() }, 0, gonng.ErrConnectionReset},
		{"silent", func(p *gonngtest.Peer) { p.RecvHello() }, 0, gonng.ErrTimeout},
		{"ctx", func(p *gonngtest.Peer) { p.RecvHello() }, 10 * time.Millisecond, context.DeadlineExceeded},
	} {
		t.Run(bad.name, func(t *testing.T) {
			s := open(t, gonng.NewPair0)
			x, y := net.Pipe()
			peer := gonngtest.NewPeer(t, y, gonngtest.StreamFraming)
			ctx := testContext(t)
			if bad.bound > 0 {
				short, cancel := context.WithTimeout(ctx, bad.bound)
				defer cancel()
				ctx = short
			}
			result := concurrently(func() error { _, err := s.Attach(ctx, x); return err })
			bad.peer(peer)
			wantError(t, wait(t, "Attach", result), "attach", bad.kind)
			if x.SetDeadline(time.Now()) == nil { // a closed one refuses it
				t.Error("the connection is still open")
			}
			if n := len(s.Pipes()); n != 0 {
				t.Errorf("there are %d pipes", n)
			}
		})
	}
}

// TestPasswordIsNotShown: the server gets the password of a URL, and nothing that is printed
// has it.
func TestPasswordIsNotShown(t *testing.T) {
	const hidden = "ws://ann:xxxxx@"
	log := newRecorder()
	a, b := open(t, gonng.NewPair0), open(t, gonng.NewPair0, gonng.WithLogger(log.logger()))
	ctx := testContext(t)
	l := listen(t, a, transport("ws"))
	url := strings.Replace(l.URL(), "ws://", "ws://ann:secret@", 1)
	d, err := b.Dial(ctx, url, gonng.WithDialMode(gonng.DialWait))
	check(t, err)
	waitPeers(t, a, 1)
	if user, password, _ := a.Pipes()[0].HTTPRequest().BasicAuth(); user != "ann" || password != "secret" {
		t.Errorf("the server got %q and %q", user, password)
	}
	shown := []string{d.URL(), b.Pipes()[0].URL(), log.want(t, "connected")}
	check(t, a.Close())
	_, err = b.Dial(ctx, url, gonng.WithDialMode(gonng.DialWait))
	shown = append(shown, err.Error())
	_, err = b.Listen(ctx, url)
	shown = append(shown, err.Error())
	for _, url := range []string{
		"tcp://ann:secret@127.0.0.1:5", "tcp:ann:secret@127.0.0.1:5", "TLS+TCP://ann:secret@h:5", "WS://ann:secret@h:x/",
		"dns+ws://ann:secret@h:x/", "wss://ann:s@secret@[/", "pigeon+tcp://ann:secret@h:5",
	} {
		_, err := b.Dial(ctx, url)
		if text := fmt.Sprint(err); !strings.Contains(text, "ann:xxxxx@") || strings.Contains(text, "secret") {
			t.Errorf("%s: %s", url, text)
		}
	}
	for _, url := range []string{"ipc://no:body@home", "tcp:///a:b@c", "nothing"} { // no password
		_, err := b.Dial(ctx, url, gonng.WithDialMode(gonng.DialWait))
		wantText(t, fmt.Sprint(err), url+":")
	}
	for _, text := range shown {
		if !strings.Contains(text, hidden) || strings.Contains(text, "secret") {
			t.Errorf("shown: %s", text)
		}
	}
}

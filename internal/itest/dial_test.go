package itest

import (
	"context"
	"errors"
	"log/slog"
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
	before := slog.Default()
	defer slog.SetDefault(before)
	rec := newRecorder()
	slog.SetDefault(rec.logger())
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
// does beside may delay one Dial: it is late when three in a row are.
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
			if late++; late == 3 {
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

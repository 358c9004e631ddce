package gonng_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// promptly fails the test when f takes longer than it may. Close joins
// goroutines, which on a busy machine takes its time.
func promptly(t testing.TB, what string, f func()) {
	t.Helper()
	const bound = 500 * time.Millisecond
	start := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	wait(t, what, done)
	if took := time.Since(start); took > bound {
		t.Errorf("%s took %v, want at most %v", what, took, bound)
	}
}

func TestCloseEndsCalls(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, w := range allFlows {
		for _, side := range []string{"send", "recv"} {
			t.Run(w.name+"/"+side, func(t *testing.T) {
				t.Run("nobody", func(t *testing.T) {
					t.Parallel()
					closeEndsCalls(t, w, nil, side)
				})
				parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
					closeEndsCalls(t, w, &tr, side)
				})
			})
		}
	}
}

func closeEndsCalls(t *testing.T, w flow, tr *gonngtest.Transport, side string) {
	ctx := context.Background()
	out, x := w.send(t, gonng.WithLinger(0))
	in, r := w.recv(t, gonng.WithLinger(0))
	if tr != nil {
		link(t, in, out, *tr)
	}
	s := in
	calls := map[string]func() error{
		"WaitPeers": func() error { return s.WaitPeers(ctx, 5) },
	}
	if side == "send" {
		s = out
		body := make([]byte, 100<<10)
		calls["Send"] = func() error {
			for {
				if err := x.Send(ctx, body); err != nil {
					return err
				}
			}
		}
		calls["SendMsg"] = func() error {
			for {
				if err := x.SendMsg(ctx, gonng.NewMessage(body)); err != nil {
					return err
				}
			}
		}
		if req, ok := s.(*gonng.Req0); ok {
			calls["Request"] = func() error { _, err := req.Request(ctx, nil); return err }
			c, err := req.NewContext()
			check(t, err)
			calls["Request of large"] = func() error { _, err := req.Request(ctx, body); return err }
			calls["ReqContext.Send"] = func() error {
				for {
					if err := c.Send(ctx, body); err != nil {
						return err
					}
				}
			}
		}
	} else {
		quiet := func(err error) error {
			if err == nil {
				return gonng.ErrClosed // as it should be
			}
			return fmt.Errorf("want it to end quietly, got %w", err)
		}
		calls["Recv"] = func() error {
			for {
				if _, err := r.Recv(ctx); err != nil {
					return err
				}
			}
		}
		calls["RecvMsg"] = func() error {
			for {
				if _, err := r.RecvMsg(ctx); err != nil {
					return err
				}
			}
		}
		calls["RecvInto"] = func() error {
			for {
				if _, err := r.RecvInto(ctx, nil); err != nil {
					return err
				}
			}
		}
		calls["All"] = func() error {
			for _, err := range r.All(ctx) {
				if err != nil {
					return quiet(err)
				}
			}
			return quiet(nil)
		}
		calls["Messages"] = func() error {
			for _, err := range r.Messages(ctx) {
				if err != nil {
					return quiet(err)
				}
			}
			return quiet(nil)
		}
		if server, ok := s.(server); ok {
			calls["Serve"] = func() error { return quiet(server.Serve(ctx, echo)) }
		}
	}
	ended := make(chan struct{}, len(calls))
	for name, call := range calls {
		go func() {
			if err := call(); !errors.Is(err, gonng.ErrClosed) || !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: got %v, want ErrClosed", name, err)
			}
			ended <- struct{}{}
		}()
	}
	waiting := len(calls)
	switch s.Protocol() {
	case gonng.ProtocolPub0, gonng.ProtocolSurveyor0, gonng.ProtocolBus0:
		if side == "send" { // which goes on and on
			waiting = 1
		}
	}
	gonngtest.Eventually(t, func() bool { return s.(interface{ Parked() int }).Parked() >= waiting }, "the calls wait")
	promptly(t, "Close", func() { s.Close() })
	for range calls {
		wait(t, "return of all calls", ended)
	}
	// And what is called afterwards.
	for name, call := range calls {
		if err := call(); !errors.Is(err, gonng.ErrClosed) {
			t.Errorf("%s after Close: got %v, want ErrClosed", name, err)
		} else if err != gonng.ErrClosed { // which is quiet's
			wantText(t, err.Error(), "the socket is closed")
		}
	}
	_, err := s.Dial(ctx, "inproc://x")
	wantError(t, err, "dial", gonng.ErrClosed)
	_, err = s.Listen(ctx, transport("ipc").URL(t))
	wantError(t, err, "listen", gonng.ErrClosed)
	a, b := net.Pipe()
	defer b.Close()
	_, err = s.Attach(ctx, a)
	wantError(t, err, "attach", gonng.ErrClosed)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	_, err = s.ListenOn(l)
	wantError(t, err, "listen", gonng.ErrClosed)
	if l.Close() == nil {
		t.Error("ListenOn of a closed socket left the listener open")
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
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

func TestCloseConcurrently(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		for range 20 {
			a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0, gonng.WithLinger(0))
			l, _ := link(t, a, b, tr)
			url := tr.URL(t)
			var all sync.WaitGroup
			start := make(chan struct{})
			for range 4 {
				all.Go(func() { <-start; a.Close() })
				all.Go(func() { <-start; b.Close() })
				all.Go(func() {
					<-start
					for b.Send(context.Background(), make([]byte, 1000)) == nil {
					}
				})
				all.Go(func() { <-start; b.Dial(context.Background(), l.URL(), tr.Dial...) })
				all.Go(func() { <-start; a.Listen(context.Background(), url, tr.Listen...) })
				all.Go(func() {
					<-start
					c, err := gonng.NewPush0(gonng.WithDial(l.URL(), append(tr.Dial, gonng.WithDialMode(gonng.DialBackground))...))
					if err == nil {
						c.Close()
					}
				})
			}
			close(start)
			promptly(t, "all", all.Wait)
			for _, s := range []gonng.Socket{a, b} {
				if n := len(s.Pipes()) + len(s.Dialers()) + len(s.Listeners()); n != 0 {
					t.Errorf("%d pipes, dialers or listeners are left", n)
				}
			}
		}
	})
}

// unresponsive is an address where connections are not answered.
func unresponsive(t *testing.T, kind string) (url string) {
	t.Helper()
	switch kind {
	case "tcp, silent", "ipc, silent":
		network, address := "tcp", "127.0.0.1:0"
		if strings.HasPrefix(kind, "ipc") {
			network = "unix"
			_, address = socketPath(t)
		}
		l, err := net.Listen(network, address)
		check(t, err)
		t.Cleanup(func() { l.Close() })
		return kind[:3] + "://" + l.Addr().String()
	}
	address := fullBacklog(t)
	for range 10 {
		c, err := net.DialTimeout("tcp", address, 50*time.Millisecond)
		if err != nil {
			return "tcp://" + address
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Skip("this kernel answers although the backlog is full")
	return ""
}

// TestCloseWhileDialing: nobody answers, and the socket is closed, or the
// dialer, or ctx ends.
func TestCloseWhileDialing(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, kind := range []string{"tcp, backlog full", "tcp, silent", "ipc, silent"} {
		t.Run(kind, func(t *testing.T) {
			url := unresponsive(t, kind)
			for _, mode := range []gonng.DialMode{gonng.DialRetry, gonng.DialWait, gonng.DialBackground} {
				rec := newRecorder()
				s := open(t, gonng.NewReq0, gonng.ReqOption(gonng.WithLogger(rec.logger())))
				dialing := func(ctx context.Context) <-chan error {
					return concurrently(func() error { _, err := s.Dial(ctx, url, gonng.WithDialMode(mode)); return err })
				}
				result := dialing(context.Background())
				gonngtest.Eventually(t, func() bool { return len(s.Dialers()) == 1 }, "a dialer")
				if mode == gonng.DialBackground {
					if err := wait(t, "Dial", result); err != nil {
						t.Errorf("mode %d: %v", mode, err)
					}
				}
				promptly(t, "Close", func() { s.Close() })
				if mode != gonng.DialBackground {
					wantError(t, wait(t, "Dial", result), "dial", gonng.ErrClosed)
				}
				if lines, _ := rec.matching("cannot connect"); len(lines) > 0 {
					t.Errorf("mode %d: logged %q, want nothing: it was closed", mode, lines)
				}

				s = open(t, gonng.NewReq0)
				ctx, cancel := context.WithCancel(context.Background())
				result = dialing(ctx)
				gonngtest.Eventually(t, func() bool { return len(s.Dialers()) == 1 }, "a dialer")
				if mode == gonng.DialBackground {
					wait(t, "Dial", result)
					s.Dialers()[0].Close()
				} else {
					cancel()
					promptly(t, "Dial", func() { wantError(t, <-result, "dial", gonng.ErrCanceled, context.Canceled) })
				}
				cancel()
				if n := len(s.Dialers()); n != 0 {
					t.Errorf("mode %d: %d dialers are left", mode, n)
				}
				if mode != gonng.DialBackground {
					result = dialing(context.Background())
					gonngtest.Eventually(t, func() bool { return len(s.Dialers()) == 1 }, "a dialer")
					s.Dialers()[0].Close()
					wantError(t, wait(t, "Dial", result), "dial", gonng.ErrClosed)
				}
				promptly(t, "Close", func() { s.Close() })
			}
		})
	}
}

// TestCloseDuringHandshakes: peers have connected and said nothing yet.
func TestCloseDuringHandshakes(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
		s := open(t, gonng.NewRep0)
		l := listen(t, s, tr)
		var silent []*gonngtest.Peer
		for i := range 10 {
			peer := gonngtest.Dial(t, l.URL())
			peer.SendBytes([]byte("\x00SP\x00\x00\x30\x00\x00")[:i%8])
			silent = append(silent, peer)
		}
		for _, peer := range silent {
			peer.RecvHello() // now it waits for the rest of ours
		}
		promptly(t, "Close", func() { s.Close() })
		for _, peer := range silent {
			peer.ExpectClosed()
		}
		if n := s.Stats().HandshakeErrors; n != 0 {
			t.Errorf("%d handshake errors are counted, want 0: it was closed", n)
		}
	})
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

// fill sends until nothing more is accepted, and returns how many were.
func fill(t testing.TB, x gonng.Sender, size int) (n int) {
	t.Helper()
	body := make([]byte, size)
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
		default:
			t.Fatal(err)
		}
	}
	return n
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
			s.Set(gonng.WithLinger(100 * time.Millisecond))
			return s.Close()
		}},
		{"0", 0, func(s gonng.Socket) error {
			s.Set(gonng.WithLinger(0))
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
					if took < h.min || took > h.min+300*time.Millisecond {
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

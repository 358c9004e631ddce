package itest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// endless is a linger that is longer than any test waits: with it, a Close that
// waits in vain does not return.
const endless = time.Hour

// promptly fails the test when f waits for a peer, as one that waits for the end
// of a handshake does. Close joins goroutines, which on a busy machine takes its
// time.
func promptly(t testing.TB, what string, f func()) {
	t.Helper()
	const bound = handshakeTime - time.Second
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
		own := func() gonng.Receiver { return ownReceiver(s, r) }
		calls["Recv"] = func() error {
			r := own()
			for {
				if _, err := r.Recv(ctx); err != nil {
					return err
				}
			}
		}
		calls["RecvMsg"] = func() error {
			r := own()
			for {
				if _, err := r.RecvMsg(ctx); err != nil {
					return err
				}
			}
		}
		calls["RecvInto"] = func() error {
			r := own()
			for {
				if _, err := r.RecvInto(ctx, nil); err != nil {
					return err
				}
			}
		}
		calls["All"] = func() error {
			r := own()
			for _, err := range r.All(ctx) {
				if err != nil {
					return quiet(err)
				}
			}
			return quiet(nil)
		}
		calls["Messages"] = func() error {
			r := own()
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
	ended := make(map[string]<-chan error)
	for name, call := range calls {
		ended[name] = concurrently(call)
	}
	most := len(calls)
	switch s.Protocol() {
	case gonng.ProtocolPub0, gonng.ProtocolSurveyor0, gonng.ProtocolBus0:
		if side == "send" { // which goes on and on
			most = 1
		}
	}
	waiting(t, most)
	promptly(t, "Close", func() { s.Close() })
	for name, ended := range ended {
		if err := wait(t, name+" returns", ended); !errors.Is(err, gonng.ErrClosed) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: got %v, want ErrClosed", name, err)
		}
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
				s := open(t, gonng.NewReq0, gonng.ReqOption(gonng.WithLogger(rec.logger())), gonng.ReqOption(gonng.WithLinger(endless)))
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

				s = open(t, gonng.NewReq0, gonng.ReqOption(gonng.WithLinger(endless)))
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
		s := open(t, gonng.NewRep0, gonng.WithLinger(endless))
		l := listen(t, s, tr)
		var silent []*gonngtest.Peer
		for i := range 10 {
			peer := gonngtest.Dial(t, l.URL())
			peer.SendBytes([]byte("\x00SP\x00\x00\x30\x00\x00")[:i%8])
			silent = append(silent, peer)
		}
		last := gonngtest.Dial(t, l.URL())
		last.Handshake(gonng.ProtocolReq0) // those before it are accepted, too, and it waits for the rest of theirs
		promptly(t, "Close", func() { s.Close() })
		for _, peer := range silent {
			peer.ExpectClosed()
		}
		if n := s.Stats().HandshakeErrors; n != 0 {
			t.Errorf("%d handshake errors are counted, want 0: it was closed", n)
		}
	})
}

// ownReceiver is a context of s where two receives at the same time are an error, and else
// r.
func ownReceiver(s gonng.Socket, r gonng.Receiver) gonng.Receiver {
	switch s := s.(type) {
	case *gonng.Rep0:
		c, err := s.NewContext()
		if err != nil {
			return r // it is closed
		}
		return c
	case *gonng.Respondent0:
		c, err := s.NewContext()
		if err != nil {
			return r
		}
		return c
	}
	return r
}

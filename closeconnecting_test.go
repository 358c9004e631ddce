package gonng_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

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

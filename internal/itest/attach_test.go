package itest

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

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

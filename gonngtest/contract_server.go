package gonngtest

import (
	"context"
	"sync"
	"testing"

	"github.com/gonng/gonng/transport"
)

// server accepts as a socket does: it waits for nobody's handshake.
type server struct {
	transport.Listener
	conns chan transport.Conn // that have introduced themselves
	tasks sync.WaitGroup
}

// serve accepts at a new address until the test ends.
func (c *contract) serve(t testing.TB, cfg *transport.Config) *server {
	t.Helper()
	s := &server{Listener: c.listen(t, cfg), conns: make(chan transport.Conn, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	s.tasks.Go(func() {
		for {
			peer, err := s.Accept()
			if err != nil {
				return
			}
			s.tasks.Go(func() {
				if conn, err := peer.Handshake(ctx); err == nil {
					s.conns <- conn
				}
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		s.Close()
		s.tasks.Wait()
		for len(s.conns) > 0 {
			(<-s.conns).Close()
		}
	})
	return s
}

// next is the next peer that has introduced itself.
func (s *server) next(t testing.TB) transport.Conn {
	t.Helper()
	conn := await(t, "the handshake of the side that listens is done", s.conns)
	t.Cleanup(func() { conn.Close() })
	return conn
}

// link connects two ends with the given configurations.
func (c *contract) link(t testing.TB, dialer, listener *transport.Config) (dialed, accepted *end) {
	t.Helper()
	s := c.serve(t, listener)
	conn, err := c.dialURL(Context(t, Timeout), t, s.URL(), dialer)
	if err != nil {
		t.Fatalf("Dial %s: %v", s.URL(), err)
	}
	return newEnd(conn), newEnd(s.next(t))
}

// ends connects two ends, once with one writing, once with the other.
func (c *contract) ends(t testing.TB, check func(from, to *end)) {
	t.Helper()
	a, b := c.link(t, c.config(dialing), c.config(listening))
	check(a, b)
	check(b, a)
}

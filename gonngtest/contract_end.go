package gonngtest

import (
	"bytes"
	"context"
	"math/rand/v2"
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
	conn := soonOr(t, "the handshake of the side that listens is done", s.conns)
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

// end is a connection, and what has arrived there since receive was called.
type end struct {
	transport.Conn
	receive func() // may be called again

	mu       sync.Mutex
	messages [][]byte
	err      error
	changed  chan struct{}
}

func newEnd(conn transport.Conn) *end {
	e := &end{Conn: conn, changed: make(chan struct{}, 1)}
	e.receive = sync.OnceFunc(func() {
		if direct, ok := conn.(transport.Direct); ok {
			direct.Receive(e.deliver, e.end)
			return
		}
		go e.read()
	})
	return e
}

func (e *end) read() {
	var batch []transport.Message
	for {
		var err error
		batch, err = e.Read(batch[:0])
		e.deliver(batch)
		if err != nil {
			e.end(err)
			return
		}
	}
}

func (e *end) deliver(batch []transport.Message) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range batch {
		e.messages = append(e.messages, bytes.Clone(m.Data))
		m.Release()
	}
	e.signal()
	return true
}

func (e *end) end(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.err = err
	e.signal()
}

func (e *end) signal() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

// next is the next message, or the error that ended the connection.
func (e *end) next(t testing.TB) ([]byte, error) {
	t.Helper()
	e.receive()
	for {
		e.mu.Lock()
		if len(e.messages) > 0 {
			m := e.messages[0]
			e.messages = e.messages[1:]
			e.mu.Unlock()
			return m, nil
		}
		err := e.err
		e.mu.Unlock()
		if err != nil {
			return nil, err
		}
		soonOr(t, "a message or the end of the connection arrives", e.changed)
	}
}

// want receives one message and compares it.
func (e *end) want(t testing.TB, want []byte) {
	t.Helper()
	got, err := e.next(t)
	if err != nil {
		t.Fatalf("waiting for a message of %d bytes: %v", len(want), err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("received %d bytes (%.16x…), want %d (%.16x…)", len(got), got, len(want), want)
	}
}

// wantEnd waits for the error that ends the connection.
func (e *end) wantEnd(t testing.TB) error {
	t.Helper()
	m, err := e.next(t)
	if err == nil {
		t.Fatalf("received %d bytes (%.16x…), want the end of the connection", len(m), m)
	}
	return err
}

// write writes the batch as a socket does.
func (e *end) write(b transport.Batch) error {
	if done, err := e.TryWrite(b); done || err != nil {
		return err
	}
	return e.Write(b)
}

// send writes one message.
func (e *end) send(body []byte) error {
	b := e.NewBatch()
	b.Append(nil, body)
	return e.write(b)
}

var noise = sync.OnceValue(func() []byte {
	b := make([]byte, 4<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b)
	return b
})

// body is the i-th body, unlike the others.
func body(i, size int) []byte {
	at := i * 7919 % (len(noise()) - size)
	return noise()[at : at+size : at+size]
}

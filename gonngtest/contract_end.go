package gonngtest

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/gonng/gonng/transport"
)

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
		await(t, "a message or the end of the connection arrives", e.changed)
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

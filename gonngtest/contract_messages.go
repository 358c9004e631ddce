package gonngtest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/gonng/gonng/transport"
)

// appendForms are the ways into a batch.
var appendForms = []func(b transport.Batch, body []byte){
	func(b transport.Batch, body []byte) { b.Append(nil, body) },
	func(b transport.Batch, body []byte) { n := len(body) / 2; b.Append(body[:n], body[n:]) },
	func(b transport.Batch, body []byte) { b.AppendMessage(nil, transport.NewMessage(body)) },
	func(b transport.Batch, body []byte) {
		n := min(4, len(body))
		m := transport.Copy(body[n:])
		b.AppendMessage(body[:n], m)
		m.Release()
	},
}

// checkSizes: a message of any size arrives as it is, alone and among others.
func checkSizes(t testing.TB, c *contract) {
	sizes := []int{0, 1, 8, 1 << 10, 16<<10 - 1, 16 << 10, 16<<10 + 1, 32<<10 - 1, 32<<10 + 1, 64<<10 - 1, 64<<10 + 1, 1 << 20, 3 << 20, 0}
	c.ends(t, func(from, to *end) {
		for i, add := range appendForms {
			to.receive()
			sent := beside(func() error {
				together := from.NewBatch()
				for _, size := range sizes {
					alone := from.NewBatch()
					add(alone, body(i, size))
					add(together, body(i+1, size))
					if err := from.write(alone); err != nil {
						return err
					}
				}
				return from.write(together)
			})
			for j := range 2 {
				for _, size := range sizes {
					to.want(t, body(i+j, size))
				}
			}
			if err := await(t, "the messages are written", sent); err != nil {
				t.Fatalf("Write: %v", err)
			}
		}
	})
}

// checkOrder: many messages arrive in the order of writing, both ways at once.
func checkOrder(t testing.TB, c *contract) {
	const batches = 500
	a, b := c.link(t, c.config(dialing), c.config(listening))
	size := func(i int) int { return i * i * 31 % 3000 }
	send := func(e *end) <-chan error {
		return beside(func() error {
			batch, i := e.NewBatch(), 0
			for n := range batches {
				for range 1 + n%20 {
					appendForms[i%len(appendForms)](batch, body(i, size(i)))
					i++
				}
				if err := e.write(batch); err != nil {
					return err
				}
			}
			return nil
		})
	}
	a.receive()
	b.receive()
	forth, back := send(a), send(b)
	total := 0
	for n := range batches {
		total += 1 + n%20
	}
	for i := range total {
		a.want(t, body(i, size(i)))
		b.want(t, body(i, size(i)))
	}
	for _, sent := range []<-chan error{forth, back} {
		if err := await(t, "the messages are written", sent); err != nil {
			t.Errorf("Write: %v", err)
		}
	}
}

// checkRecvMaxSize: a message of the limit arrives; a longer one ends the
// connection, after what came before it, with an error that says why.
func checkRecvMaxSize(t testing.TB, c *contract) {
	for _, limit := range []int{100, 40 << 10} {
		small := func(protocol uint16) *transport.Config {
			cfg := c.config(protocol)
			cfg.RecvMaxSize = limit
			return cfg
		}
		for _, listens := range []bool{true, false} {
			from, to := c.link(t, c.config(dialing), small(listening))
			if !listens {
				to, from = c.link(t, small(dialing), c.config(listening))
			}
			to.receive()
			go func() {
				b := from.NewBatch()
				b.Append(nil, body(1, limit))
				b.Append(nil, body(2, limit+1))
				_ = from.write(b) // may fail: the peer hangs up
			}()
			to.want(t, body(1, limit))
			if err := to.wantEnd(t); !errors.Is(err, transport.ErrMessageTooLarge) {
				t.Errorf("a message of %d bytes ended the connection with: %v; want ErrMessageTooLarge", limit+1, err)
			}
		}
	}
	unlimited := c.config(listening)
	unlimited.RecvMaxSize = 0
	from, to := c.link(t, c.config(dialing), unlimited)
	to.receive()
	sent := beside(func() error { return from.send(noise()) })
	to.want(t, noise())
	if err := await(t, "the message is written", sent); err != nil {
		t.Errorf("Write: %v", err)
	}
}

// checkDirect: a Direct connection pauses when deliver says no, and goes on
// after Resume.
func checkDirect(t testing.TB, c *contract) {
	c.ends(t, func(from, to *end) {
		direct, ok := to.Conn.(transport.Direct)
		if !ok {
			return
		}
		arrived := make(chan []byte, 10)
		direct.Receive(func(batch []transport.Message) bool {
			for _, m := range batch {
				arrived <- bytes.Clone(m.Data)
				m.Release()
			}
			return false
		}, func(error) {})
		for i := range 3 {
			if i > 0 {
				b := from.NewBatch()
				b.Append(nil, body(i, 10))
				if done, err := from.TryWrite(b); done || err != nil {
					t.Fatalf("TryWrite to who has said no reports %v, %v", done, err)
				}
				direct.Resume()
			}
			sent := beside(func() error { return from.send(body(i, 10)) })
			if got := await(t, "the message arrives", arrived); !bytes.Equal(got, body(i, 10)) {
				t.Fatalf("received %x, want %x", got, body(i, 10))
			}
			if err := await(t, "Write ends", sent); err != nil {
				t.Fatalf("Write: %v", err)
			}
		}
	})
}

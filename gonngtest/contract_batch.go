package gonngtest

import (
	"bytes"
	"context"
	"testing"

	"github.com/gonng/gonng/transport"
)

// checkBatch: a batch counts, copies what it is to copy, holds what it is to
// hold, and lets go.
func checkBatch(t testing.TB, c *contract) {
	c.ends(t, func(from, to *end) {
		b := from.NewBatch()
		wantBatch(t, "a new batch", b, 0, 0)
		memory := transport.NewBuffer(20 << 10)
		copy(memory.Bytes(), body(1, 20<<10))
		m := transport.In(memory, memory.Bytes())
		b.AppendMessage([]byte("head"), m)
		b.AppendMessage(nil, m)
		wantBatch(t, "a batch of two large messages", b, 2, 40<<10+4)
		b.Reset()
		wantBatch(t, "a batch after Reset", b, 0, 0)
		if memory.Shared() {
			t.Error("Reset does not release the messages")
		}
		changing := []byte("header and body")
		b.Append(changing[:6], changing[6:])
		b.AppendMessage([]byte("head"), m)
		b.Append(nil, nil)
		m.Release() // the batch has its own reference
		wantBatch(t, "a batch of three messages", b, 3, 15+4+20<<10)
		copy(changing, "something other")
		to.receive()
		sent := beside(func() error { return from.write(b) })
		to.want(t, []byte("header and body"))
		to.want(t, append([]byte("head"), body(1, 20<<10)...))
		to.want(t, nil)
		if err := await(t, "the batch is written", sent); err != nil {
			t.Fatalf("Write: %v", err)
		}
		wantBatch(t, "a written batch", b, 0, 0)
	})
}

func wantBatch(t testing.TB, what string, b transport.Batch, messages, size int) {
	t.Helper()
	if b.Len() != messages || b.Size() != size {
		t.Errorf("%s has Len %d and Size %d, want %d and %d", what, b.Len(), b.Size(), messages, size)
	}
}

// enough is more than a connection that nobody reads may take.
const enough = 256 << 20

// checkPartialWrite: TryWrite does not wait for a peer that does not read, and
// Write goes on where it stopped.
func checkPartialWrite(t testing.TB, c *contract) {
	c.ends(t, func(from, to *end) {
		const size, each = 10_000, 30
		written := 0
		b := from.NewBatch()
		done := true
		for done {
			if written > enough {
				t.Fatalf("TryWrite has taken %d bytes that nobody reads", written)
			}
			for range each {
				appendForms[written/size%2](b, body(written/size, size)) // copied: there is no more to write at once
				written += size
			}
			var err error
			if done, err = from.TryWrite(b); err != nil {
				t.Fatalf("TryWrite: %v", err)
			}
			if empty := b.Len() == 0; empty != done {
				t.Fatalf("TryWrite reports %v, and has left %d messages in the batch", done, b.Len())
			}
		}
		wrote := beside(func() error { return from.Write(b) })
		for i := range written / size {
			to.want(t, body(i, size))
		}
		if err := await(t, "Write ends", wrote); err != nil {
			t.Fatalf("Write: %v", err)
		}
		wantBatch(t, "a written batch", b, 0, 0)
	})
}

// checkPartWrite: TryWritePart writes no more than it may, a part after the other while the
// peer reads. A batch that was abandoned counts what was not written whole.
func checkPartWrite(t testing.TB, c *contract) {
	const messages, size, part = 20, 1000, 1500 // a part ends within a message
	c.ends(t, func(from, to *end) {
		parts, ok := from.Conn.(transport.PartWriter)
		if !ok {
			return
		}
		b := from.NewBatch()
		fill := func() {
			for i := range messages {
				b.Append(nil, body(i, size))
			}
		}
		to.receive()
		fill()
		for b.Len() > 0 {
			n, err := parts.TryWritePart(b, part)
			if err != nil || n > part {
				t.Fatalf("TryWritePart of %d bytes has written %d: %v", part, n, err)
			}
			if n == part || b.Len() == 0 {
				continue
			}
			if err := from.Write(b); err != nil { // where a part is not always taken, as over TLS
				t.Fatalf("Write: %v", err)
			}
		}
		for i := range messages {
			to.want(t, body(i, size))
		}
		fill()
		n, err := parts.TryWritePart(b, part)
		if err != nil {
			t.Fatalf("TryWritePart: %v", err)
		}
		for range 2 { // the second time changes nothing
			if parts.Abandon(b); b.Len() != messages-n/size {
				t.Fatalf("%d of %d messages are left after %d bytes, want %d", b.Len(), messages, n, messages-n/size)
			}
		}
	})
}

// checkBorrow: what was lent can be overwritten when WriteBorrowed returns, whether the peer
// reads or not.
func checkBorrow(t testing.TB, c *contract) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for _, row := range []struct {
		ctx         context.Context
		size        int
		reads, left bool
	}{
		{context.Background(), 20 << 10, true, false},
		{context.Background(), 3 << 20, false, true}, // more than a connection that nobody reads takes
		{ended, 20 << 10, true, true},
	} {
		c.ends(t, func(from, to *end) {
			borrower, ok := from.Conn.(transport.Borrower)
			if !ok {
				return
			}
			if row.reads {
				to.receive()
			}
			checkBorrowed(t, row.ctx, borrower, from, to, row.size, row.left)
		})
	}
}

func checkBorrowed(t testing.TB, ctx context.Context, borrower transport.Borrower, from, to *end, size int, left bool) {
	const messages = 5
	lent := bytes.Clone(body(1, size))
	b := from.NewBatch()
	for range messages {
		b.Append([]byte("small"), nil)
		b.AppendMessage([]byte("head"), transport.NewMessage(lent))
	}
	var done bool
	err := await(t, "WriteBorrowed ends", beside(func() (err error) {
		done, err = borrower.WriteBorrowed(ctx, b)
		return err
	}))
	clear(lent)
	switch empty := b.Len() == 0; {
	case err != nil:
		t.Fatalf("WriteBorrowed: %v", err)
	case done && left:
		t.Fatal("WriteBorrowed reports that all is written, and nobody reads, or the context has ended")
	case done != empty:
		t.Fatalf("WriteBorrowed reports %v, and has left %d messages in the batch", done, b.Len())
	}
	wrote := beside(func() error { return from.Write(b) })
	for range messages {
		to.want(t, []byte("small"))
		to.want(t, append([]byte("head"), body(1, size)...))
	}
	if err := await(t, "Write ends", wrote); err != nil {
		t.Fatalf("Write: %v", err)
	}
	wantBatch(t, "a written batch", b, 0, 0)
}

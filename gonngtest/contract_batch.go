package gonngtest

import (
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

package stream

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// shortConn takes left bytes, and then no more.
type shortConn struct {
	net.Conn
	got  bytes.Buffer
	left int
}

var errShort = errors.New("no more")

func (c *shortConn) Write(p []byte) (int, error) {
	n, _ := c.got.Write(p[:min(len(p), c.left)])
	if c.left -= n; n < len(p) {
		return n, errShort
	}
	return n, nil
}

// TestBatchCommon sends messages to several batches, of which some miss some: each has
// the bytes of its messages in order. A connection that fails in the middle leaves the
// messages that were not written whole.
func TestBatchCommon(t *testing.T) {
	for _, framing := range []wire.Framing{wire.StreamFraming, wire.IPCFraming} {
		t.Run(fmt.Sprint(framing), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(framing)))
			var common msg.Common
			batches := make([]*batch, 5)
			want := make([][][]byte, len(batches)) // the messages of each, as they go over the wire
			for i := range batches {
				batches[i] = &batch{framing: framing}
			}
			missing := 0 // the batch that misses messages, if there is one
			for round := range 3000 {
				header, body := make([]byte, r.IntN(5)), make([]byte, r.IntN(300))
				if r.IntN(20) == 0 {
					body = make([]byte, r.IntN(16<<10))
				}
				for i := range body {
					body[i] = byte(round + i)
				}
				large := r.IntN(50) == 0
				common.Set(header, body)
				if r.IntN(10) == 0 {
					missing = r.IntN(2 * len(batches))
				}
				for i, b := range batches {
					if i == missing {
						continue
					}
					if large {
						b.AppendMessage(header, transport.Copy(body))
					} else {
						b.AppendCommon(&common)
					}
					frame := framing.AppendPrefix(nil, len(header)+len(body))
					want[i] = append(want[i], append(append(frame, header...), body...))
				}
				if i := r.IntN(50 * len(batches)); i < len(batches) {
					checkWritten(t, r, batches[i], want[i])
					want[i] = nil
				}
			}
			for i, b := range batches {
				checkWritten(t, r, b, want[i])
			}
		})
	}
}

// checkWritten writes b to a connection that mostly takes all.
func checkWritten(t *testing.T, r *rand.Rand, b *batch, want [][]byte) {
	t.Helper()
	whole := bytes.Join(want, nil)
	c := &shortConn{left: len(whole)}
	if len(whole) > 0 && r.IntN(3) == 0 {
		c.left = r.IntN(len(whole))
	}
	if b.Len() != len(want) {
		t.Fatalf("the batch has %d messages, want %d", b.Len(), len(want))
	}
	taken, left := c.left, len(want)
	for n := 0; left > 0 && n+len(want[len(want)-left]) <= taken; left-- {
		n += len(want[len(want)-left])
	}
	if len(whole) > 0 {
		if err := b.writeTo(c); (err != nil) != (taken < len(whole)) {
			t.Fatalf("writing %d bytes to who takes %d: %v", len(whole), taken, err)
		}
	}
	if !bytes.Equal(c.got.Bytes(), whole[:taken]) {
		t.Fatalf("other bytes were written than those of the messages")
	}
	if b.Len() != left {
		t.Fatalf("%d messages are left after %d of %d bytes, want %d", b.Len(), taken, len(whole), left)
	}
	b.Reset()
}

// TestBatchCommonMemory: a batch that has one of ten messages does not keep those between
// in memory.
func TestBatchCommonMemory(t *testing.T) {
	var common msg.Common
	rare := &batch{framing: wire.StreamFraming}
	for i := range 100_000 {
		common.Set(nil, make([]byte, 64))
		new(batch).AppendCommon(&common) // somebody gets them all
		if i%10 == 0 {
			rare.AppendCommon(&common)
		}
	}
	pinned := cap(rare.buf)
	for i := range rare.kept {
		pinned += rare.kept[i].m.Pinned()
	}
	if limit := 2*rare.Len()*(8+64) + 64<<10; pinned > limit {
		t.Errorf("%d messages of 64 bytes keep %d bytes of memory, want at most %d", rare.Len(), pinned, limit)
	}
}

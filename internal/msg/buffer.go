package msg

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// A Buffer is pooled memory with a reference count. Many messages share the
// Buffer that they were read into; the last Release gives it back. A Buffer
// that nobody releases is left to the garbage collector.
type Buffer struct {
	bytes []byte
	refs  atomic.Int32
}

// Buffers are pooled by powers of two, the large ones too: at 1 MiB a message
// a third of the time would go into clearing and collecting fresh memory.
const (
	minClass = 6  // 64 bytes
	maxClass = 27 // 128 MiB; above it the garbage collector takes over
)

// largeBuffer is the size from which a buffer has large pages. Two of them fit in.
const largeBuffer = 4 << 20

var pools [maxClass + 1]sync.Pool

// NewBuffer returns a buffer of n bytes, not cleared, with one reference.
func NewBuffer(n int) *Buffer {
	class := max(bits.Len(uint(max(n, 1)-1)), minClass)
	if class > maxClass {
		b := &Buffer{bytes: make([]byte, n)}
		b.refs.Store(1)
		return b
	}
	b, _ := pools[class].Get().(*Buffer)
	if b == nil {
		b = &Buffer{bytes: make([]byte, 1<<class)}
		if len(b.bytes) >= largeBuffer {
			preferLargePages(b.bytes)
		}
	}
	b.bytes = b.bytes[:n]
	b.refs.Store(1)
	return b
}

// Bytes is the memory itself.
func (b *Buffer) Bytes() []byte { return b.bytes }

// Full is the memory up to its size class.
func (b *Buffer) Full() []byte { return b.bytes[:cap(b.bytes)] }

// Retain adds n references.
func (b *Buffer) Retain(n int) { b.refs.Add(int32(n)) }

// Shared reports whether anybody else holds a reference.
func (b *Buffer) Shared() bool { return b.refs.Load() > 1 }

// Release drops one reference; after the last the memory is reused.
func (b *Buffer) Release() {
	if b.refs.Add(-1) != 0 {
		return
	}
	if class := bits.Len(uint(cap(b.bytes) - 1)); class <= maxClass {
		pools[class].Put(b)
	}
}

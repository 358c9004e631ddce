package stream

import "github.com/gonng/gonng/transport"

// keepSize is the most memory, in bytes, that an idle connection keeps for its next batch.
const keepSize = 4 << 10

// Room is pooled memory in which a batch is put together. After each batch of more than
// keepSize bytes it goes back to the pool, so that a connection that is idle after a burst
// does not keep it.
type Room struct {
	buffer *transport.Buffer
	last   int // size of the last batch, the guess for the next
}

// Grow returns a copy of buf with a capacity of at least size bytes, which buf does not
// have. It releases the memory of buf, which must come from an earlier Grow.
func (r *Room) Grow(buf []byte, size int) []byte {
	larger := transport.NewBuffer(max(size, 2*cap(buf), r.last))
	buf = append(larger.Full()[:0], buf...)
	if r.buffer != nil {
		r.buffer.Release()
	}
	r.buffer = larger
	return buf
}

// Reuse returns buf, which was written, emptied for the next batch; nil if its memory went
// back to the pool.
func (r *Room) Reuse(buf []byte) []byte {
	r.last = len(buf)
	if cap(buf) <= keepSize {
		return buf[:0]
	}
	r.buffer.Release()
	r.buffer = nil
	return nil
}

package stream

import "github.com/gonng/gonng/transport"

// keepSize is what an idle connection keeps for its next batch, at most.
const keepSize = 4 << 10

// Room is pooled memory to put a batch together in. It is given back after each
// batch that was more than a few messages: a connection that is idle after a burst
// must not keep it.
type Room struct {
	buffer *transport.Buffer
	last   int // size of the last batch, and so probably of the next
}

// Grow returns buf in memory for size bytes, which are more than it has.
func (r *Room) Grow(buf []byte, size int) []byte {
	larger := transport.NewBuffer(max(size, 2*cap(buf), r.last))
	buf = append(larger.Full()[:0], buf...)
	if r.buffer != nil {
		r.buffer.Release()
	}
	r.buffer = larger
	return buf
}

// Reuse returns buf, which was written, for the next batch.
func (r *Room) Reuse(buf []byte) []byte {
	r.last = len(buf)
	if cap(buf) <= keepSize {
		return buf[:0]
	}
	r.buffer.Release()
	r.buffer = nil
	return nil
}

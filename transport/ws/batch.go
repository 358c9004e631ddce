//go:build !js

package ws

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"slices"

	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/transport"
)

// maxFrame is the largest frame that is sent, in bytes. By default nng takes no frame above
// 1 MiB, whatever the limit of its messages.
const maxFrame = 512 << 10

// batch is a transport.Batch in frames. Small messages are copied one behind the other into
// one buffer; large bodies are kept by reference. A client copies large bodies, too, because
// it masks them.
type batch struct {
	client bool
	buf    []byte
	room   stream.Room // the memory of buf
	large  []piece
	refs   []transport.Message // the messages that the pieces are parts of
	ends   []int               // where each message ends on the wire
	few    []int               // the array for ends while that has a larger one
	wire   int                 // bytes on the wire, with the headers of frames
	size   int                 // bytes of the messages alone

	memory  net.Buffers // the array of what pieces returns
	started bool        // it is being written
}

// keepMessages bounds for how many messages an idle connection keeps arrays.
const keepMessages = 64

// manyEnds are the arrays of ends of batches with many messages.
var manyEnds msg.Arrays[int]

// piece is a part of a body that goes over the wire after buf[:at].
type piece struct {
	at   int
	data []byte
}

// Append implements transport.Batch.
func (b *batch) Append(header, body []byte) { b.add(header, body, false) }

// AppendMessage implements transport.Batch. A server keeps m by reference until Reset.
func (b *batch) AppendMessage(header []byte, m transport.Message) {
	if !b.client {
		b.refs = append(b.refs, m.Retain())
	}
	b.add(header, m.Data, !b.client)
}

// add appends a message, a large one in several frames. With refer it does not copy body.
func (b *batch) add(header, body []byte, refer bool) {
	begin := len(b.buf)
	op, left := byte(opBinary), len(header)+len(body)
	b.size += left
	for first := true; first || left > 0; first = false {
		n := min(left, maxFrame)
		left -= n
		head := header[:min(len(header), n)]
		data := body[:n-len(head)]
		copied := n
		if refer {
			copied = len(head)
		}
		if size := len(b.buf) + headerMax + copied; size > cap(b.buf) {
			b.buf = b.room.Grow(b.buf, size)
		}
		b.buf = appendHeader(b.buf, op, left == 0, b.client, n)
		payload := len(b.buf)
		b.buf = append(b.buf, head...)
		header, body, op = header[len(head):], body[len(data):], opContinuation
		if refer {
			b.large = append(b.large, piece{len(b.buf), data})
			b.wire += len(data)
			continue
		}
		b.buf = append(b.buf, data...)
		if b.client {
			mask(b.buf[payload:], [4]byte(b.buf[payload-4:]))
		}
	}
	b.wire += len(b.buf) - begin
	if n := len(b.ends); n == cap(b.ends) && n >= keepMessages {
		larger := append(manyEnds.Get(2*n), b.ends...)
		if b.few == nil {
			b.few = b.ends[:0]
		} else {
			manyEnds.Put(b.ends)
		}
		b.ends = larger
	}
	b.ends = append(b.ends, b.wire)
}

// headerMax is the size of the largest header of a frame.
const headerMax = 14

// appendHeader appends the header of a frame of n bytes; last says that the frame ends its
// message. The header of a client has a random mask, as RFC 6455 wants it.
func appendHeader(b []byte, op byte, last, client bool, n int) []byte {
	var masked byte
	if last {
		op |= 0x80
	}
	if client {
		masked = 0x80
	}
	switch {
	case n < 126:
		b = append(b, op, masked|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, op, masked|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, op, masked|127), uint64(n))
	}
	if client {
		b = binary.BigEndian.AppendUint32(b, rand.Uint32())
	}
	return b
}

// mask masks p with key. A second call undoes it.
func mask(p []byte, key [4]byte) {
	wide := uint64(binary.LittleEndian.Uint32(key[:]))
	for wide |= wide << 32; len(p) >= 8; p = p[8:] {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^wide)
	}
	for i := range p {
		p[i] ^= key[i%4]
	}
}

// Len implements transport.Batch.
func (b *batch) Len() int { return len(b.ends) }

// Size implements transport.Batch.
func (b *batch) Size() int { return b.size }

// Reset implements transport.Batch.
func (b *batch) Reset() {
	for i := range b.refs {
		b.refs[i].Release()
	}
	clear(b.refs)
	clear(b.large)
	clear(b.memory)
	ends := b.ends
	if b.few != nil {
		manyEnds.Put(ends)
		ends = b.few
	}
	buf := b.room.Reuse(b.buf)
	*b = batch{
		client: b.client, buf: buf, room: b.room, ends: ends[:0],
		large: emptied(b.large), refs: emptied(b.refs), memory: emptied(b.memory),
	}
}

// emptied is the array of s for the next batch, unless it is a large one.
func emptied[T any](s []T) []T {
	if cap(s) > keepMessages {
		return nil
	}
	return s[:0]
}

// pieces returns the bytes of the batch in the order of the wire.
func (b *batch) pieces() net.Buffers {
	from := 0
	for _, l := range b.large {
		b.memory = append(b.memory, b.buf[from:l.at], l.data)
		from = l.at
	}
	if from < len(b.buf) {
		b.memory = append(b.memory, b.buf[from:])
	}
	return b.memory
}

// keep reduces the batch to the messages that were not written whole when left bytes of it
// were not written. Only Len is right after it.
func (b *batch) keep(left int) {
	i, _ := slices.BinarySearch(b.ends, b.wire-left+1)
	b.ends = b.ends[i:]
}

package stream

import (
	"net"

	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// batch is a transport.Batch whose messages have a length before each. Small messages are
// copied one behind the other into one buffer; large bodies are kept by reference.
type batch struct {
	framing  wire.Framing
	buf      []byte
	room     Room // the memory of buf
	large    []largeBody
	messages int
	size     int // bytes of the messages, without the lengths

	rest    []byte      // what is not written yet, if there are no large bodies
	vectors net.Buffers // what is not written yet, if there are
	memory  net.Buffers // the array of vectors, kept because WriteTo shortens vectors
	started bool        // start has been called
}

// largeBody is a body that goes over the wire after buf[:at].
type largeBody struct {
	at int
	m  transport.Message
}

// keepLarge bounds for how many large bodies an idle connection keeps arrays.
const keepLarge = 64

// Append implements transport.Batch.
func (b *batch) Append(header, body []byte) {
	b.grow(len(header) + len(body))
	b.begin(len(header) + len(body))
	b.buf = append(b.buf, header...)
	b.buf = append(b.buf, body...)
}

// AppendMessage implements transport.Batch. It keeps m by reference until Reset.
func (b *batch) AppendMessage(header []byte, m transport.Message) {
	b.grow(len(header))
	b.begin(len(header) + len(m.Data))
	b.buf = append(b.buf, header...)
	b.large = append(b.large, largeBody{len(b.buf), m.Retain()})
}

// begin appends the length of a message of size bytes.
func (b *batch) begin(size int) {
	b.buf = b.framing.AppendPrefix(b.buf, size)
	b.messages++
	b.size += size
}

// grow makes room in buf for one more message, of which n bytes are copied.
func (b *batch) grow(n int) {
	if size := len(b.buf) + b.framing.PrefixSize() + n; size > cap(b.buf) {
		b.buf = b.room.Grow(b.buf, size)
	}
}

// Len implements transport.Batch.
func (b *batch) Len() int { return b.messages }

// Size implements transport.Batch.
func (b *batch) Size() int { return b.size }

// Reset implements transport.Batch.
func (b *batch) Reset() {
	for i, l := range b.large {
		l.m.Release()
		b.large[i] = largeBody{}
	}
	clear(b.memory)
	buf := b.room.Reuse(b.buf)
	*b = batch{framing: b.framing, buf: buf, room: b.room, large: b.large[:0], memory: b.memory[:0]}
	if cap(b.large) > keepLarge {
		b.large, b.memory = nil, nil
	}
}

// start prepares the batch for writing. A second call does nothing.
func (b *batch) start() {
	if b.started {
		return
	}
	b.started = true
	if len(b.large) == 0 {
		b.rest = b.buf
		return
	}
	from := 0
	for _, l := range b.large {
		b.memory = append(b.memory, b.buf[from:l.at], l.m.Data)
		from = l.at
	}
	if from < len(b.buf) {
		b.memory = append(b.memory, b.buf[from:])
	}
	b.vectors = b.memory
}

// writeTo writes what is left of the batch, and may wait for the peer.
func (b *batch) writeTo(c net.Conn) error {
	b.start()
	if b.vectors != nil {
		n, err := WriteVectors(c, &b.vectors)
		return b.wrote(n, err)
	}
	n, err := c.Write(b.rest)
	b.rest = b.rest[n:]
	return b.wrote(len(b.buf)-len(b.rest), err)
}

// wrote empties the batch when err is nil. Otherwise n bytes of the batch were written, and
// wrote reduces Len to the number of messages that were not written whole.
func (b *batch) wrote(n int, err error) error {
	if err == nil {
		b.Reset()
		return nil
	}
	prefix, large, buf := b.framing.PrefixSize(), b.large, b.buf
	for at := 0; at < len(buf); b.messages-- {
		size, _ := b.framing.ParsePrefix(buf[at:]) // well formed: begin wrote it
		if n -= prefix + int(size); n < 0 {
			break
		}
		at += prefix + int(size)
		if len(large) > 0 && large[0].at <= at {
			at -= len(large[0].m.Data) // which is not in buf
			large = large[1:]
		}
	}
	return err
}

package stream

import (
	"net"

	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// batch is a transport.Batch whose messages have a length before each. Small messages are
// copied one behind the other into one buffer; large bodies, and messages that go to
// many peers, are kept by reference.
type batch struct {
	framing  wire.Framing
	buf      []byte
	room     Room // the memory of buf
	kept     []kept
	bodies   bool // a large body is among what is kept
	messages int
	size     int // bytes of the messages, without the lengths

	started   bool        // start has been called
	abandoned bool        // abandon has been called
	done      int         // bytes that are written
	rest      []byte      // what is not written yet, if it is in one piece
	vectors   net.Buffers // what is not written yet, if it is in several
	memory    net.Buffers // the array of vectors, kept because WriteTo shortens vectors
}

// kept is what goes over the wire after buf[:at]: a large body, whose length is in buf,
// or a run of messages with their lengths.
type kept struct {
	at  int
	m   transport.Message
	run bool
}

// keepLarge bounds for how many references an idle connection keeps arrays.
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
	b.kept, b.bodies = append(b.kept, kept{len(b.buf), m.Retain(), false}), true
}

// AppendCommon implements msg.CommonBatch. It refers to the message if that is the first
// of the batch, or follows the one before in the log. Others are copied: a batch that has
// few messages of each segment would keep all of them in memory.
func (b *batch) AppendCommon(c *msg.Common) {
	header, body := c.Header(), c.Body()
	log, size := c.Log(uint8(b.framing)), len(header)+len(body)
	if log.Missing() {
		room := b.framing.AppendPrefix(log.Room(b.framing.PrefixSize()+size), size)
		log.Put(append(append(room, header...), body...))
	}
	last := b.lastRun()
	switch {
	case last != nil && log.Follow(last):
	case b.messages == 0, last != nil && log.Begins(last):
		b.kept = append(b.kept, kept{len(b.buf), log.Run(), true})
	default:
		b.Append(header, body)
		return
	}
	b.messages++
	b.size += size
}

// lastRun is the run at the end of the batch, or nil.
func (b *batch) lastRun() *transport.Message {
	if n := len(b.kept); n > 0 && b.kept[n-1].run && b.kept[n-1].at == len(b.buf) {
		return &b.kept[n-1].m
	}
	return nil
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
	for i := range b.kept {
		b.kept[i].m.Release()
		b.kept[i] = kept{}
	}
	clear(b.memory)
	buf := b.room.Reuse(b.buf)
	*b = batch{framing: b.framing, buf: buf, room: b.room, kept: b.kept[:0], memory: b.memory[:0]}
	if cap(b.kept) > keepLarge {
		b.kept, b.memory = nil, nil
	}
}

// start prepares the batch for writing. A second call does nothing.
func (b *batch) start() {
	if b.started {
		return
	}
	b.started = true
	switch {
	case len(b.kept) == 0:
		b.rest = b.buf
		return
	case len(b.kept) == 1 && len(b.buf) == 0:
		b.rest = b.kept[0].m.Data
		return
	}
	from := 0
	for _, k := range b.kept {
		b.add(b.buf[from:k.at])
		b.add(k.m.Data)
		from = k.at
	}
	b.add(b.buf[from:])
	b.vectors = b.memory
}

// add adds a piece to what is to be written.
func (b *batch) add(p []byte) {
	if len(p) > 0 {
		b.memory = append(b.memory, p)
	}
}

// tryTo writes what it can without waiting, max bytes at most, and returns how many that were.
func (b *batch) tryTo(w *Writer, max int) (written int, err error) {
	if b.bodies {
		return 0, nil // writeTo needs one writev where this would need two system calls
	}
	b.start()
	for {
		if len(b.rest) == 0 && len(b.vectors) > 0 {
			b.rest, b.vectors = b.vectors[0], b.vectors[1:]
		}
		part := b.rest[:min(len(b.rest), max-written)]
		n, err := w.Try(part)
		b.rest, b.done, written = b.rest[n:], b.done+n, written+n
		switch {
		case err != nil:
			return written, b.wrote(err)
		case len(b.rest) == 0 && len(b.vectors) == 0:
			return written, b.wrote(nil)
		case n < len(part) || written == max:
			return written, nil
		}
	}
}

// writeTo writes what is left of the batch, and may wait for the peer.
func (b *batch) writeTo(c net.Conn) error { return b.wrote(b.write(c)) }

// write is writeTo that leaves it to the caller to call wrote.
func (b *batch) write(c net.Conn) error {
	b.start()
	if len(b.rest) > 0 {
		n, err := c.Write(b.rest)
		b.rest, b.done = b.rest[n:], b.done+n
		if err != nil || len(b.vectors) == 0 {
			return err
		}
	}
	n, err := WriteVectors(c, &b.vectors)
	b.done += n
	return err
}

// bytes is how many bytes there are, with the lengths.
func (b *batch) bytes() int { return b.size + b.messages*b.framing.PrefixSize() }

// ownRest copies what is not written yet, so that no memory of the bodies is read any more.
func (b *batch) ownRest() {
	b.start()
	n := len(b.rest)
	for _, v := range b.vectors {
		n += len(v)
	}
	own := transport.NewBuffer(n)
	at := copy(own.Bytes(), b.rest)
	for _, v := range b.vectors {
		at += copy(own.Bytes()[at:], v)
	}
	b.rest, b.vectors = own.Bytes(), nil
	b.kept = append(b.kept, kept{len(b.buf), transport.In(own, nil), false}) // Reset releases it
}

// wrote empties the batch when err is nil, and abandons it otherwise.
func (b *batch) wrote(err error) error {
	if err == nil {
		b.Reset()
	} else {
		b.abandon()
	}
	return err
}

// abandon reduces Len to the number of messages that were not written whole. A second call
// does nothing.
func (b *batch) abandon() {
	if b.abandoned {
		return
	}
	b.abandoned = true
	left, at := b.done, 0
	for _, k := range b.kept {
		left = b.count(b.buf[at:k.at], left)
		if k.run {
			left = b.count(k.m.Data, left)
		}
		at = k.at
	}
	b.count(b.buf[at:], left)
}

// count takes the messages in p that were written whole off Len. written is how many bytes
// were from the beginning of p on; count returns how many follow p, or less than 0. The
// body of the last message need not be in p.
func (b *batch) count(p []byte, written int) int {
	for at := 0; at < len(p) && written >= 0; {
		size, _ := b.framing.ParsePrefix(p[at:]) // well formed: begin or AppendCommon wrote it
		n := b.framing.PrefixSize() + int(size)
		if written -= n; written >= 0 {
			b.messages--
		}
		at += n
	}
	return written
}

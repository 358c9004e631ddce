package ws

import (
	"net"
	"sync"
	"syscall"

	"github.com/gonng/gonng/internal/stream"
)

// output is what writes to a connection: batches of messages, and between them
// the frames of control that package websocket writes, each in one Write.
type output struct {
	client bool
	dst    net.Conn
	try    *stream.Writer

	mu    sync.Mutex
	rest  net.Buffers // of a batch that is partly written: it comes first
	left  int         // bytes of it
	err   error       // of an earlier write
	ended bool        // a close frame is the last
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return len(p), nil
	}
	if err := o.flush(); err != nil {
		return 0, err
	}
	o.ended = p[0] == 0x80|opClose
	return o.dst.Write(p)
}

// flush writes what is left of a batch. mu is held.
func (o *output) flush() error {
	if o.err != nil || o.left == 0 {
		return o.err
	}
	n, err := stream.WriteVectors(o.dst, &o.rest)
	o.left -= n
	o.err = err
	return err
}

// begin makes b what is to be written, unless it was begun or nothing more may
// be. mu is held.
func (o *output) begin(b *batch) {
	if b.started {
		return
	}
	b.started = true
	o.rest, o.left = b.pieces(), b.wire
	if o.ended && o.err == nil {
		o.err = syscall.EPIPE
	}
}

// write writes the batch, or what tryWrite left of it, and empties it.
func (o *output) write(b *batch) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begin(b)
	return o.wrote(b, o.flush())
}

// tryWrite writes what it can without waiting, and reports whether that was all.
func (o *output) tryWrite(b *batch) (bool, error) {
	if len(b.large) > 0 || !o.mu.TryLock() {
		return false, nil // one writev by write, instead of two system calls; a frame of control is under way
	}
	defer o.mu.Unlock()
	if o.begin(b); o.err == nil {
		var n int
		n, o.err = o.try.Try(o.rest[0])
		o.rest[0] = o.rest[0][n:]
		o.left -= n
	}
	if o.err == nil && o.left > 0 {
		return false, nil
	}
	err := o.wrote(b, o.err)
	return err == nil, err
}

// wrote empties the batch, or keeps what was not written.
func (o *output) wrote(b *batch, err error) error {
	if err != nil {
		b.keep(o.left)
		return err
	}
	o.rest = nil
	b.Reset()
	return nil
}

// end writes a close frame, after the batch that is being written; what comes
// later goes nowhere. Status 0: without a frame, there was one.
func (o *output) end(status uint16) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.ended && status != 0 && o.flush() == nil {
		var frame [8]byte
		_, _ = o.dst.Write(appendClose(frame[:0], o.client, status)) // the connection ends in any case
	}
	o.ended = true
}

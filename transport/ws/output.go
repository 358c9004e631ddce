package ws

import (
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/gonng/gonng/internal/stream"
)

// output is what writes to a connection: batches of messages, and between them
// frames of control.
type output struct {
	client bool
	dst    net.Conn
	try    *stream.Writer

	mu    sync.Mutex  // held while something is written
	rest  net.Buffers // of a batch that is partly written: it comes first
	left  int         // bytes of it
	err   error       // of an earlier write
	ended bool        // nothing may be written: not yet, or not after a close frame

	pongs pongs
}

// start lets frames be written.
func (o *output) start() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = false
}

// Write writes a frame of control of package websocket's, which comes in one Write
// and is a close frame: pings are answered by pong. The connection is closed behind
// it, so it waits for a batch under way only as long as a goodbye may take.
func (o *output) Write(p []byte) (int, error) {
	overdue := time.AfterFunc(stream.GoodbyeTime, func() { stream.Underlying(o.dst).Close() })
	defer overdue.Stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return len(p), nil
	}
	if err := o.flush(); err != nil {
		return 0, err
	}
	o.ended = true
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

// end writes a close frame, if nothing is being written and there is room for it,
// for which it may wait a little. What comes later goes nowhere. Status 0: without a
// frame, there was one.
func (o *output) end(status uint16, wait bool) {
	if !o.mu.TryLock() {
		return
	}
	defer o.mu.Unlock()
	if !o.ended && status != 0 && o.left == 0 && o.err == nil {
		stream.Goodbye(o.dst, wait, func() {
			var frame [8]byte
			_, _ = o.dst.Write(appendClose(frame[:0], o.client, status)) // the connection ends in any case
		})
	}
	o.ended = true
}

//go:build !js

package ws

import (
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/gonng/gonng/internal/stream"
)

// output writes to a connection: batches of messages, and control frames between them.
type output struct {
	client bool
	dst    net.Conn
	try    *stream.Writer

	mu    sync.Mutex  // held while something is written
	rest  net.Buffers // of a batch that is partly written; nothing else may come before it
	left  int         // bytes of rest
	err   error       // of an earlier write
	ended bool        // nothing may be written: the request is not answered, or a close frame is sent

	pongs pongs
}

// start allows writing, after the request was answered.
func (o *output) start() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = false
}

// Write writes a control frame for package websocket, which passes each in one call. It is a
// close frame, since pong answers the pings, and the connection is closed after it. So Write
// waits for a batch under way no longer than stream.GoodbyeTime, and then closes.
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

// flush writes what is left of a batch. The caller holds mu.
func (o *output) flush() error {
	if o.err != nil || o.left == 0 {
		return o.err
	}
	n, err := stream.WriteVectors(o.dst, &o.rest)
	o.left -= n
	o.err = err
	return err
}

// begin makes b the batch to write, unless that was done. When nothing may be written, it
// sets err. The caller holds mu.
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

// write writes what is left of the batch, waiting for the peer, and empties the batch.
func (o *output) write(b *batch) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begin(b)
	return o.wrote(b, o.flush())
}

// tryWrite writes what it can without waiting, max bytes at most, and returns how many that
// were.
func (o *output) tryWrite(b *batch, max int) (written int, err error) {
	if len(b.large) > 0 || !o.mu.TryLock() {
		return 0, nil // write needs one writev where this would need two system calls; or another write is under way
	}
	defer o.mu.Unlock()
	if o.begin(b); o.err == nil {
		written, o.err = o.try.Try(o.rest[0][:min(len(o.rest[0]), max)])
		o.rest[0] = o.rest[0][written:]
		o.left -= written
	}
	if o.err == nil && o.left > 0 {
		return written, nil
	}
	return written, o.wrote(b, o.err)
}

// abandon keeps in the batch what was not written whole.
func (o *output) abandon(b *batch) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if b.started {
		b.keep(o.left)
	}
}

// wrote empties the batch when err is nil. Otherwise it keeps in the batch what was not
// written. The caller holds mu.
func (o *output) wrote(b *batch, err error) error {
	if err != nil {
		b.keep(o.left)
		return err
	}
	o.rest = nil
	b.Reset()
	return nil
}

// end writes a close frame with the status, unless that is 0, and lets nothing be written
// after it. It reports whether it wrote the frame. When there is no room it leaves the frame
// out; with wait, it waits a little for room. While another write is under way it does nothing.
func (o *output) end(status uint16, wait bool) (said bool) {
	if !o.mu.TryLock() {
		return false
	}
	defer o.mu.Unlock()
	if !o.ended && status != 0 && o.left == 0 && o.err == nil {
		stream.Goodbye(o.dst, wait, func() {
			var frame [8]byte
			_, err := o.dst.Write(appendClose(frame[:0], o.client, status))
			said = err == nil
		})
	}
	o.ended = true
	return said
}

package ws

import (
	"net"
	"sync"

	"github.com/gonng/gonng/transport"
)

// outputSize is how much of a batch is gathered for one write.
const outputSize = 64 << 10

// output gathers the frames of a batch: one write, and one record of TLS, has
// many of them. Each call of Write is a part of a frame, or a whole one if that
// comes between those of a batch.
type output struct {
	dst    net.Conn
	vector bool // dst can write two pieces at once
	client bool

	batch sync.Mutex // held while a batch is written; comes before mu

	mu      sync.Mutex
	buf     *transport.Buffer // while a batch is written
	n       int               // bytes of buf
	flushes int
	ended   bool // a close frame is the last
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.ended:
		return len(p), nil
	case o.buf == nil:
		return o.dst.Write(p)
	case o.vector && len(p) >= outputSize/4:
		o.flushes++
		pieces := net.Buffers{o.buf.Bytes()[:o.n], p}
		_, err := pieces.WriteTo(o.dst)
		o.n = 0
		return len(p), err
	}
	for rest := p; len(rest) > 0; {
		if o.n == outputSize {
			if err := o.flush(); err != nil {
				return 0, err
			}
		}
		n := copy(o.buf.Bytes()[o.n:], rest)
		rest = rest[n:]
		o.n += n
	}
	return len(p), nil
}

// flush writes what was gathered. mu is held.
func (o *output) flush() error {
	if o.n == 0 {
		return nil
	}
	o.flushes++
	_, err := o.dst.Write(o.buf.Bytes()[:o.n])
	o.n = 0
	return err
}

// begin begins a batch.
func (o *output) begin() {
	o.batch.Lock()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf = transport.NewBuffer(outputSize)
}

// finish ends a batch.
func (o *output) finish() error {
	defer o.batch.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	err := o.flush()
	o.buf.Release()
	o.buf = nil
	return err
}

// flushed is how many writes there were in batches.
func (o *output) flushed() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.flushes
}

// end writes a close frame, after the batch that is being written; what comes
// later goes nowhere. Status 0: without a frame, there was one.
func (o *output) end(status uint16) {
	o.batch.Lock()
	defer o.batch.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.ended && status != 0 {
		var frame [8]byte
		_, _ = o.dst.Write(appendClose(frame[:0], o.client, status)) // the connection ends in any case
	}
	o.ended = true
}

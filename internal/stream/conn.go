// Package stream carries messages over a net.Conn: a length before each, many
// messages a system call. The transports tcp, tlstcp and ipc, and connections that a
// program brings itself, share it.
package stream

import (
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Conn is a transport.Conn over any net.Conn. Where the connection lets us at
// its descriptor, writes that must not wait do not, and an idle reader holds
// no buffer; elsewhere (TLS, net.Pipe, Windows) TryWrite leaves all to Write.
type Conn struct {
	net.Conn
	framing  wire.Framing
	protocol uint16
	reader   reader
	writer   rawWriter
	close    func() error
}

func newConn(nc net.Conn, framing wire.Framing, protocol uint16, limit int) *Conn {
	c := &Conn{Conn: nc, framing: framing, protocol: protocol}
	c.close = sync.OnceValue(closer(nc))
	raw := rawConn(nc)
	c.reader.init(nc, raw, framing, limit)
	c.writer.init(raw)
	return c
}

// rawConn returns nil when the descriptor cannot be used without waiting.
func rawConn(nc net.Conn) syscall.RawConn {
	sc, ok := nc.(syscall.Conn)
	if !ok || !rawSupported {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// Finish implements transport.Finisher.
func (c *Conn) Finish() bool { return Finish(c.Conn) }

// HungUp implements transport.Prober.
func (c *Conn) HungUp() (yes, known bool) { return HungUp(c.Conn) }

// Protocol implements transport.Conn.
func (c *Conn) Protocol() uint16 { return c.protocol }

// Close implements transport.Conn.
func (c *Conn) Close() error { return c.close() }

// NewBatch implements transport.Conn.
func (c *Conn) NewBatch() transport.Batch { return &batch{framing: c.framing} }

// TryWrite implements transport.Conn.
func (c *Conn) TryWrite(b transport.Batch) (bool, error) {
	own := b.(*batch)
	if len(own.large) > 0 {
		return false, nil // one writev by Write, instead of two system calls
	}
	own.start()
	n, err := c.writer.try(own.rest)
	own.rest = own.rest[n:]
	if err == nil && len(own.rest) > 0 {
		return false, nil
	}
	err = own.wrote(len(own.buf)-len(own.rest), err)
	return err == nil, err
}

// Write implements transport.Conn.
func (c *Conn) Write(b transport.Batch) error { return b.(*batch).writeTo(c.Conn) }

// TryRead implements transport.TryReader.
func (c *Conn) TryRead(dst []transport.Message) ([]transport.Message, bool) {
	return c.reader.tryRead(dst), c.reader.useRaw
}

// Interrupt implements transport.TryReader.
func (c *Conn) Interrupt() { c.Conn.SetReadDeadline(time.Unix(1, 0)) }

// Interruptible implements transport.TryReader. Connections of the program's
// may not heed a deadline.
func (c *Conn) Interruptible() bool { return c.reader.useRaw }

// Read implements transport.Conn.
func (c *Conn) Read(dst []transport.Message) ([]transport.Message, error) {
	return c.reader.read(dst)
}

// Package stream carries messages over a net.Conn: a length before each, many
// messages a system call. The transports tcp, tlstcp and ipc, and connections that a
// program brings itself, share it.
package stream

import (
	"crypto/tls"
	"net"
	"sync"
	"syscall"

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

// Finish implements transport.Finisher. Only TCP needs it: a Unix socket has
// handed over all that was written.
func (c *Conn) Finish() bool {
	t, secured := c.Conn.(*tls.Conn)
	nc := c.Conn
	if secured {
		nc = t.NetConn()
	}
	tc, ok := nc.(*net.TCPConn)
	if !ok {
		return false
	}
	if raw := rawConn(tc); raw != nil && !unacknowledged(raw) {
		return false
	}
	if secured {
		goodbye(t)
	}
	return tc.CloseWrite() == nil
}

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

// Read implements transport.Conn.
func (c *Conn) Read(dst []transport.Message) ([]transport.Message, error) {
	return c.reader.read(dst)
}

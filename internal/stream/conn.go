// Package stream carries messages over a net.Conn. A length goes before each message, and
// many messages share a system call. The transports tcp, tlstcp and ipc use it, and so do
// connections and listeners that the program brings itself.
package stream

import (
	"context"
	"errors"
	"math"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// conn is a transport.Conn over any net.Conn. Where the connection gives access to its
// descriptor, TryWrite writes without waiting, and a reader that waits holds no buffer.
// Elsewhere (net.Pipe, Windows, mostly TLS) TryWrite leaves everything to Write.
type conn struct {
	net.Conn
	framing  wire.Framing
	protocol uint16
	names    *names // nil: Conn has the right addresses
	reader   reader
	writer   Writer
	closing  sync.Once
	closeErr error
}

// newConn returns a connection whose handshake is done. protocol is the peer's.
func newConn(nc net.Conn, framing wire.Framing, protocol uint16, cfg *transport.Config) transport.Conn {
	c := &conn{Conn: nc, framing: framing, protocol: protocol, names: wholeNames(nc)}
	raw := rawConn(nc)
	c.reader.init(nc, raw, framing, cfg.RecvMaxSize, cfg.ReadMost)
	c.writer.init(nc, raw)
	switch {
	case raw != nil && Native(nc):
		return native{pollable{interruptible{c}}}
	case raw != nil:
		return pollable{interruptible{c}}
	case Native(nc):
		return interruptible{c}
	}
	return c
}

// names are the addresses of a connection.
type names struct{ local, remote net.Addr }

// LocalAddr implements transport.Conn.
func (c *conn) LocalAddr() net.Addr {
	if c.names != nil {
		return c.names.local
	}
	return c.Conn.LocalAddr()
}

// RemoteAddr implements transport.Conn.
func (c *conn) RemoteAddr() net.Addr {
	if c.names != nil {
		return c.names.remote
	}
	return c.Conn.RemoteAddr()
}

// interruptible is a conn over a net.Conn whose deadlines end a Read at once.
type interruptible struct{ *conn }

// Interrupt implements transport.Interrupter.
func (c interruptible) Interrupt() { c.Conn.SetReadDeadline(time.Unix(1, 0)) }

// pollable is a conn whose descriptor can be read without waiting.
type pollable struct{ interruptible }

// TryRead implements transport.TryReader.
func (c pollable) TryRead(dst []transport.Message) []transport.Message {
	return c.reader.tryRead(dst)
}

// native is a conn over TCP or a Unix socket, which has writev.
type native struct{ pollable }

const (
	// A peer that takes less than slowBytes in slowTime, or in more of it for each copyBytes
	// that are left, takes longer than a copy. It is not waited for: the rest is copied.
	slowTime  = 10 * time.Millisecond
	slowBytes = 1 << 20
	copyBytes = 8 << 20
)

// WriteBorrowed implements transport.Borrower.
func (c native) WriteBorrowed(ctx context.Context, borrowed transport.Batch) (bool, error) {
	b := borrowed.(*batch)
	defer c.Conn.SetWriteDeadline(time.Time{}) // fails only if the connection is closed
	for ctx.Err() == nil {
		before := b.done
		err := c.Conn.SetWriteDeadline(time.Now().Add(slowTime * time.Duration(1+(b.bytes()-b.done)/copyBytes)))
		if err == nil {
			err = b.write(c.Conn)
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err == nil, b.wrote(err)
		}
		if b.done-before < slowBytes {
			break
		}
	}
	b.ownRest()
	return false, nil
}

// rawConn returns access to the descriptor of nc, or nil when nc has none or the platform
// cannot use it without waiting.
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

// SkipTooLarge implements transport.Skipper.
func (c *conn) SkipTooLarge(tell func(head []byte, size uint64)) { c.reader.skipTooLarge(tell) }

// Finish implements transport.Finisher.
func (c *conn) Finish() bool { return Finish(c.Conn) }

// HungUp implements transport.Prober.
func (c *conn) HungUp() (yes, known bool) { return HungUp(c.Conn) }

// Protocol implements transport.Conn.
func (c *conn) Protocol() uint16 { return c.protocol }

// Close implements transport.Conn.
func (c *conn) Close() error {
	c.closing.Do(func() { c.closeErr = Close(c.Conn) })
	return c.closeErr
}

// NewBatch implements transport.Conn.
func (c *conn) NewBatch() transport.Batch { return &batch{framing: c.framing} }

// TryWrite implements transport.Conn.
func (c *conn) TryWrite(b transport.Batch) (bool, error) {
	_, err := c.TryWritePart(b, math.MaxInt)
	return err == nil && b.Len() == 0, err
}

// TryWritePart implements transport.PartWriter.
func (c *conn) TryWritePart(b transport.Batch, max int) (int, error) {
	return b.(*batch).tryTo(&c.writer, max)
}

// Abandon implements transport.PartWriter.
func (c *conn) Abandon(b transport.Batch) { b.(*batch).abandon() }

// Write implements transport.Conn.
func (c *conn) Write(b transport.Batch) error { return b.(*batch).writeTo(c.Conn) }

// Read implements transport.Conn.
func (c *conn) Read(dst []transport.Message) ([]transport.Message, error) {
	return c.reader.read(dst)
}

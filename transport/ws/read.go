package ws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/gonng/gonng/transport"
)

const (
	// maxBatch bounds what one Read returns, beside the size of the input.
	maxBatch = 1024
	// firstRoom is what a message may have at once, whatever its length says.
	firstRoom = 64 << 10
	// earned is how many times what has arrived a length may claim in memory.
	earned = 16
)

// Read implements transport.Conn.
func (c *conn) Read(dst []transport.Message) ([]transport.Message, error) {
	dst, other, err := c.readWhole(dst)
	if other {
		var m transport.Message
		if m, err = c.readMessage(); err == nil {
			dst = append(dst, m)
		}
	}
	return dst, c.ended(err)
}

// readWhole waits for messages that have arrived whole, or for another frame.
func (c *conn) readWhole(dst []transport.Message) (_ []transport.Message, other bool, err error) {
	before := len(dst)
	if err = c.in.await(); err == nil {
		dst, err = c.in.take(dst, maxBatch)
	}
	return dst, err == nil && len(dst) == before, err
}

// ended gives the memory back if reading has ended, and says why.
func (c *conn) ended(err error) error {
	if err == nil {
		return nil
	}
	c.in.drop()
	return c.lost(err)
}

// interruptible is a conn over one that heeds deadlines. A Read that a deadline
// ends in the middle of what package websocket reads would be the end of the
// connection: before that it returns without a message, so that who wanted to be
// interrupted leaves the rest to another.
type interruptible struct {
	*conn
	other bool // what comes next is for package websocket
}

// Interrupt implements transport.Interrupter.
func (c *interruptible) Interrupt() { c.link.Conn.SetReadDeadline(time.Unix(1, 0)) }

// Read implements transport.Conn.
func (c *interruptible) Read(dst []transport.Message) (_ []transport.Message, err error) {
	if c.other {
		c.other = false
		if err := c.link.Conn.SetReadDeadline(time.Time{}); err != nil {
			return dst, c.ended(err)
		}
		return c.conn.Read(dst)
	}
	dst, c.other, err = c.readWhole(dst)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.in.err = nil
		err = c.link.Conn.SetReadDeadline(time.Time{})
	}
	return dst, c.ended(err)
}

// readMessage reads a message that package websocket puts together, and what
// comes before it.
func (c *conn) readMessage() (transport.Message, error) {
	kind, r, err := c.ws.Reader(context.Background())
	if err != nil {
		return transport.Message{}, err
	}
	if kind == websocket.MessageText && !c.cfg.TextFrames {
		c.status.Store(uint32(websocket.StatusUnsupportedData))
		return transport.Message{}, fmt.Errorf("%w: the peer sent text, which WithTextFrames would allow", transport.ErrProtocol)
	}
	m, err := c.collect(r)
	if err == nil && kind == websocket.MessageText && !utf8.Valid(m.Data) {
		c.status.Store(uint32(websocket.StatusInvalidFramePayloadData))
		m.Release()
		return transport.Message{}, fmt.Errorf("%w: the peer sent text that is not UTF-8", transport.ErrProtocol)
	}
	return m, err
}

// collect reads a message into memory of its size, which grows as the message
// arrives: the first of its frames says how long that is, others may follow.
func (c *conn) collect(r io.Reader) (transport.Message, error) {
	announced := int(c.in.frame.length)
	b, n := transport.NewBuffer(min(announced, firstRoom)), 0
	for {
		full := n == len(b.Bytes())
		room := b.Bytes()[n:]
		if full {
			room = c.probe[:]
		}
		k, err := r.Read(room)
		if full && k > 0 {
			b = grow(b, announced)
			b.Bytes()[n] = c.probe[0]
		}
		n += k
		switch {
		case err == io.EOF:
			return transport.In(b, b.Bytes()[:n:n]), nil
		case err != nil:
			b.Release()
			return transport.Message{}, err
		}
	}
}

// grow returns a larger copy of b, which is full.
func grow(b *transport.Buffer, announced int) *transport.Buffer {
	n := len(b.Bytes())
	size := 2*n + 64
	if announced > n {
		size = int(min(uint64(announced), earned*uint64(n)))
	}
	larger := transport.NewBuffer(size)
	copy(larger.Bytes(), b.Bytes())
	b.Release()
	return larger
}

// lost is why reading has ended. What the connection said comes before what
// package websocket makes of it.
func (c *conn) lost(err error) error {
	if c.in.err != nil {
		switch {
		case errors.Is(c.in.err, transport.ErrMessageTooLarge):
			c.status.Store(uint32(websocket.StatusMessageTooBig))
		case errors.Is(c.in.err, transport.ErrProtocol):
			c.status.Store(uint32(websocket.StatusProtocolError))
		}
		return c.in.err
	}
	var goodbye websocket.CloseError
	var network net.Error
	switch {
	case errors.As(err, &goodbye):
		c.status.Store(0)
		return closed(goodbye)
	case errors.Is(err, transport.ErrProtocol):
		return err
	case errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network):
		return err
	}
	c.status.Store(0) // package websocket has said why, or the peer does not speak WebSocket
	return fmt.Errorf("%w: %w", transport.ErrProtocol, err)
}

// closed is an ordinary end unless the peer says otherwise.
func closed(why websocket.CloseError) error {
	switch why.Code {
	case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd:
		return io.EOF
	}
	return fmt.Errorf("the peer closed the connection: %d %v %q: %w", int(why.Code), why.Code, why.Reason, syscall.ECONNRESET)
}

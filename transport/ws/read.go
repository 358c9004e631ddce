//go:build !js

package ws

import (
	"cmp"
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

	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/transport"
)

// maxBatch is the most messages that one Read returns, unless the socket asks for fewer.
const maxBatch = 1024

// Read implements transport.Conn.
func (c *conn) Read(dst []transport.Message) ([]transport.Message, error) {
	before := len(dst)
	for {
		var err error
		if dst, err = c.readOnce(dst); err != nil || len(dst) > before {
			return dst, err
		}
	}
}

// readOnce is Read, but may return no message, when it has skipped one.
func (c *conn) readOnce(dst []transport.Message) ([]transport.Message, error) {
	dst, other, err := c.readWhole(dst)
	if other {
		dst, err = c.readMessage(dst)
	}
	return dst, c.readError(err)
}

// readWhole waits for messages that have arrived whole. other reports that package websocket
// has to read the next frame.
func (c *conn) readWhole(dst []transport.Message) (_ []transport.Message, other bool, err error) {
	before := len(dst)
	if err = c.in.await(); err == nil {
		dst, err = c.in.take(dst, cmp.Or(c.cfg.ReadMost, maxBatch))
	}
	return dst, err == nil && len(dst) == before, err
}

// readError does nothing when err is nil. Otherwise reading has ended: readError gives the
// memory back and returns the reason.
func (c *conn) readError(err error) error {
	if err == nil {
		return nil
	}
	c.in.drop()
	return c.endReason(err)
}

// interruptible is a conn over a net.Conn whose deadlines end a Read. A deadline while package
// websocket reads would end the connection. So Read returns without a message when the next
// frame is for package websocket: a receiver that may be interrupted then leaves the reading
// to the pipe's goroutine, whose next Read reads that frame without a deadline.
type interruptible struct {
	*conn
	other bool // package websocket has to read the next frame
}

// Interrupt implements transport.Interrupter.
func (c *interruptible) Interrupt() { c.link.Conn.SetReadDeadline(time.Unix(1, 0)) }

// Read implements transport.Conn.
func (c *interruptible) Read(dst []transport.Message) (_ []transport.Message, err error) {
	if c.other {
		c.other = false
		if err := c.link.Conn.SetReadDeadline(time.Time{}); err != nil {
			return dst, c.readError(err)
		}
		return c.conn.readOnce(dst)
	}
	dst, c.other, err = c.readWhole(dst)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.in.err = nil
		err = c.link.Conn.SetReadDeadline(time.Time{})
	}
	return dst, c.readError(err)
}

// readMessage appends a message that package websocket puts together. Package websocket also
// handles the control frames before it.
func (c *conn) readMessage(dst []transport.Message) ([]transport.Message, error) {
	kind, r, err := c.ws.Reader(context.Background())
	if err != nil {
		return dst, err
	}
	if kind == websocket.MessageText && !c.cfg.TextFrames {
		c.status.Store(uint32(websocket.StatusUnsupportedData))
		return dst, fmt.Errorf("%w: the peer sent text, which is refused without WithTextFrames", transport.ErrProtocol)
	}
	m, skipped, err := c.collect(r)
	if err != nil || skipped {
		return dst, err
	}
	if kind == websocket.MessageText && !utf8.Valid(m.Data) {
		c.status.Store(uint32(websocket.StatusInvalidFramePayloadData))
		m.Release()
		return dst, fmt.Errorf("%w: the peer sent text that is not UTF-8", transport.ErrProtocol)
	}
	return append(dst, m), nil
}

// collect reads a message from r into memory that grows as the message arrives: each frame
// announces only its own length. When the message turns out to be above the limit, collect
// skips it.
func (c *conn) collect(r io.Reader) (m transport.Message, skipped bool, err error) {
	b, n := transport.NewBuffer(stream.Earned(min(c.in.message, c.in.limit), 0)), 0
	for c.in.message <= c.in.limit {
		full := n == len(b.Bytes())
		room := b.Bytes()[n:]
		if full {
			room = c.probe[:]
		}
		k, err := r.Read(room)
		if full && k > 0 {
			b = grow(b, min(c.in.message, c.in.limit))
			b.Bytes()[n] = c.probe[0]
		}
		n += k
		switch {
		case err == io.EOF:
			return transport.In(b, b.Bytes()[:n:n]), false, nil
		case err != nil:
			b.Release()
			return transport.Message{}, false, err
		}
	}
	defer b.Release()
	return transport.Message{}, true, c.skip(r, b.Bytes()[:n])
}

// grow returns a larger copy of b, which is full, and releases b. announced is how many bytes
// of the message the frames so far have announced; more may follow.
func grow(b *transport.Buffer, announced uint64) *transport.Buffer {
	n := len(b.Bytes())
	larger := transport.NewBuffer(max(stream.Earned(announced, uint64(n)), 2*n))
	copy(larger.Bytes(), b.Bytes())
	b.Release()
	return larger
}

// skip passes over the rest of a message above the limit, which begins with read, and calls
// tell.
func (c *conn) skip(r io.Reader, read []byte) error {
	var head [transport.SkipHead]byte
	n := copy(head[:], read)
	scratch := transport.NewBuffer(smallInput)
	defer scratch.Release()
	for {
		k, err := r.Read(scratch.Bytes())
		n += copy(head[n:], scratch.Bytes()[:k])
		if err == io.EOF {
			c.tell(head[:n], c.in.message)
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// endReason explains err, with which reading has ended, and sets the status of the close
// frame. An error of input comes first: it says more than what package websocket makes of it.
func (c *conn) endReason(err error) error {
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
	c.status.Store(0) // package websocket has sent a close frame, or the peer does not speak WebSocket
	return fmt.Errorf("%w: %w", transport.ErrProtocol, err)
}

// closed returns the error for the peer's close frame: io.EOF for an ordinary end.
func closed(why websocket.CloseError) error {
	switch why.Code {
	case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd:
		return io.EOF
	}
	return fmt.Errorf("the peer closed the connection: %d %v %q: %w", int(why.Code), why.Code, why.Reason, syscall.ECONNRESET)
}

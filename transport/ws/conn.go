package ws

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/transport"
)

// link is the connection under a WebSocket, over which package websocket reads
// and writes.
type link struct {
	net.Conn // TCP or TLS
	in       input
	out      output
}

// newLink takes nc over, from which src reads.
func newLink(nc net.Conn, src io.Reader, client bool, limit int) *link {
	l := &link{Conn: nc}
	l.in.init(src, client, limit)
	_, vector := nc.(*net.TCPConn)
	l.out.dst, l.out.vector, l.out.client = nc, vector, client
	return l
}

func (l *link) Read(p []byte) (int, error)  { return l.in.Read(p) }
func (l *link) Write(p []byte) (int, error) { return l.out.Write(p) }

// conn is a transport.Conn over a WebSocket.
type conn struct {
	*link
	ws      *websocket.Conn
	cfg     *transport.Config
	request *http.Request // that asked for it; nil on the client

	closing atomic.Bool // by us: no more messages
	once    sync.Once
	status  atomic.Uint32 // of the close frame; 0: there was one
	probe   [1]byte       // for the reader
}

func newConn(ws *websocket.Conn, l *link, cfg *transport.Config, request *http.Request) *conn {
	ws.SetReadLimit(-1) // input knows the limit
	c := &conn{link: l, ws: ws, cfg: cfg, request: request}
	c.status.Store(uint32(websocket.StatusNormalClosure))
	return c
}

// Protocol implements transport.Conn: the subprotocol was confirmed.
func (c *conn) Protocol() uint16 { return c.cfg.Peer }

// HTTPRequest implements transport.Requested.
func (c *conn) HTTPRequest() *http.Request { return c.request }

// TLS implements transport.Secured.
func (c *conn) TLS() *tls.ConnectionState { return stream.TLS(c.link.Conn) }

// NewBatch implements transport.Conn.
func (c *conn) NewBatch() transport.Batch { return new(transport.List) }

// TryWrite implements transport.Conn: all is left to Write.
func (c *conn) TryWrite(transport.Batch) (bool, error) { return false, nil }

// Write implements transport.Conn.
func (c *conn) Write(b transport.Batch) error {
	list := b.(*transport.List)
	c.out.begin()
	written, err := c.writeFrames(list.Messages())
	if flushError := c.out.finish(); err == nil {
		err = flushError
	}
	if err == nil {
		list.Reset()
		return nil
	}
	for _, m := range list.Messages()[:written] {
		m.Release()
	}
	list.Forget(written)
	if errors.Is(err, net.ErrClosed) && !c.closing.Load() {
		return syscall.EPIPE // by the peer: what it sent before is still read
	}
	return err
}

// writeFrames returns how many messages certainly have left.
func (c *conn) writeFrames(messages []transport.Message) (written int, err error) {
	flushes := c.out.flushed()
	for i, m := range messages {
		if c.closing.Load() {
			return written, net.ErrClosed
		}
		if err := c.writeMessage(m.Data); err != nil {
			return written, err
		}
		if n := c.out.flushed(); n > flushes {
			written, flushes = i, n
		}
	}
	return written, nil
}

// maxFrame is the largest frame sent; nng takes none above 1 MiB by default,
// however large the message may be.
const maxFrame = 512 << 10

// writeMessage writes a message, a large one in several frames.
func (c *conn) writeMessage(data []byte) error {
	ctx := context.Background()
	if len(data) <= maxFrame {
		return c.ws.Write(ctx, websocket.MessageBinary, data)
	}
	w, err := c.ws.Writer(ctx, websocket.MessageBinary)
	if err != nil {
		return err
	}
	for frame := range slices.Chunk(data, maxFrame) {
		if _, err := w.Write(frame); err != nil {
			return err
		}
	}
	return w.Close()
}

// HungUp implements transport.Prober. A peer that has said goodbye may not have
// hung up yet: that it has not is nothing to go by.
func (c *conn) HungUp() (yes, known bool) {
	yes, _ = stream.HungUp(c.link.Conn)
	return yes, yes
}

// Finish implements transport.Finisher.
func (c *conn) Finish() bool {
	defer c.hurry().Stop()
	c.goodbye()
	return stream.Finish(c.link.Conn)
}

// Close implements transport.Conn. It does not wait for the peer's close frame.
func (c *conn) Close() error {
	c.once.Do(func() {
		defer c.hurry().Stop()
		c.goodbye()
		_ = c.ws.CloseNow() // it may be closed already
	})
	return nil
}

// goodbye stops writing, after the message that is being written, and says so
// to the peer.
func (c *conn) goodbye() {
	c.closing.Store(true)
	c.out.end(uint16(c.status.Load()))
}

// goodbyeTime is how long that may wait for room in the operating system's
// buffers.
const goodbyeTime = 20 * time.Millisecond

func (c *conn) hurry() *time.Timer {
	return time.AfterFunc(goodbyeTime, func() { stream.Underlying(c.link.Conn).Close() })
}

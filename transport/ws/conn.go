//go:build !js

package ws

import (
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/coder/websocket"

	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/transport"
)

// link is the connection that package websocket reads and writes. Its input and output also
// serve conn directly.
type link struct {
	net.Conn // TCP or TLS
	in       input
	out      output
}

// newLink takes nc over. src reads nc, after bytes that were read already.
func newLink(nc net.Conn, src io.Reader, client bool, limit int) *link {
	l := &link{Conn: nc}
	l.in.init(src, client, limit)
	l.out.dst, l.out.try, l.out.client = nc, stream.NewWriter(nc), client
	return l
}

func (l *link) Read(p []byte) (int, error)  { return l.in.Read(p) }
func (l *link) Write(p []byte) (int, error) { return l.out.Write(p) }

// Close implements net.Conn.
func (l *link) Close() error { return stream.Close(l.Conn) }

// conn is a transport.Conn over a WebSocket.
type conn struct {
	*link
	ws      *websocket.Conn
	cfg     *transport.Config
	request *http.Request // the request to upgrade; nil on the client

	closing atomic.Bool // Finish or Close was called
	once    sync.Once
	status  atomic.Uint32 // the status of the close frame to send; 0: none is to be sent
	probe   [1]byte       // where collect reads a byte when its buffer is full

	tell func(head []byte, size uint64) // told of skipped messages; nil: none is skipped
}

// newConn returns the conn, and what the socket gets: the conn or a layer over it.
func newConn(ws *websocket.Conn, l *link, cfg *transport.Config, request *http.Request) (*conn, transport.Conn) {
	ws.SetReadLimit(-1) // input checks the limit
	c := &conn{link: l, ws: ws, cfg: cfg, request: request}
	c.status.Store(uint32(websocket.StatusNormalClosure))
	if stream.Native(l.Conn) {
		return c, &interruptible{conn: c}
	}
	return c, c
}

// Protocol implements transport.Conn. The subprotocol has confirmed the peer's protocol.
func (c *conn) Protocol() uint16 { return c.cfg.Peer }

// HTTPRequest implements transport.Requested.
func (c *conn) HTTPRequest() *http.Request { return c.request }

// TLS implements transport.Secured.
func (c *conn) TLS() *tls.ConnectionState { return stream.TLS(c.link.Conn) }

// NewBatch implements transport.Conn.
func (c *conn) NewBatch() transport.Batch { return &batch{client: c.out.client} }

// TryWrite implements transport.Conn.
func (c *conn) TryWrite(b transport.Batch) (bool, error) {
	_, err := c.TryWritePart(b, math.MaxInt)
	return err == nil && b.Len() == 0, err
}

// TryWritePart implements transport.PartWriter.
func (c *conn) TryWritePart(b transport.Batch, max int) (int, error) {
	written, err := c.out.tryWrite(b.(*batch), max)
	return written, c.writeError(err)
}

// Abandon implements transport.PartWriter.
func (c *conn) Abandon(b transport.Batch) { c.out.abandon(b.(*batch)) }

// Write implements transport.Conn.
func (c *conn) Write(b transport.Batch) error { return c.writeError(c.out.write(b.(*batch))) }

// writeError explains why writing failed. Package websocket closes the connection when the
// peer sends a close frame. That is EPIPE, after which the socket still receives what the
// peer has sent.
func (c *conn) writeError(err error) error {
	if errors.Is(err, net.ErrClosed) && !c.closing.Load() {
		return syscall.EPIPE
	}
	return err
}

// HungUp implements transport.Prober. It never answers that the peer is there: a peer that
// has sent a close frame may still keep the connection open.
func (c *conn) HungUp() (yes, known bool) {
	yes, _ = stream.HungUp(c.link.Conn)
	return yes, yes
}

// SkipTooLarge implements transport.Skipper.
func (c *conn) SkipTooLarge(tell func(head []byte, size uint64)) {
	c.tell = tell
	c.in.skip()
}

// Finish implements transport.Finisher. A peer that has read to our close frame answers it;
// if the connection were closed before, the answer would reset it, and a page would call the
// end unclean.
func (c *conn) Finish() bool {
	said := c.goodbye(true)
	return stream.Finish(c.link.Conn) || said
}

// Close implements transport.Conn. It does not wait for the peer's close frame.
func (c *conn) Close() error {
	c.once.Do(func() {
		c.goodbye(false)
		_ = c.ws.CloseNow() // it may be closed already
		c.out.close()
	})
	return nil
}

// goodbye sends the close frame, and reports whether it did. With wait, it may wait a little
// for room.
func (c *conn) goodbye(wait bool) bool {
	c.closing.Store(true)
	return c.out.end(uint16(c.status.Load()), wait)
}

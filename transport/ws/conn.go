package ws

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
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
	l.out.dst, l.out.try, l.out.client = nc, stream.NewWriter(nc), client
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

	closing atomic.Bool // by us
	once    sync.Once
	status  atomic.Uint32 // of the close frame; 0: there was one
	probe   [1]byte       // for the reader
}

func newConn(ws *websocket.Conn, l *link, cfg *transport.Config, request *http.Request) transport.Conn {
	ws.SetReadLimit(-1) // input knows the limit
	c := &conn{link: l, ws: ws, cfg: cfg, request: request}
	c.status.Store(uint32(websocket.StatusNormalClosure))
	if stream.Native(l.Conn) {
		return &interruptible{conn: c}
	}
	return c
}

// Protocol implements transport.Conn: the subprotocol was confirmed.
func (c *conn) Protocol() uint16 { return c.cfg.Peer }

// HTTPRequest implements transport.Requested.
func (c *conn) HTTPRequest() *http.Request { return c.request }

// TLS implements transport.Secured.
func (c *conn) TLS() *tls.ConnectionState { return stream.TLS(c.link.Conn) }

// NewBatch implements transport.Conn.
func (c *conn) NewBatch() transport.Batch { return &batch{client: c.out.client} }

// TryWrite implements transport.Conn.
func (c *conn) TryWrite(b transport.Batch) (bool, error) {
	done, err := c.out.tryWrite(b.(*batch))
	return done, c.unwritten(err)
}

// Write implements transport.Conn.
func (c *conn) Write(b transport.Batch) error { return c.unwritten(c.out.write(b.(*batch))) }

// unwritten is why writing failed. Package websocket closes the connection when
// the peer says goodbye: what the peer sent before is still to be received.
func (c *conn) unwritten(err error) error {
	if errors.Is(err, net.ErrClosed) && !c.closing.Load() {
		return syscall.EPIPE
	}
	return err
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

// goodbye tells the peer that nothing more comes, after what is being written.
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

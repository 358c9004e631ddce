package ws

import (
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"syscall/js"
	"time"

	"github.com/gonng/gonng/transport"
)

const (
	// maxBuffered is how many bytes the browser may hold for the network before a writer
	// waits. One message more may be added.
	maxBuffered = 256 << 10
	// pollBuffered is the pause before a writer that waits looks again: the browser tells
	// nobody when it has sent.
	pollBuffered = 4 * time.Millisecond
	// maxArrived is how many bytes may wait for Read. The browser goes on receiving while
	// the program does not, and cannot be told to stop.
	maxArrived = 64 << 20
)

// conn is a transport.Conn over a WebSocket of the browser. The browser calls its event
// handlers on a goroutine of their own.
type conn struct {
	ws     js.Value
	cfg    *transport.Config
	host   addr
	opened chan struct{} // closed when the handshake is done
	over   chan struct{} // closed when the connection has ended

	scratch js.Value // a Uint8Array to send from; written by one goroutine at a time

	mu      sync.Mutex
	arrived []transport.Message
	waiting int           // bytes in arrived
	news    chan struct{} // holds a token when arrived or err has changed
	err     error         // why reading ends, after what has arrived
	closed  bool          // by Close
	tell    func(head []byte, size uint64)
}

// addr is a net.Addr. A browser tells no addresses; a peer's is that of the URL.
type addr string

func (addr) Network() string  { return "ws" }
func (a addr) String() string { return string(a) }

func newConn(ws js.Value, host string, cfg *transport.Config) *conn {
	c := &conn{
		ws: ws, cfg: cfg, host: addr(host),
		opened: make(chan struct{}), over: make(chan struct{}), news: make(chan struct{}, 1),
	}
	var handlers []js.Func
	on := func(event string, do func(event js.Value)) {
		f := js.FuncOf(func(_ js.Value, args []js.Value) any {
			do(args[0])
			return nil
		})
		handlers = append(handlers, f)
		ws.Set("on"+event, f)
	}
	on("open", func(js.Value) { close(c.opened) })
	on("message", func(event js.Value) { c.receive(event.Get("data")) })
	on("close", func(event js.Value) {
		for _, event := range []string{"open", "message", "close"} {
			ws.Set("on"+event, js.Null())
		}
		for _, f := range handlers {
			f.Release()
		}
		c.end(closeError(event))
		close(c.over)
	})
	return c
}

// closeError is what the end of a connection means: io.EOF for an ordinary end.
func closeError(event js.Value) error {
	code, reason := event.Get("code").Int(), event.Get("reason").String()
	switch code {
	case 1000, 1001, 1005:
		return io.EOF
	case 1006:
		return fmt.Errorf("the connection broke (code 1006): %w", syscall.ECONNRESET)
	}
	return fmt.Errorf("the peer closed the connection: %d %q: %w", code, reason, syscall.ECONNRESET)
}

// receive takes a message of the browser.
func (c *conn) receive(data js.Value) {
	text := data.Type() == js.TypeString
	var size int
	if text {
		if !c.cfg.TextFrames {
			c.fail(fmt.Errorf("%w: the peer sent text, which is refused without WithTextFrames", transport.ErrProtocol))
			return
		}
		data = js.Global().Get("TextEncoder").New().Call("encode", data)
	} else {
		data = js.Global().Get("Uint8Array").New(data)
	}
	size = data.Length()
	limit := c.cfg.RecvMaxSize
	if limit > 0 && size > limit {
		c.tooLarge(data, size)
		return
	}
	b := transport.NewBuffer(size)
	js.CopyBytesToGo(b.Bytes(), data)
	m := transport.In(b, b.Bytes())
	c.mu.Lock()
	full := c.waiting+size > maxArrived+limit
	if c.err == nil && !full {
		c.arrived = append(c.arrived, m)
		c.waiting += size
	}
	c.mu.Unlock()
	if full {
		c.fail(fmt.Errorf("%w: %d MiB of messages wait that the program has not received, and a browser cannot tell the peer to wait", syscall.ENOBUFS, maxArrived>>20))
	}
	c.signal()
}

// tooLarge skips a message above the limit, or ends the connection.
func (c *conn) tooLarge(data js.Value, size int) {
	c.mu.Lock()
	tell := c.tell
	c.mu.Unlock()
	if tell == nil || size/transport.SkipFactor > c.cfg.RecvMaxSize {
		c.fail(transport.TooLarge(uint64(size), c.cfg.RecvMaxSize))
		return
	}
	var head [transport.SkipHead]byte
	tell(head[:js.CopyBytesToGo(head[:], data)], uint64(size))
}

// fail ends the connection because of err.
func (c *conn) fail(err error) {
	c.end(err)
	c.ws.Call("close")
}

// end has Read return err, after what has arrived. The first reason counts.
func (c *conn) end(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	c.mu.Unlock()
	c.signal()
}

func (c *conn) signal() {
	select {
	case c.news <- struct{}{}:
	default:
	}
}

// Read implements transport.Conn.
func (c *conn) Read(dst []transport.Message) ([]transport.Message, error) {
	for {
		c.mu.Lock()
		dst = append(dst, c.arrived...)
		clear(c.arrived)
		n, err := len(c.arrived), c.err
		c.arrived, c.waiting = c.arrived[:0], 0
		c.mu.Unlock()
		if n > 0 || err != nil {
			return dst, err
		}
		<-c.news
	}
}

// SkipTooLarge implements transport.Skipper.
func (c *conn) SkipTooLarge(tell func(head []byte, size uint64)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tell = tell
}

// NewBatch implements transport.Conn.
func (c *conn) NewBatch() transport.Batch { return new(transport.List) }

// TryWrite implements transport.Conn.
func (c *conn) TryWrite(b transport.Batch) (bool, error) {
	list, sent := b.(*transport.List), 0
	defer func() { list.Forget(sent) }()
	for _, m := range list.Messages() {
		if err := c.writable(); err != nil {
			return false, err
		}
		if c.ws.Get("bufferedAmount").Float() > maxBuffered {
			return false, nil
		}
		c.send(m.Data)
		m.Release()
		sent++
	}
	return true, nil
}

// Write implements transport.Conn.
func (c *conn) Write(b transport.Batch) error {
	for {
		done, err := c.TryWrite(b)
		if done || err != nil {
			return err
		}
		pause := time.NewTimer(pollBuffered)
		select {
		case <-pause.C:
		case <-c.over: // TryWrite says why
		}
		pause.Stop()
	}
}

// writable returns why nothing can be written.
func (c *conn) writable() error {
	const open = 1
	if c.ws.Get("readyState").Int() == open {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	return syscall.EPIPE
}

// send passes a message to the browser, which copies it.
func (c *conn) send(data []byte) {
	if c.scratch.IsUndefined() || c.scratch.Length() < len(data) {
		c.scratch = js.Global().Get("Uint8Array").New(max(len(data), 4<<10))
	}
	js.CopyBytesToJS(c.scratch, data)
	c.ws.Call("send", c.scratch.Call("subarray", 0, len(data)))
}

// Protocol implements transport.Conn. The subprotocol has confirmed the peer's protocol.
func (c *conn) Protocol() uint16 { return c.cfg.Peer }

// LocalAddr implements transport.Conn. A browser does not tell it.
func (c *conn) LocalAddr() net.Addr { return addr("browser") }

// RemoteAddr implements transport.Conn: it is the host and port of the URL.
func (c *conn) RemoteAddr() net.Addr { return c.host }

// Close implements transport.Conn. The browser still sends what was written.
func (c *conn) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.fail(net.ErrClosed)
	return nil
}

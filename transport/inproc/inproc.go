// Package inproc carries messages inside one process, without the kernel:
// inproc://name. Names are the process's own and may be anything.
package inproc

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"

	"github.com/gonng/gonng/transport"
)

// Addr is the name that was listened on.
type Addr string

// Network implements net.Addr.
func (Addr) Network() string { return "inproc" }

// String implements net.Addr.
func (a Addr) String() string { return string(a) }

// Transport is the inproc transport; its names live in the Transport value.
type Transport struct {
	mu        sync.Mutex
	listeners map[string]*listener
}

// Options implements transport.Transport.
func (*Transport) Options() transport.Options { return 0 }

// Check implements transport.Transport.
func (*Transport) Check(_, name string) error { return check(name) }

func check(name string) error {
	if name == "" {
		return fmt.Errorf("%w: the name is empty", transport.ErrAddressInvalid)
	}
	return nil
}

// Dial implements transport.Transport.
func (t *Transport) Dial(ctx context.Context, _, name string, cfg *transport.Config) (transport.Conn, error) {
	if err := check(name); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t.mu.Lock()
	l := t.listeners[name]
	t.mu.Unlock()
	if l == nil {
		return nil, fmt.Errorf("nobody listens on %q in this process: %w", name, syscall.ECONNREFUSED)
	}
	ours, theirs := pair(Addr(name), cfg, l.cfg)
	select {
	case l.backlog <- theirs:
		return ours, nil
	case <-l.done:
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Listen implements transport.Transport.
func (t *Transport) Listen(_ context.Context, scheme, name string, cfg *transport.Config) (transport.Listener, error) {
	if err := check(name); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.listeners[name] != nil {
		return nil, fmt.Errorf("somebody listens on %q in this process: %w", name, syscall.EADDRINUSE)
	}
	if t.listeners == nil {
		t.listeners = make(map[string]*listener)
	}
	l := &listener{t: t, name: name, url: scheme + "://" + name, cfg: cfg, backlog: make(chan *conn), done: make(chan struct{})}
	t.listeners[name] = l
	return l, nil
}

type listener struct {
	t       *Transport
	name    string
	url     string
	cfg     *transport.Config
	backlog chan *conn
	once    sync.Once
	done    chan struct{}
}

func (l *listener) URL() string    { return l.url }
func (l *listener) Addr() net.Addr { return Addr(l.name) }

func (l *listener) Accept() (transport.Incoming, error) {
	select {
	case c := <-l.backlog:
		return incoming{c}, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		l.t.mu.Lock()
		delete(l.t.listeners, l.name)
		l.t.mu.Unlock()
		close(l.done)
	})
	return nil
}

type incoming struct{ *conn }

func (i incoming) Handshake(context.Context) (transport.Conn, error) { return i.conn, nil }

// conn is one end; what is written to it is delivered at other.
type conn struct {
	addr     Addr
	protocol uint16 // the peer's
	limit    int    // of what we receive
	other    *conn

	mu      sync.Mutex
	changed sync.Cond // ready or closed has changed
	ready   bool      // deliver may be called
	ended   bool      // by either end
	deliver func([]transport.Message) bool
	closed  func(error)
}

func pair(addr Addr, dialer, listener *transport.Config) (*conn, *conn) {
	a := &conn{addr: addr, protocol: listener.Protocol, limit: dialer.RecvMaxSize}
	b := &conn{addr: addr, protocol: dialer.Protocol, limit: listener.RecvMaxSize}
	a.other, b.other = b, a
	a.changed.L, b.changed.L = &a.mu, &b.mu
	return a, b
}

func (c *conn) Protocol() uint16          { return c.protocol }
func (c *conn) LocalAddr() net.Addr       { return c.addr }
func (c *conn) RemoteAddr() net.Addr      { return c.addr }
func (c *conn) NewBatch() transport.Batch { return new(transport.List) }

// Read implements transport.Conn; a Direct connection is not read.
func (c *conn) Read(dst []transport.Message) ([]transport.Message, error) {
	return dst, transport.ErrNotSupported
}

// Receive implements transport.Direct.
func (c *conn) Receive(deliver func([]transport.Message) bool, closed func(error)) {
	c.mu.Lock()
	c.deliver, c.closed = deliver, closed
	c.ready = true
	ended := c.ended
	c.changed.Broadcast()
	c.mu.Unlock()
	if ended {
		closed(io.EOF)
	}
}

// Resume implements transport.Direct.
func (c *conn) Resume() {
	c.mu.Lock()
	c.ready = true
	c.changed.Broadcast()
	c.mu.Unlock()
}

func (c *conn) TryWrite(b transport.Batch) (bool, error) {
	return c.other.take(b.(*transport.List), false)
}

func (c *conn) Write(b transport.Batch) error {
	_, err := c.other.take(b.(*transport.List), true)
	return err
}

// take delivers the batch at this end.
func (c *conn) take(b *transport.List, wait bool) (bool, error) {
	c.mu.Lock()
	for !c.ready && !c.ended {
		if !wait {
			c.mu.Unlock()
			return false, nil
		}
		c.changed.Wait()
	}
	if c.ended {
		c.mu.Unlock()
		return false, io.ErrClosedPipe
	}
	// Not ready while delivering: a Resume that comes before deliver returns
	// false must not be lost.
	c.ready = false
	c.mu.Unlock()
	fit, err := c.check(b)
	more := c.deliver(b.Messages()[:fit])
	b.Forget(fit)
	if err != nil { // the sender has done its part, as with the other transports
		b.Messages()[0].Release()
		b.Forget(1)
		c.end(err)
		return false, io.ErrClosedPipe
	}
	if more {
		c.Resume()
	}
	return true, nil
}

// check returns how many messages come before the first that is too large.
func (c *conn) check(b *transport.List) (int, error) {
	for i, m := range b.Messages() {
		if c.limit > 0 && len(m.Data) > c.limit {
			return i, fmt.Errorf("%w: the peer sent %d bytes, the limit is %d", transport.ErrMessageTooLarge, len(m.Data), c.limit)
		}
	}
	return b.Len(), nil
}

// Close ends both ends; each is told by its closed function.
func (c *conn) Close() error {
	c.end(net.ErrClosed)
	return nil
}

func (c *conn) end(reason error) {
	c.finish(reason)
	c.other.finish(io.EOF)
}

func (c *conn) finish(reason error) {
	c.mu.Lock()
	tell := c.closed
	if c.ended {
		tell = nil
	}
	c.ended = true
	c.changed.Broadcast()
	c.mu.Unlock()
	if tell != nil {
		tell(reason)
	}
}

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

// Dial implements transport.Transport. It waits until the listener has decided.
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
	ours, theirs := pair(Addr(name), cfg, l.cfg.Load())
	if err := l.introduce(ctx, theirs, cfg); err != nil {
		ours.Close()
		return nil, err
	}
	return ours, nil
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
	l := &listener{t: t, name: name, url: scheme + "://" + name, backlog: make(chan *incoming), done: make(chan struct{})}
	l.cfg.Store(cfg)
	t.listeners[name] = l
	return l, nil
}

// conn is one end; what is written to it is delivered at other.
type conn struct {
	addr     Addr
	protocol uint16 // the peer's
	limit    int    // of what we receive
	other    *conn

	decision *decision // over the dialer, at the listener's end

	mu      sync.Mutex
	changed sync.Cond // ready or closed has changed
	ready   bool      // deliver may be called
	ended   bool      // by either end
	deliver func([]transport.Message) bool
	closed  func(error)
	tell    func(head []byte, size uint64) // of what is skipped; nil: nothing is
}

func pair(addr Addr, dialer, listener *transport.Config) (*conn, *conn) {
	a := &conn{addr: addr, protocol: listener.Protocol, limit: dialer.RecvMaxSize}
	b := &conn{addr: addr, protocol: dialer.Protocol, limit: listener.RecvMaxSize, decision: newDecision()}
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
	for b.Len() > 0 {
		if ok, err := c.begin(wait); !ok {
			return false, err
		}
		// A message that is too large comes behind those before it.
		fit := c.fit(b.Messages())
		more := true
		if fit > 0 {
			more = c.deliver(b.Messages()[:fit])
			b.Forget(fit)
		} else if !c.skip(b) {
			return false, io.ErrClosedPipe
		}
		if more {
			c.Resume()
		}
	}
	return true, nil
}

// begin waits until deliver may be called, which it then is by nobody else: a Resume
// that comes before deliver returns false must not be lost.
func (c *conn) begin(wait bool) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.ready && !c.ended {
		if !wait {
			return false, nil
		}
		c.changed.Wait()
	}
	if c.ended {
		return false, io.ErrClosedPipe
	}
	c.ready = false
	return true, nil
}

// fit is how many messages come before the first that is too large.
func (c *conn) fit(messages []transport.Message) int {
	if c.limit > 0 {
		for i := range messages {
			if len(messages[i].Data) > c.limit {
				return i
			}
		}
	}
	return len(messages)
}

// skip drops the first message, which is too large, and reports whether the
// connection goes on. The sender has done its part, as with the other transports.
func (c *conn) skip(b *transport.List) bool {
	m := b.Messages()[0]
	defer m.Release()
	b.Forget(1)
	if size := len(m.Data); c.tell == nil || size/transport.SkipFactor > c.limit || size > c.limit*transport.SkipFactor {
		c.end(transport.TooLarge(uint64(size), c.limit))
		return false
	}
	c.tell(m.Data[:min(len(m.Data), transport.SkipHead)], uint64(len(m.Data)))
	return true
}

// SkipTooLarge implements transport.Skipper.
func (c *conn) SkipTooLarge(tell func(head []byte, size uint64)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tell = tell
}

// Close ends both ends; each is told by its closed function. A dialer that waits for
// an answer is refused.
func (c *conn) Close() error {
	if c.decision != nil {
		c.decision.make(errClosed)
	}
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

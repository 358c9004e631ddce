// Package inproc carries messages between sockets of one process, without the kernel:
// inproc://name. A name may be anything but empty. nng: inproc.
package inproc

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/gonng/gonng/transport"
)

// Addr is a name as a net.Addr, without the scheme.
type Addr string

// Network implements net.Addr: it is inproc.
func (Addr) Network() string { return "inproc" }

// String implements net.Addr.
func (a Addr) String() string { return string(a) }

// Transport is the inproc transport. Its zero value is ready to use. A name that is listened
// on through one Transport is not known to another.
type Transport struct {
	mu        sync.Mutex
	listeners map[string]*listener
}

// Options implements transport.Transport: inproc has none.
func (*Transport) Options() transport.Options { return 0 }

// Check implements transport.Transport.
func (*Transport) Check(_, name string) error { return check(name) }

// check refuses names that can never work.
func check(name string) error {
	if name == "" {
		return fmt.Errorf("%w: the name is empty", transport.ErrAddressInvalid)
	}
	return nil
}

// Dial implements transport.Transport. It waits until the listener has accepted or refused
// the connection, at most for the HandshakeTimeout of cfg.
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

// Listen implements transport.Transport. It fails when the name is listened on already.
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

// conn is one end of a connection. The goroutine that writes at one end delivers the
// messages at the other.
type conn struct {
	addr     Addr
	protocol uint16 // the peer's
	limit    int    // the largest message that this end receives, in bytes; 0: no limit
	other    *conn

	tell     func(head []byte, size uint64) // told of skipped messages; nil: none is skipped. Set before Receive
	decision *decision                      // whether the dialer is accepted; nil at the dialer's end

	state   atomic.Int32 // busy, ready or ended
	waiting atomic.Int32 // writers that wait until it is ready

	mu      sync.Mutex
	changed sync.Cond // the state has changed, and somebody waits
	deliver func([]transport.Message) bool
	closed  func(error)
}

// The states of an end.
const (
	busy  int32 = iota // messages are being delivered, or none are accepted yet
	ready              // deliver may be called
	ended              // either end has closed
)

// pair returns the dialer's and the listener's end of a new connection.
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

// Read implements transport.Conn. It fails: a Direct connection is not read.
func (c *conn) Read(dst []transport.Message) ([]transport.Message, error) {
	return dst, transport.ErrNotSupported
}

// Receive implements transport.Direct.
func (c *conn) Receive(deliver func([]transport.Message) bool, closed func(error)) {
	c.mu.Lock()
	c.deliver, c.closed = deliver, closed
	over := c.state.Load() == ended
	c.mu.Unlock()
	if over {
		closed(io.EOF)
		return
	}
	c.Resume()
}

// Resume implements transport.Direct.
func (c *conn) Resume() {
	if c.state.CompareAndSwap(busy, ready) && c.waiting.Load() > 0 {
		c.mu.Lock()
		c.changed.Broadcast()
		c.mu.Unlock()
	}
}

// TryWrite implements transport.Conn.
func (c *conn) TryWrite(b transport.Batch) (bool, error) {
	return c.other.take(b.(*transport.List), false)
}

// Write implements transport.Conn.
func (c *conn) Write(b transport.Batch) error {
	_, err := c.other.take(b.(*transport.List), true)
	return err
}

// take delivers the batch at this end, and reports whether it delivered all. With wait, it
// waits while this end accepts nothing.
func (c *conn) take(b *transport.List, wait bool) (bool, error) {
	for b.Len() > 0 {
		if ok, err := c.begin(wait); !ok {
			return false, err
		}
		// The messages before one that is too large are delivered first.
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

// begin reports whether the caller may call deliver; nobody else may until Resume. With wait,
// it waits for that. The state is busy before deliver is called, so that a Resume that comes
// before deliver returns is not lost.
func (c *conn) begin(wait bool) (bool, error) {
	if c.state.CompareAndSwap(ready, busy) {
		return true, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting.Add(1) // before it looks again: who resumes sees one or the other
	defer c.waiting.Add(-1)
	for {
		switch {
		case c.state.CompareAndSwap(ready, busy):
			return true, nil
		case c.state.Load() == ended:
			return false, io.ErrClosedPipe
		case !wait:
			return false, nil
		}
		c.changed.Wait()
	}
}

// fit returns how many messages come before the first that is too large.
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

// skip drops the first message, which is too large, and reports whether the connection goes
// on. For the sender the message counts as written, as with other transports.
func (c *conn) skip(b *transport.List) bool {
	m := b.Messages()[0]
	defer m.Release()
	b.Forget(1)
	if size := len(m.Data); c.tell == nil || size/transport.SkipFactor > c.limit || size > c.limit*transport.SkipFactor {
		c.closeBoth(transport.TooLarge(uint64(size), c.limit))
		return false
	}
	c.tell(m.Data[:min(len(m.Data), transport.SkipHead)], uint64(len(m.Data)))
	return true
}

// SkipTooLarge implements transport.Skipper.
func (c *conn) SkipTooLarge(tell func(head []byte, size uint64)) { c.tell = tell }

// Close closes both ends, and calls the closed function of each. A dialer that waits for an
// answer is refused.
func (c *conn) Close() error {
	if c.decision != nil {
		c.decision.make(errClosed)
	}
	c.closeBoth(net.ErrClosed)
	return nil
}

// closeBoth closes both ends: this one for the reason, the other because its peer has closed.
func (c *conn) closeBoth(reason error) {
	c.closeWith(reason)
	c.other.closeWith(io.EOF)
}

// closeWith closes this end. The first reason counts.
func (c *conn) closeWith(reason error) {
	c.mu.Lock()
	tell := c.closed
	if c.state.Swap(ended) == ended {
		tell = nil
	}
	c.changed.Broadcast()
	c.mu.Unlock()
	if tell != nil {
		tell(reason)
	}
}

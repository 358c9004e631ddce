package transport_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"sync"
	"syscall"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/transport"
)

// Loft is a transport for pigeon://name: it carries messages over Go channels.
// Its listeners are those of the Loft.
type Loft struct {
	mu        sync.Mutex
	listeners map[string]*perch
}

// Options implements transport.Transport: a Loft has no use for any.
func (*Loft) Options() transport.Options { return 0 }

// Check implements transport.Transport.
func (*Loft) Check(_, name string) error {
	if name == "" {
		return fmt.Errorf("%w: a pigeon needs a name", transport.ErrAddressInvalid)
	}
	return nil
}

// Dial implements transport.Transport.
func (t *Loft) Dial(ctx context.Context, scheme, name string, cfg *transport.Config) (transport.Conn, error) {
	if err := t.Check(scheme, name); err != nil {
		return nil, err
	}
	t.mu.Lock()
	l := t.listeners[name]
	t.mu.Unlock()
	if l == nil {
		return nil, fmt.Errorf("nobody listens at %s: %w", name, syscall.ECONNREFUSED)
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.HandshakeTimeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	there, back, done := make(chan []transport.Message), make(chan []transport.Message), make(chan struct{})
	end := sync.OnceFunc(func() { close(done) })
	near := &pigeon{addr(name), l.cfg.Protocol, cfg.RecvMaxSize, back, there, done, end}
	far := &pigeon{addr(name), cfg.Protocol, l.cfg.RecvMaxSize, there, back, done, end}
	select {
	case l.arrived <- far:
		return near, nil
	case <-l.closed:
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Listen implements transport.Transport.
func (t *Loft) Listen(_ context.Context, scheme, name string, cfg *transport.Config) (transport.Listener, error) {
	if err := t.Check(scheme, name); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.listeners[name] != nil {
		return nil, syscall.EADDRINUSE
	}
	if t.listeners == nil {
		t.listeners = make(map[string]*perch)
	}
	l := &perch{addr: addr(name), cfg: cfg, arrived: make(chan *pigeon), closed: make(chan struct{})}
	l.close = sync.OnceFunc(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.listeners, name)
		close(l.closed)
	})
	t.listeners[name] = l
	return l, nil
}

type addr string

func (addr) Network() string  { return "pigeon" }
func (a addr) String() string { return string(a) }

// perch is a transport.Listener.
type perch struct {
	addr    addr
	cfg     *transport.Config
	arrived chan *pigeon
	closed  chan struct{}
	close   func()
}

func (l *perch) URL() string    { return "pigeon://" + string(l.addr) }
func (l *perch) Addr() net.Addr { return l.addr }
func (l *perch) Close() error   { l.close(); return nil }

func (l *perch) Accept() (transport.Incoming, error) {
	select {
	case p := <-l.arrived:
		return p, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// pigeon is a transport.Conn, and a transport.Incoming that has nothing left
// to say.
type pigeon struct {
	addr     addr
	protocol uint16 // the peer's
	limit    int
	in       <-chan []transport.Message
	out      chan<- []transport.Message
	done     <-chan struct{}
	end      func()
}

func (p *pigeon) Handshake(context.Context) (transport.Conn, error) { return p, nil }

func (p *pigeon) Protocol() uint16     { return p.protocol }
func (p *pigeon) LocalAddr() net.Addr  { return p.addr }
func (p *pigeon) RemoteAddr() net.Addr { return p.addr }
func (p *pigeon) Close() error         { p.end(); return nil }

// NewBatch returns the batch for transports without a byte stream.
func (p *pigeon) NewBatch() transport.Batch { return new(transport.List) }

// TryWrite leaves all to Write.
func (p *pigeon) TryWrite(transport.Batch) (bool, error) { return false, nil }

// Write passes the messages on, with the batch's references to them.
func (p *pigeon) Write(b transport.Batch) error {
	list := b.(*transport.List)
	select {
	case p.out <- slices.Clone(list.Messages()):
		list.Forget(list.Len())
		return nil
	case <-p.done:
		return io.ErrClosedPipe
	}
}

func (p *pigeon) Read(dst []transport.Message) ([]transport.Message, error) {
	select {
	case messages := <-p.in:
		for i, m := range messages {
			if p.limit > 0 && len(m.Data) > p.limit {
				p.end()
				return append(dst, messages[:i]...), fmt.Errorf("%w: %d bytes, the limit is %d", transport.ErrMessageTooLarge, len(m.Data), p.limit)
			}
		}
		return append(dst, messages...), nil
	case <-p.done:
		return dst, io.EOF
	}
}

// A transport of one's own, here a toy, is registered under the scheme of its
// URLs, which then work wherever gonng takes a URL. gonngtest.TestTransport
// checks that it keeps the contract.
func ExampleRegister() {
	transport.Register("pigeon", new(Loft))

	ctx := context.Background()
	pull, err := gonng.NewPull0(gonng.WithListen("pigeon://home"))
	if err != nil {
		log.Fatal(err)
	}
	defer pull.Close()
	push, err := gonng.NewPush0(gonng.WithDial("pigeon://home"))
	if err != nil {
		log.Fatal(err)
	}
	defer push.Close()
	if err := push.Send(ctx, []byte("coo")); err != nil {
		log.Fatal(err)
	}
	message, err := pull.RecvMsg(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s from %s\n", message.Bytes(), message.Pipe().URL())
	// Output: coo from pigeon://home
}

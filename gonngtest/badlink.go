package gonngtest

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gonng/gonng/transport"
	"github.com/gonng/gonng/transport/inproc"
	"github.com/gonng/gonng/transport/ipc"
	"github.com/gonng/gonng/transport/tcp"
	"github.com/gonng/gonng/transport/tlstcp"
	"github.com/gonng/gonng/transport/ws"
)

// BadLink makes bad links of good ones: its transports carry messages as others do, but
// late, slowly, and not for long. The zero value is as good as what is under it.
type BadLink struct {
	// Delay is how late messages are received. Those that have arrived together are
	// received together, and the next ones are late by as much again.
	Delay time.Duration
	// Jitter is by how much longer, at most and at random, each Delay is.
	Jitter time.Duration
	// BytesPerSecond is how many bytes of messages are received in a second; 0: as many as
	// come.
	BytesPerSecond int
	// CutEvery is how long a connection lasts; 0: as long as without BadLink. What is on its
	// way when it is cut is lost.
	CutEvery time.Duration
}

// Register registers the bad link under name+tcp, name+tcp4, name+tcp6, name+tls+tcp,
// name+ipc, name+abstract, name+inproc, name+ws and name+wss, for the whole process and
// all sockets made afterwards. What follows in the URL, and the options, are those of the
// transport underneath. Both ends have to use such a URL, and each is as bad as its own
// side receives. It panics when one of the schemes is taken, as [transport.Register] does,
// and when a field is negative.
//
//	gonngtest.BadLink{Delay: 50 * time.Millisecond, CutEvery: time.Second}.Register("pigeon")
//	rep.Listen(ctx, "pigeon+tcp://127.0.0.1:0")
func (b BadLink) Register(name string) {
	if b.Delay < 0 || b.Jitter < 0 || b.BytesPerSecond < 0 || b.CutEvery < 0 {
		panic(fmt.Sprintf("gonngtest: BadLink.Register(%q): a field is negative: %+v", name, b))
	}
	for scheme, t := range map[string]transport.Transport{
		"tcp": tcp.Transport{}, "tcp4": tcp.Transport{}, "tcp6": tcp.Transport{},
		"tls+tcp": tlstcp.Transport{},
		"ipc":     ipc.Transport{}, "abstract": ipc.Abstract{},
		"inproc": new(inproc.Transport),
		"ws":     new(ws.Transport), "wss": &ws.Transport{Secure: true},
	} {
		transport.Register(name+"+"+scheme, b.over(t, name))
	}
}

func (b BadLink) over(t transport.Transport, name string) transport.Transport {
	return &badTransport{t, b, name + "+"}
}

// delay is how much later than they have arrived messages are received.
func (b BadLink) delay(messages []transport.Message) time.Duration {
	d := b.Delay
	if b.Jitter > 0 {
		d += rand.N(b.Jitter)
	}
	if b.BytesPerSecond > 0 {
		n := 0
		for i := range messages {
			n += len(messages[i].Data)
		}
		d += time.Duration(n) * time.Second / time.Duration(b.BytesPerSecond)
	}
	return d
}

type badTransport struct {
	transport.Transport
	link   BadLink
	prefix string // of its scheme
}

func (t *badTransport) Check(scheme, address string) error {
	return t.Transport.Check(strings.TrimPrefix(scheme, t.prefix), address)
}

// CheckDial implements transport.DialChecker.
func (t *badTransport) CheckDial(scheme, address string) error {
	if c, ok := t.Transport.(transport.DialChecker); ok {
		return c.CheckDial(strings.TrimPrefix(scheme, t.prefix), address)
	}
	return nil
}

func (t *badTransport) Dial(ctx context.Context, scheme, address string, cfg *transport.Config) (transport.Conn, error) {
	c, err := t.Transport.Dial(ctx, strings.TrimPrefix(scheme, t.prefix), address, cfg)
	if err != nil {
		return nil, err
	}
	return t.link.conn(c), nil
}

func (t *badTransport) Listen(ctx context.Context, scheme, address string, cfg *transport.Config) (transport.Listener, error) {
	l, err := t.Transport.Listen(ctx, strings.TrimPrefix(scheme, t.prefix), address, cfg)
	if err != nil {
		return nil, err
	}
	bad := &badListener{l, t}
	if h, ok := l.(http.Handler); ok {
		return &badServer{bad, h}, nil
	}
	return bad, nil
}

// badServer is a listener that takes peers from an HTTP server of the program, too.
type badServer struct {
	*badListener
	http.Handler
}

type badListener struct {
	transport.Listener
	t *badTransport
}

func (l *badListener) URL() string { return l.t.prefix + l.Listener.URL() }

func (l *badListener) Accept() (transport.Incoming, error) {
	in, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &badIncoming{in.(transport.Decider), l.t.link}, nil // as all of gonng's are
}

// SetConfig implements transport.Reconfigurable.
func (l *badListener) SetConfig(cfg *transport.Config) {
	if r, ok := l.Listener.(transport.Reconfigurable); ok {
		r.SetConfig(cfg)
	}
}

type badIncoming struct {
	transport.Decider
	link BadLink
}

func (in *badIncoming) Hear(ctx context.Context) (transport.Conn, error) {
	return in.link.wrap(in.Decider.Hear(ctx))
}

func (in *badIncoming) Handshake(ctx context.Context) (transport.Conn, error) {
	return in.link.wrap(in.Decider.Handshake(ctx))
}

// PeerCred implements transport.Credentials.
func (in *badIncoming) PeerCred() (transport.PeerCred, error) { return peerCred(in.Decider) }

func (b BadLink) wrap(c transport.Conn, err error) (transport.Conn, error) {
	if err != nil {
		return nil, err
	}
	return b.conn(c), nil
}

// badConn is a connection over a bad link. It is read, also where the one under it, of
// inproc, is not: there it keeps a batch until it is read.
type badConn struct {
	transport.Conn
	link   BadLink
	closed chan struct{}
	close  sync.Once
	cut    atomic.Bool
	cutter *time.Timer // nil: it is not cut

	direct  transport.Direct // nil: the one under it is read
	receive sync.Once
	batch   chan []transport.Message
	ended   chan struct{}
	reason  error // of the end, once ended is closed
}

func (b BadLink) conn(c transport.Conn) transport.Conn {
	bad := &badConn{Conn: c, link: b, closed: make(chan struct{})}
	bad.direct, _ = c.(transport.Direct)
	bad.batch, bad.ended = make(chan []transport.Message, 1), make(chan struct{})
	if b.CutEvery > 0 {
		bad.cutter = time.AfterFunc(b.CutEvery, func() {
			bad.cut.Store(true)
			bad.end()
			_ = c.Close()
		})
	}
	return bad
}

// Read implements transport.Conn.
func (c *badConn) Read(dst []transport.Message) ([]transport.Message, error) {
	n := len(dst)
	dst, err := c.read(dst)
	if len(dst) > n {
		late := time.NewTimer(c.link.delay(dst[n:]))
		defer late.Stop()
		select {
		case <-late.C:
		case <-c.closed:
			for i := range dst[n:] {
				dst[n+i].Release()
			}
			return dst[:n], c.explain(net.ErrClosed)
		}
	}
	return dst, c.explain(err)
}

func (c *badConn) read(dst []transport.Message) ([]transport.Message, error) {
	if c.direct == nil {
		return c.Conn.Read(dst)
	}
	c.receive.Do(func() {
		c.direct.Receive(func(batch []transport.Message) (more bool) {
			c.batch <- slices.Clone(batch)
			return false
		}, func(reason error) {
			c.reason = reason
			close(c.ended)
		})
	})
	select {
	case batch := <-c.batch: // also when it has ended since
		return append(dst, batch...), c.resume()
	default:
	}
	select {
	case batch := <-c.batch:
		return append(dst, batch...), c.resume()
	case <-c.closed:
		return dst, net.ErrClosed // which Read explains
	case <-c.ended:
		select {
		case batch := <-c.batch:
			return append(dst, batch...), nil
		default:
			return dst, c.reason
		}
	}
}

func (c *badConn) resume() error {
	c.direct.Resume()
	return nil
}

// TryWrite implements transport.Conn.
func (c *badConn) TryWrite(b transport.Batch) (bool, error) {
	done, err := c.Conn.TryWrite(b)
	return done, c.explain(err)
}

// Write implements transport.Conn.
func (c *badConn) Write(b transport.Batch) error { return c.explain(c.Conn.Write(b)) }

// explain says of an error that the link was cut, if it was.
func (c *badConn) explain(err error) error {
	if err != nil && c.cut.Load() {
		return fmt.Errorf("%w: the bad link was cut", syscall.ECONNRESET)
	}
	return err
}

// Close implements transport.Conn.
func (c *badConn) Close() error {
	c.end()
	if c.cutter != nil {
		c.cutter.Stop()
	}
	return c.Conn.Close()
}

// end has nothing received any more, not even what is late.
func (c *badConn) end() { c.close.Do(func() { close(c.closed) }) }

// Finish implements transport.Finisher.
func (c *badConn) Finish() bool {
	f, ok := c.Conn.(transport.Finisher)
	return ok && f.Finish()
}

// SkipTooLarge implements transport.Skipper.
func (c *badConn) SkipTooLarge(tell func(head []byte, size uint64)) {
	if s, ok := c.Conn.(transport.Skipper); ok {
		s.SkipTooLarge(tell)
	}
}

// HungUp implements transport.Prober.
func (c *badConn) HungUp() (yes, known bool) {
	if p, ok := c.Conn.(transport.Prober); ok {
		return p.HungUp()
	}
	return false, false
}

// TLS implements transport.Secured.
func (c *badConn) TLS() *tls.ConnectionState {
	if s, ok := c.Conn.(transport.Secured); ok {
		return s.TLS()
	}
	return nil
}

// HTTPRequest implements transport.Requested.
func (c *badConn) HTTPRequest() *http.Request {
	if r, ok := c.Conn.(transport.Requested); ok {
		return r.HTTPRequest()
	}
	return nil
}

// PeerCred implements transport.Credentials.
func (c *badConn) PeerCred() (transport.PeerCred, error) { return peerCred(c.Conn) }

func peerCred(x any) (transport.PeerCred, error) {
	if c, ok := x.(transport.Credentials); ok {
		return c.PeerCred()
	}
	return transport.PeerCred{}, transport.ErrNotSupported
}

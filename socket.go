package gonng

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"sync"

	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/internal/wire"
)

// Socket is what all sockets have. nng: nng_socket; pynng: Socket.
//
// All methods of sockets, contexts, pipes, dialers and listeners may be called
// from any goroutine at any time, also from hooks.
type Socket interface {
	// Dial connects to url and goes on doing so whenever the connection is
	// lost, until the dialer is closed. It tries at once and waits for the
	// outcome; when that fails it logs the reason, goes on in the background and
	// returns no error: the peer may just not be there yet. [WithDialMode]
	// changes that. A bad URL or option is always an error, and so is a ctx that
	// ends before the outcome: then the dialer is closed. The ctx does not bound
	// the dialer afterwards. nng: nng_dial; pynng: dial.
	Dial(ctx context.Context, url string, opts ...DialOption) (*Dialer, error)
	// Listen accepts connections at url until the listener is closed. The address
	// is bound when Listen returns, or the error says why not: ErrAddressInUse,
	// for instance. The ctx bounds the binding only. nng: nng_listen; pynng:
	// listen.
	Listen(ctx context.Context, url string, opts ...ListenOption) (*Listener, error)
	// ListenOn accepts connections from l in the framing of tcp, or of ipc where l
	// listens on a Unix socket or, on Windows, a named pipe. It takes l over, and
	// closes it with the listener, or when it fails.
	// WithTCPNoDelay and WithTCPKeepAlive, and their defaults, hold for the
	// connections of TCP, also for those under TLS. It is too late for permissions:
	// they are ErrNotSupported. [SystemdListeners] has the listeners of socket
	// activation.
	ListenOn(l net.Listener, opts ...ListenOption) (*Listener, error)
	// Attach makes a pipe of conn: a net.Pipe, a socketpair, a connection through
	// a proxy. It takes conn over, and closes it also when it fails. The peer must
	// do the same at the same time: Attach waits until both have introduced
	// themselves, for at most 5 seconds. The framing is that of tcp, also over a
	// Unix socket. A descriptor can be dialed instead: socket://3. nng: socket://
	// and NNG_OPT_SOCKET_FD.
	Attach(ctx context.Context, conn net.Conn) (*Pipe, error)
	// Close hands what Send accepted to the operating system, for at most the
	// linger ([WithLinger], default 1 s), then closes everything; calls that wait
	// return ErrClosed. When it returns no goroutine and no descriptor of the
	// socket is left, except hooks that are still running. Closing twice is
	// harmless. ErrTimeout says how many messages were left, and how many peers
	// had not confirmed what they were sent. nng: nng_close; pynng: close.
	Close() error
	// Shutdown is Close that takes as long as ctx allows, instead of the linger.
	Shutdown(ctx context.Context) error
	// WaitPeers waits until at least n pipes are connected at the same time. The
	// error when ctx ends before says how many there were.
	WaitPeers(ctx context.Context, n int) error
	// Pipes are the connected pipes, Dialers and Listeners those not closed.
	Pipes() []*Pipe
	Dialers() []*Dialer
	Listeners() []*Listener
	// OnPipe calls hook at each event of that kind, until remove is called. Any
	// number of hooks run in the order added, without a lock held. The pipe waits
	// for them, other pipes do not. It panics when hook is nil, or the event none of
	// the three. nng: nng_pipe_notify.
	OnPipe(event PipeEvent, hook func(*Pipe)) (remove func())
	// Config is a copy of the values of all options. [Set] changes them, and so do
	// the methods of that name on the types of sockets, which take the options of
	// their protocols, too.
	Config() Config
	// Name is what the socket is called in logs, see [WithName].
	Name() string
	// Protocol is the protocol that the socket speaks.
	Protocol() Protocol
	// Peer is the protocol that the socket talks to.
	Peer() Protocol
	// RecvFD is a descriptor that is readable while a receive would not wait:
	// for poll, select and the like; do not read from it. It is the socket's, and
	// gone when Close returns. ErrNotSupported for a protocol that does not
	// receive, and on other systems than Unix. nng: NNG_OPT_RECVFD; pynng: recv_fd.
	RecvFD() (int, error)
	// SendFD is a descriptor that is readable while a send would not wait. The
	// rules of RecvFD apply. nng: NNG_OPT_SENDFD; pynng: send_fd.
	SendFD() (int, error)
	// Raw reports whether the socket is raw: whether headers are the program's.
	Raw() bool
	// Stats are the socket's counters: what went through, and what was dropped
	// for which reason.
	Stats() Stats

	base() *socket
}

// socket is the common part of all sockets.
//
// Lock order: a pipe's reading, then a socket's mu, then a transport's. The mu
// of two sockets are never held together, and none is held while a hook, a logger
// or a system call runs, but for a poll that does not wait, see balance.onlyOne.
type socket struct {
	protocol Protocol
	raw      bool
	endpoint // the socket's own
	in       *receiver
	out      *sender
	pattern  pattern
	tasks    tasks
	clock
	stop context.Context // ends when the socket closes
	halt context.CancelFunc

	mu         sync.Mutex
	cfg        Config
	given      settings // what cfg was changed by
	nextPipe   uint32
	pipes      []*Pipe // connected or connecting
	dialers    []*Dialer
	listeners  []*Listener
	hooks      []*hook
	peers      waitList  // for WaitPeers
	idle       *waiter   // those that nobody uses now
	blank      []Message // for RecvMsg
	offered    outgoing  // what a sender offers just now
	loan       loan
	parked     int     // goroutines that wait
	lastParked *waiter // the last of them
	refill     *Pipe   // whom the receiver that has the lock just now is to read
	stats      Stats
	episodes   [dropReasons]episode
	recvFD     *pollFD
	sendFD     *pollFD
	polled     bool     // there is one of them
	due        []func() // for when mu is unlocked
}

// endpoint is where a program sends and receives: a socket itself or one of
// its contexts.
type endpoint struct {
	s      *socket
	own    *Config // nil: the socket's
	closed bool    // guarded by s.mu
}

// ended says what is closed, the socket or the context.
func (e *endpoint) ended() error {
	if e.s.closed {
		return errSocketClosed
	}
	return because(ErrClosed, "the context is closed")
}

var errSocketClosed = because(ErrClosed, "the socket is closed")

func (e *endpoint) config() *Config {
	if e.own != nil {
		return e.own
	}
	return &e.s.cfg
}

func newSocket(p Protocol) *socket {
	s := &socket{
		protocol: p,
		cfg:      defaultConfig(p),
		nextPipe: rand.Uint32(), // a restarted peer does not reuse the numbers of before
	}
	s.endpoint.s = s
	s.tasks.init()
	s.stop, s.halt = context.WithCancel(context.Background())
	return s
}

// canSend and canRecv give the socket its pattern's two directions.
func (s *socket) canSend(t target) *sender {
	s.out = &sender{&s.endpoint, t}
	return s.out
}

func (s *socket) canRecv(src source) *receiver {
	s.in = &receiver{&s.endpoint, src}
	return s.in
}

// open gives x, a new socket over s, its pattern and its options.
func open[T any, O option](x *T, s *socket, p pattern, opts []O) (*T, error) {
	s.pattern = p
	if err := set(s, opts); err != nil {
		s.Close()
		return nil, err
	}
	return x, nil
}

// Name is what the socket is called in logs. See [Socket].
func (s *socket) Name() string { return cmp.Or(s.Config().Name, s.protocol.String()) }

// Protocol is the protocol that the socket speaks. See [Socket].
func (s *socket) Protocol() Protocol { return s.protocol }

// Peer is the protocol that the socket talks to. See [Socket].
func (s *socket) Peer() Protocol { return s.protocol.Peer() }

// Raw reports whether headers are the program's. See [Socket].
func (s *socket) Raw() bool { return s.raw }

// Dialers are the dialers that are not closed. See [Socket].
func (s *socket) Dialers() []*Dialer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.dialers)
}

// Listeners are the listeners that are not closed. See [Socket].
func (s *socket) Listeners() []*Listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.listeners)
}

// Attach makes a pipe of a connection of the program's. See [Socket].
func (s *socket) Attach(ctx context.Context, conn net.Conn) (*Pipe, error) {
	if conn == nil {
		return nil, s.opError("attach", "", because(ErrInvalid, "the connection is nil"))
	}
	cfg := s.Config()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.stop, cancel)()
	c, err := stream.Handshake(ctx, conn, wire.StreamFraming, cfg.transport(s.protocol))
	if err != nil {
		if s.stop.Err() != nil {
			err = errSocketClosed
		}
		return nil, s.opError("attach", "", classify(err))
	}
	p, err := s.addPipe(nil, newPipe(s, c, nil, nil, ""))
	if err != nil {
		return nil, s.opError("attach", "", err)
	}
	return p, nil
}

// opError wraps the reason of a failed operation. A nil error stays nil.
func (s *socket) opError(op, url string, err error) error {
	if err == nil {
		return nil
	}
	return &OpError{Op: op, Protocol: s.protocol, URL: url, Err: classify(err)}
}

// afterwards does f once mu, which is held, is unlocked.
func (s *socket) afterwards(f func()) { s.due = append(s.due, f) }

// unlock unlocks mu after a change and does what is due.
func (s *socket) unlock() {
	if s.polled || s.due != nil {
		s.unlockSlowly()
		return
	}
	s.mu.Unlock()
}

func (s *socket) unlockSlowly() {
	if s.polled {
		s.updateFDs()
	}
	due := s.due
	s.due = nil
	s.mu.Unlock()
	for _, f := range due {
		f()
	}
}

package gonng

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"sync"

	"github.com/gonng/gonng/internal/pollfd"
	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/internal/task"
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
	// harmless. nil says that the operating system has all that was sent, not that
	// the peers do: only an answer can tell. ErrTimeout says how many messages were
	// left, and, of a socket that receives, too, how many peers had not said goodbye
	// after what they were sent. A foreign transport that does not end its calls is
	// named in it. nng: nng_close; pynng: close.
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
	// ListenURL is the URL of the socket's only listener, with its real port and
	// path; "" unless there is exactly one.
	ListenURL() string
	// Raw reports whether the socket is raw: whether headers are the program's.
	Raw() bool
	// Stats are the socket's counters: what went through, and what was dropped
	// for which reason.
	Stats() Stats

	base() *socket
}

// socket is the common part of all sockets.
type socket struct {
	protocol Protocol
	raw      bool
	fansOut  bool   // sends each message to all peers
	self     Socket // what the constructor returns
	in       *receiver
	out      *sender
	endpoint // the socket's own

	proto   sp.Protocol // guarded by mu
	core    *sp.Core    // of proto
	alarm   alarm
	clock   clock
	tasks   task.Group
	serving serving
	stop    context.Context // ends when the socket is closed
	halt    context.CancelFunc

	mu        sync.Mutex // see lock; it guards all that follows
	closed    bool       // Close has begun
	sealed    bool       // and what handlers return is not sent any more
	cfg       Config
	given     settings // what cfg was changed by
	nextPipe  uint32
	pipes     pipeList // connected or connecting
	connected int      // of those the hooks have run for
	dialers   []*Dialer
	listeners []*Listener
	hooks     []*hook
	peers     sp.Waiters // for WaitPeers
	idle      *waiter    // those that nobody uses now
	idles     int        // their number
	parked    int        // goroutines that wait
	blank     []Message  // for RecvMsg
	offered   sp.Message // what a sender offers just now
	direct    directRead
	reader    *waiter // the receiver that waits by reading its peer
	stats     Stats
	left      int // messages that were not written before Close gave up
	episodes  map[sp.Reasons]*episode
	recvFD    *pollfd.FD
	sendFD    *pollfd.FD
	hasFDs    bool // there is one of them
}

// endpoint is where a program sends and receives: a socket itself or one of
// its contexts.
type endpoint struct {
	s         *socket
	core      sp.Endpoint // guarded by the socket's lock
	own       *Config     // nil: the socket's
	gone      bool        // the context is closed; guarded by the socket's lock
	answering bool        // it sends what a handler of Serve has returned
}

// endedLocked says what is closed, the socket or the context; nil: neither is.
func (e *endpoint) endedLocked() error {
	switch {
	case e.s.closed:
		return errSocketClosed
	case e.gone:
		return errContextClosed
	}
	return nil
}

func (e *endpoint) config() *Config {
	if e.own != nil {
		return e.own
	}
	return &e.s.cfg
}

func newSocket(p Protocol, proto sp.Protocol) *socket {
	s := &socket{
		protocol: p,
		cfg:      defaultConfig(p),
		nextPipe: rand.Uint32(), // a restarted peer does not reuse the numbers of before
		proto:    proto,
		core:     proto.Base(),
	}
	s.core.Clock, s.core.Random = now, rand.Uint32
	s.endpoint.s, s.endpoint.core = s, proto.NewEndpoint()
	s.configureLocked()
	s.stop, s.halt = context.WithCancel(context.Background())
	s.serving.init()
	return s
}

// configureLocked tells the protocol what the program has set.
func (s *socket) configureLocked() {
	cfg := s.cfg.protocol()
	s.proto.Configure(cfg)
	s.endpoint.core.Configure(cfg)
}

// canSend and canRecv give the socket its protocol's two directions.
func (s *socket) canSend() *sender {
	s.out = &sender{&s.endpoint}
	return s.out
}

func (s *socket) canRecv() *receiver {
	s.in = &receiver{&s.endpoint}
	return s.in
}

// openSocket gives x, a new socket over s, its options.
func openSocket[T Socket, O option](x T, s *socket, opts []O) (T, error) {
	s.self = x
	remember(s)
	if err := set(s, opts); err != nil {
		s.Close()
		var none T
		return none, err
	}
	return x, nil
}

// sockets are those of this process that are open, in the order in which they were
// made.
var sockets struct {
	mu   sync.Mutex
	open []*socket
}

func remember(s *socket) {
	sockets.mu.Lock()
	defer sockets.mu.Unlock()
	sockets.open = append(sockets.open, s)
}

func forget(s *socket) {
	sockets.mu.Lock()
	defer sockets.mu.Unlock()
	sockets.open = slices.DeleteFunc(sockets.open, func(x *socket) bool { return x == s })
}

// Sockets are the sockets of this process that are open, in the order in which they
// were made: for tools that look inside a program.
func Sockets() []Socket {
	sockets.mu.Lock()
	defer sockets.mu.Unlock()
	list := make([]Socket, len(sockets.open))
	for i, s := range sockets.open {
		list[i] = s.self
	}
	return list
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
	s.lock()
	defer s.unlock()
	return slices.Clone(s.dialers)
}

// Listeners are the listeners that are not closed. See [Socket].
func (s *socket) Listeners() []*Listener {
	s.lock()
	defer s.unlock()
	return slices.Clone(s.listeners)
}

// ListenURL is where to dial the socket's only listener. See [Socket].
func (s *socket) ListenURL() string {
	if l := s.Listeners(); len(l) == 1 {
		return l[0].URL()
	}
	return ""
}

// Attach makes a pipe of a connection of the program's. See [Socket].
func (s *socket) Attach(ctx context.Context, conn net.Conn) (*Pipe, error) {
	if conn == nil {
		return nil, s.opError("attach", "", errorf(ErrInvalid, "the connection is nil"))
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
	p := newPipe(s, c, nil, nil, "", &cfg)
	if err := s.addPipe(ctx, nil, p); err != nil {
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

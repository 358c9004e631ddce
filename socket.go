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
	// outcome. When that attempt fails, because the peer is not there yet or refuses
	// this socket, Dial logs the reason, goes on in the background and returns no
	// error; [WithDialMode] changes that. A bad URL or option is always an error, and
	// so is a ctx that ends before the outcome: then the dialer is closed. The ctx does
	// not bound the dialer afterwards. nng: nng_dial; pynng: dial.
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
	// OnPipe calls hook at each event of that kind, until remove is called. A socket
	// may have any number of hooks; it calls them in the order in which they were
	// added, without a lock. The pipe waits for its hooks, other pipes do not. OnPipe
	// panics when hook is nil, or the event none of the three. nng: nng_pipe_notify.
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
	// RecvFD is a descriptor that is readable while a receive would not wait, for
	// poll, select and the like; do not read from it. It belongs to the socket, and
	// Close closes it. ErrNotSupported for a protocol that does not receive, and on
	// systems other than Unix. nng: NNG_OPT_RECVFD; pynng: recv_fd.
	RecvFD() (int, error)
	// SendFD is a descriptor that is readable while a send would not wait. The
	// rules of RecvFD apply. nng: NNG_OPT_SENDFD; pynng: send_fd.
	SendFD() (int, error)
	// ListenURL is the URL of the socket's only listener, with its real port and
	// path; "" unless there is exactly one.
	ListenURL() string
	// Raw reports whether the socket is raw: whether the program writes the headers.
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
	fansOut  bool   // it sends each message to all peers
	self     Socket // the value that the constructor returns
	in       *receiver
	out      *sender
	endpoint // the socket's own

	proto   sp.Protocol // guarded by mu
	core    *sp.Core    // of proto
	alarm   alarm
	clock   clock
	tasks   task.Group
	serving serving
	stop    context.Context // ends in the last phase of Close
	halt    context.CancelFunc

	mu        sync.Mutex // see lock; it guards all that follows
	closed    bool       // Close has begun
	sealed    bool       // the socket is closed, and sends nothing that handlers return any more
	cfg       Config
	given     settings // the options that have changed cfg
	nextPipe  uint32   // the ID of the last pipe
	pipes     pipeList // connecting or connected
	connected int      // the number of pipes whose PipeConnected hooks have run
	dialers   []*Dialer
	listeners []*Listener
	hooks     []*hook
	peers     sp.Waiters // the calls of WaitPeers
	idle      *waiter    // waiters to use again
	idles     int        // their number
	parked    int        // goroutines that wait
	blank     []Message  // empty messages for RecvMsg
	offered   sp.Message // the message that a sender offers just now
	direct    directRead
	reader    *waiter // the receiver that waits by reading a connection
	stats     Stats
	left      int // messages that were not written when the linger was over
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
	own       *Config     // of a context; nil: the socket's is used
	gone      bool        // the context is closed; guarded by the socket's lock
	answering bool        // a worker of Serve uses it, and may send while the socket closes
}

// endedLocked is the error that says whether the socket or the context is closed; nil:
// neither is.
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

// subscribeLocked adds topics to what the endpoint of a Sub0 wants.
func (e *endpoint) subscribeLocked(topics []string) {
	if sub, ok := e.core.(*sp.Subscriber); ok {
		sub.Subscribe(topics...)
	}
}

func newSocket(p Protocol, proto sp.Protocol) *socket {
	s := &socket{
		protocol: p,
		cfg:      defaultConfig(p),
		nextPipe: rand.Uint32(), // a program that restarts does not use the same IDs again
		proto:    proto,
		core:     proto.Base(),
	}
	s.fansOut = proto.FansOut()
	s.core.Clock, s.core.Random = now, rand.Uint32
	s.endpoint.s, s.endpoint.core = s, proto.NewEndpoint()
	s.configureLocked()
	s.stop, s.halt = context.WithCancel(context.Background())
	s.serving.init()
	return s
}

// configureLocked tells the protocol the options that the program has set.
func (s *socket) configureLocked() {
	cfg := s.cfg.protocol()
	s.proto.Configure(cfg)
	s.endpoint.core.Configure(cfg)
}

// canSend and canRecv make the socket one that can send and one that can receive.
func (s *socket) canSend() *sender {
	s.out = &sender{&s.endpoint}
	return s.out
}

func (s *socket) canRecv() *receiver {
	s.in = &receiver{&s.endpoint}
	return s.in
}

// openSocket sets the options of x, a new socket over s. When one is refused it closes
// the socket.
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

// registry has the sockets of this process that are open, in the order in which they were
// made.
var registry struct {
	mu   sync.Mutex
	open []*socket
}

func remember(s *socket) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	registry.open = append(registry.open, s)
}

func forget(s *socket) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	registry.open = slices.DeleteFunc(registry.open, func(x *socket) bool { return x == s })
}

// Sockets are the sockets of this process that are open, in the order in which they
// were made: for tools that look inside a program.
func Sockets() []Socket {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	list := make([]Socket, len(registry.open))
	for i, s := range registry.open {
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

// Raw reports whether the socket is raw. See [Socket].
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

// Stats are the socket's counters. See [Socket].
func (s *socket) Stats() Stats {
	s.lock()
	defer s.unlock()
	st, c := s.stats, &s.core.Counters
	st.Pipes = s.connected
	st.Unsent += c.Unsent
	st.Malformed, st.TTLExceeded, st.Unexpected = c.Malformed, c.TTLExceeded, c.Unexpected
	st.LateReplies, st.NoPeer, st.Resends = c.LateReplies, c.NoPeer, c.Resends
	st.DroppedFull, st.Filtered = c.DroppedFull, c.Filtered
	st.SendQueue, st.RecvQueue, st.Outstanding = c.SendQueue, c.RecvQueue, c.Outstanding
	return st
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

// refusal is the error for a verdict. The socket is locked.
func (s *socket) refusal(v sp.Verdict, max int) error {
	switch v {
	case sp.TooSmall:
		return errorf(ErrMessageTooLarge, "the message has %d bytes, the buffer %d", s.core.Size, max)
	case sp.TooLarge:
		return errorf(ErrMessageTooLarge, "the reply has %d bytes, more than WithRecvMaxSize allows", s.core.Size)
	case sp.Replaced:
		if s.protocol == ProtocolSurveyor0 {
			return errorf(ErrCanceled, "another survey has taken the place of this one")
		}
		return errorf(ErrCanceled, "another request has taken the place of this one")
	case sp.Closed:
		if s.closed {
			return errSocketClosed
		}
		return errContextClosed
	}
	return refusals[v]
}

package gonng

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gonng/gonng/internal/pollfd"
	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/task"
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
	// Unix socket. Close of conn must end a Read and a Write that wait, as package
	// net has it: Close of the socket waits for them. A descriptor can be dialed
	// instead: socket://3. nng: socket:// and NNG_OPT_SOCKET_FD.
	Attach(ctx context.Context, conn net.Conn) (*Pipe, error)
	// Close hands what Send accepted to the operating system, for at most the
	// linger ([WithLinger], default 1 s), then closes everything; calls that wait
	// return ErrClosed. When it returns no goroutine and no descriptor of the
	// socket is left, except hooks that are still running. Closing twice is
	// harmless. nil says that the operating system has all that was sent, not that
	// the peers do: only an answer can tell. ErrTimeout says how many messages were
	// left, and, of a socket that receives, too, how many peers had not said goodbye
	// after what they were sent. A transport that is not gonng's, or what the program
	// has given to ListenOn, WithDialContext or WithTLS, is named in it if a call of it does
	// not end. nng: nng_close; pynng: close.
	Close() error
	// Shutdown is Close that takes as long as ctx allows, instead of the linger. Its
	// errors are those of Close.
	Shutdown(ctx context.Context) error
	// WaitPeers waits until at least n pipes are connected at the same time. The
	// error when ctx ends before says how many there were.
	WaitPeers(ctx context.Context, n int) error
	// Pipes are the connected pipes. The slice is the caller's. pynng: pipes.
	Pipes() []*Pipe
	// Dialers are the dialers that are not closed. pynng: dialers.
	Dialers() []*Dialer
	// Listeners are the listeners that are not closed. pynng: listeners.
	Listeners() []*Listener
	// OnPipe calls hook at each event of that kind, until remove is called. A socket
	// may have any number of hooks; it calls them in the order in which they were
	// added, without a lock. The pipe waits for its hooks, other pipes do not. OnPipe
	// panics when hook is nil, or the event none of the three. nng: nng_pipe_notify;
	// pynng: add_pre_pipe_connect_cb and its like.
	OnPipe(event PipeEvent, hook func(*Pipe)) (remove func())
	// Config is a copy of the values of all options. [Set] changes them, and so do
	// the methods of that name on the types of sockets, which take the options of
	// their protocols, too. nng: nng_socket_get.
	Config() Config
	// Name is what the socket is called in logs and events, see [WithName]. nng:
	// NNG_OPT_SOCKNAME; pynng: name.
	Name() string
	// ID is the socket's number, unique among the sockets that this process ever
	// had, from 1. nng: nng_socket_id.
	ID() uint32
	// Protocol is the protocol that the socket speaks. nng: NNG_OPT_PROTO; pynng:
	// protocol.
	Protocol() Protocol
	// Peer is the protocol that the socket talks to. nng: NNG_OPT_PEER; pynng: peer.
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
	// path; "" unless there is exactly one. nng: NNG_OPT_TCP_BOUND_PORT.
	ListenURL() string
	// Raw reports whether the socket is raw: whether the program writes the headers.
	// nng: NNG_OPT_RAW; pynng: raw.
	Raw() bool
	// Stats are the socket's counters: what went through, and what was dropped
	// for which reason. nng: nng_stats_get.
	Stats() Stats

	base() *socket
}

// socket is the common part of all sockets.
type socket struct {
	protocol   Protocol
	raw        bool
	fansOut    bool   // it sends each message to all peers
	self       Socket // the value that the constructor returns
	id         uint32
	registered *place // in registry
	sends      bool
	receives   bool
	endpoint   // the socket's own

	proto      sp.Protocol // guarded by mu
	core       *sp.Core    // of proto
	alarm      alarm
	clock      clock
	toFlush    rounds[*Pipe] // to be written to by the flusher of a socket that fans out
	tasks      task.Group
	serving    serving
	losses     losses
	cfgVersion atomic.Uint32   // how often cfg has changed
	stop       context.Context // ends in the last phase of Close
	halt       context.CancelFunc

	mu        sync.Mutex // see lock; it guards all that follows
	closed    bool       // Close has begun
	sealed    bool       // the socket is closed, and sends nothing that handlers return any more
	cfg       Config
	given     settings      // the options that have changed cfg
	nextPipe  uint32        // the ID of the last pipe
	pipes     walked[*Pipe] // connecting or connected
	connected int           // the number of pipes whose PipeConnected hooks have run
	dialers   []*Dialer
	listeners []*Listener
	hooks     [PipeClosed + 1]hooks[*Pipe]
	peers     sp.Waiters // the calls of WaitPeers
	idle      []*waiter  // to use again
	parked    int        // goroutines that wait
	blank     []Message  // empty messages for RecvMsg
	taken     int        // messages that were received, see turnMessages
	direct    directRead
	stats     Stats
	left      int // messages that were not written when the linger was over
	episodes  episodes[sp.Reasons]
	recvFD    *pollfd.FD
	sendFD    *pollfd.FD
	hasFDs    bool // there is one of them
}

// endpoint is where a program sends and receives: a socket itself or one of
// its contexts.
type endpoint struct {
	s          *socket
	core       sp.Endpoint // guarded by the socket's lock
	cfg        *Config     // of a context its own; guarded by the socket's lock
	offered    sp.Message  // what a sender offers just now: one for each call would be an allocation; guarded by the socket's lock
	cfgVersion uint32      // of the socket's cfg when a context of Request took it over
	gone       bool        // the context is closed; guarded by the socket's lock
	answering  bool        // a worker of Serve uses it, and may send while the socket closes
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

// configureLocked tells the protocol the options of the endpoint.
func (e *endpoint) configureLocked() { e.core.Configure(e.cfg.protocol()) }

// subscribeLocked adds topics to what the endpoint of a Sub0 wants.
func (e *endpoint) subscribeLocked(topics []string) {
	if sub, ok := e.core.(*sp.Subscriber); ok {
		sub.Subscribe(topics...)
	}
}

func (e *endpoint) canRecvLocked() bool { return e.core.CanRecv() }
func (e *endpoint) canSendLocked() bool { return e.core.CanSend() }

func newSocket(p Protocol, proto sp.Protocol) *socket {
	s := &socket{
		protocol: p,
		fansOut:  proto.FansOut(),
		cfg:      DefaultConfig(p),
		nextPipe: rand.Uint32(), // a program that restarts does not use the same IDs again
		proto:    proto,
		core:     proto.Base(),
	}
	s.init()
	return s
}

func (s *socket) init() {
	s.core.Clock, s.core.Random = now, rand.Uint32
	s.endpoint = endpoint{s: s, core: s.proto.NewEndpoint(), cfg: &s.cfg}
	s.configureLocked()
	s.stop, s.halt = context.WithCancel(context.Background())
	s.serving.init()
	s.alarm.init(s.nextDue, s.due)
	s.losses.init(s.Stats, s.happens)
}

// configureLocked tells the protocol the options that the program has set.
func (s *socket) configureLocked() {
	s.proto.Configure(s.cfg.protocol())
	s.endpoint.configureLocked()
}

// sender and receiver make the socket one that can send and one that can receive.
func (s *socket) sender() *sender {
	s.sends = true
	return &sender{&s.endpoint}
}

func (s *socket) receiver() *receiver {
	s.receives = true
	return &receiver{&s.endpoint}
}

// beRaw makes the socket a raw one.
func (s *socket) beRaw(sends, receives bool) { s.raw, s.sends, s.receives = true, sends, receives }

// canSend and canRecv are the errors of a protocol that does not send or receive.
func (s *socket) canSend() error {
	if !s.sends {
		return refusals[sp.CannotSend]
	}
	return nil
}

func (s *socket) canRecv() error {
	if !s.receives {
		return refusals[sp.CannotReceive]
	}
	return nil
}

// openSocket sets the options of x, a new socket over s. When one is refused it closes
// the socket.
func openSocket[T Socket, O option](x T, s *socket, opts []O) (T, error) {
	s.open(x)
	if err := set(s, opts); err != nil {
		x.Close()
		var none T
		return none, err
	}
	return x, nil
}

// open makes the socket known as x, which the constructor returns.
func (s *socket) open(x Socket) {
	s.self = x
	registry.add(s)
}

// public is what the constructor returns.
func (s *socket) public() Socket { return s.self }

// Name is what the socket is called in logs. See [Socket].
func (s *socket) Name() string {
	s.lock()
	defer s.unlock()
	return cmp.Or(s.cfg.Name, s.protocol.String())
}

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
	st := s.stats
	st.add(s.connected, &s.core.Counters)
	return st
}

// opError wraps the reason of a failed operation. A nil error stays nil.
func (s *socket) opError(op, url string, err error) error {
	if err == nil {
		return nil
	}
	return &OpError{Op: op, Protocol: s.protocol, URL: withoutPassword(url), Err: classify(err)}
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

// happens tells Events of e, an event of this socket. The socket is not locked.
func (s *socket) happens(e Event) {
	e.Socket, e.Name, e.Protocol = s.id, s.Name(), s.protocol
	happened.add(e)
}

// Sockets are the sockets of this process that are open, in the order in which they
// were made: for tools that look inside a program.
func Sockets() []Socket { return registry.all() }

// registry has the sockets of this process.
var registry socketList

// ID is the socket's number. See [Socket].
func (s *socket) ID() uint32 { return s.id }

// untilStop is a context that ends in the last phase of Close, or earlier.
func (s *socket) untilStop() (context.Context, context.CancelFunc) { return context.WithCancel(s.stop) }

// onStop has do called in the last phase of Close.
func (s *socket) onStop(do func()) (forget func() bool) { return context.AfterFunc(s.stop, do) }

func (s *socket) stopped() bool { return s.stop.Err() != nil }

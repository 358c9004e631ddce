package gonng

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/task"
	"github.com/gonng/gonng/transport"
)

// Pipe is one connection to one peer. A socket makes its pipes by itself, as
// its dialers and listeners connect; a program meets them in hooks, in
// [Message.Pipe] and in [Socket.Pipes]. nng: nng_pipe; pynng: Pipe.
type Pipe struct {
	s        *socket
	conn     transport.Conn
	target   *target   // of a dialer; nil unless one made the pipe
	listener *Listener // nil unless it accepted the pipe
	foreign  string    // whose the connection is, see endpointURL.foreign
	name     string    // of the peer, for logs and errors

	peer       sp.Peer   // guarded by the socket's lock, except its ID and Current
	life       life      // guarded by the socket's lock
	counted    bool      // among the peers of its listener; guarded by the socket's lock
	undecided  bool      // the transport is still to be told whether the peer is taken; guarded by the socket's lock
	place      *place    // in the socket's pipes; nil: not yet
	placeOfEnd *place    // in the pipes of its dialer or listener; nil: not yet
	since      time.Time // when it connected; guarded by the socket's lock

	// Read state.
	received traffic             // guarded by the socket's lock
	reading  reading             // guarded by the socket's lock
	yield    bool                // the receivers should run before the next read; guarded by readMu
	direct   bool                // the connection is a transport.Direct: the goroutine of the sender delivers
	reader   *waiter             // the receiver that waits by reading the connection, or nil; guarded by the socket's lock
	readMu   sync.Mutex          // held while a goroutine reads the connection and delivers
	arrived  []transport.Message // the messages of the last read; guarded by readMu
	room     chan struct{}       // tells the pipe's goroutine to read on; nil before it first waits for that

	// Write state.
	writeMu sync.Mutex    // held while a sender writes, so that join can wait for the sender
	kicked  chan struct{} // passes the writing token to the writer goroutine; nil before that exists
	written chan struct{} // closed when the writer goroutine has ended; nil before that exists
	drained chan struct{} // closed when the pipe is drained, if Close waits for that

	once sync.Once
	over atomic.Bool   // the end of the pipe has begun; set while the socket is locked
	err  error         // why; set before over
	done chan struct{} // what closing returns; nil before the first call
}

// traffic counts messages.
type traffic struct{ messages, bytes uint64 }

func (t *traffic) add(messages int, bytes uint64) {
	t.messages += uint64(messages)
	t.bytes += bytes
}

// life is how far a pipe has come.
//
//	connecting → open      its hooks have run: it is in Pipes and counts for WaitPeers (attach)
//	connecting, open       a write, or another peer of a pair, has found the peer gone: what
//	  → readOnly           the peer sent is still received (writeFailed, reserve)
//	any → ended            the connection is closed, and no goroutine uses it (disconnected)
type life uint8

const (
	connecting life = iota
	open
	readOnly
	ended
)

// connectedLocked reports whether the pipe is in Pipes.
func (p *Pipe) connectedLocked() bool { return p.life == open || p.life == readOnly }

// init prepares a pipe that has its socket, its connection and what made it.
func (p *Pipe) init(priority int) {
	p.name = peerName(p.conn)
	_, p.direct = p.conn.(transport.Direct)
	overhead := streamOverhead
	if p.direct {
		overhead = listOverhead
	}
	p.s.lock()
	p.peer.Init(p.s.proto, p, p.s.newPipeIDLocked(), p.conn, overhead)
	p.peer.Priority = priority
	p.s.unlock()
}

// The memory that a message costs in a batch beside its own bytes.
const (
	streamOverhead = 8  // its length
	listOverhead   = 64 // its place in a transport.List
)

// asPeer is what the core knows of p, or nil.
func (p *Pipe) asPeer() *sp.Peer {
	if p == nil {
		return nil
	}
	return &p.peer
}

// ID is the pipe's number, unique among the pipes of its socket, never 0 and
// below 2^31. nng: nng_pipe_id.
func (p *Pipe) ID() uint32 { return p.peer.ID }

// LocalAddr is this side's address: a *net.TCPAddr, *net.UnixAddr or InprocAddr,
// or what an attached connection has. nng: NNG_OPT_LOCADDR.
func (p *Pipe) LocalAddr() net.Addr { return p.conn.LocalAddr() }

// RemoteAddr is the peer's address. nng: NNG_OPT_REMADDR.
func (p *Pipe) RemoteAddr() net.Addr { return p.conn.RemoteAddr() }

// URL is the URL of the pipe's dialer or listener, or "" for an attached connection.
func (p *Pipe) URL() string {
	switch {
	case p.target != nil:
		return p.target.d.url
	case p.listener != nil:
		return p.listener.url
	}
	return ""
}

// Socket is the socket that the pipe belongs to: the value that its constructor
// returns, also in a hook that runs before it has returned. nng: nng_pipe_socket.
func (p *Pipe) Socket() Socket { return p.s.public() }

// Dialer is the dialer that made the pipe, or nil. nng: nng_pipe_dialer.
func (p *Pipe) Dialer() *Dialer {
	if p.target == nil {
		return nil
	}
	return p.target.d
}

// Listener is the listener that accepted the pipe, or nil. nng: nng_pipe_listener.
func (p *Pipe) Listener() *Listener { return p.listener }

// Protocol is this side's protocol. nng: NNG_OPT_PROTO.
func (p *Pipe) Protocol() Protocol { return p.s.Protocol() }

// Peer is the protocol of the peer. nng: NNG_OPT_PEER.
func (p *Pipe) Peer() Protocol { return Protocol(p.conn.Protocol()) }

// TLS is the state of the pipe's TLS connection, with the certificates of the
// peer, or nil if it does not use TLS. Hooks can look at it to refuse a peer. nng:
// NNG_OPT_TLS_PEER_CN and its like.
func (p *Pipe) TLS() *tls.ConnectionState {
	if c, ok := p.conn.(transport.Secured); ok {
		return c.TLS()
	}
	return nil
}

// HTTPRequest is the request by which the peer connected to a listener at a ws
// or wss URL, or nil on other pipes: cookies, headers and what the program's own
// handler put into its context. It has no body. nng: NNG_OPT_WS_REQUEST_HEADERS.
func (p *Pipe) HTTPRequest() *http.Request {
	if c, ok := p.conn.(transport.Requested); ok {
		return c.HTTPRequest()
	}
	return nil
}

// Since is when the peer connected; zero while it is connecting.
func (p *Pipe) Since() time.Time {
	p.s.lock()
	defer p.s.unlock()
	return p.since
}

// Err says why the pipe ended; nil while it is connected.
func (p *Pipe) Err() error {
	if p.over.Load() {
		return p.err
	}
	return nil
}

// closing returns a channel that is closed when the end of the pipe begins.
func (p *Pipe) closing() <-chan struct{} {
	p.s.lock()
	defer p.s.unlock()
	if p.done == nil {
		p.done = make(chan struct{})
		if p.over.Load() {
			close(p.done)
		}
	}
	return p.done
}

// Stats are the pipe's counters. nng: nng_stats_get.
func (p *Pipe) Stats() PipeStats {
	p.s.lock()
	defer p.s.unlock()
	return pipeStats(p.received, &p.peer)
}

// Close disconnects the peer at once; messages that are not written yet are
// dropped and counted as Unsent. Its dialer, here or there, dials again. Close does not wait
// for the Close of a connection that the program brought, or of a transport of its own. The
// error is always nil. nng: nng_pipe_close.
func (p *Pipe) Close() error {
	p.closeWith(p.s.opError("pipe", p.URL(), ErrClosed))
	return nil
}

// Send sends body to this peer on a polyamorous Pair1, whose program chooses the peer.
// On other sockets it is the socket's Send, with its errors; ErrNotSupported where the
// socket cannot send. nng: nng_msg_set_pipe and nng_sendmsg; pynng: Pipe.send.
func (p *Pipe) Send(ctx context.Context, body []byte) error {
	if err := p.s.canSend(); err != nil {
		return p.s.opError("send", p.URL(), err)
	}
	return p.s.send(ctx, body, p)
}

// SendMsg is Send for a message, which it takes over on success; on failure m still
// belongs to the caller. It sets the message's pipe, as [Message.SetPipe] does. nng:
// nng_msg_set_pipe and nng_sendmsg.
func (p *Pipe) SendMsg(ctx context.Context, m *Message) error {
	if err := p.s.canSend(); err != nil {
		return p.s.opError("send", p.URL(), err)
	}
	if m != nil {
		m.SetPipe(p)
	}
	return p.s.sendMsg(ctx, m, false)
}

// closeWith begins the end of the pipe; the first reason counts. What the peer was asked goes
// to another one first: to close the connection may take a while. The pipe's goroutine
// notices the end, and calls disconnected. The socket is not locked.
func (p *Pipe) closeWith(why error) {
	p.once.Do(func() {
		p.err = why
		p.s.lock()
		p.over.Store(true)
		if p.done != nil {
			close(p.done)
		}
		p.wakeReaderLocked()
		p.peer.CloseOutbox()
		if p.connectedLocked() {
			p.s.detachLocked(&p.peer)
		}
		undecided := p.undecided
		p.s.unlock()
		switch {
		case undecided: // the peer is refused, and told so
		case p.foreign == "":
			p.conn.Close()
		default: // its Close may not return
			p.start(func(*task.Task) { p.conn.Close() })
		}
	})
}

// closeMalformed ends the pipe of a peer that sent a header which makes no sense.
func (p *Pipe) closeMalformed(why error) {
	p.closeWith(p.s.opError("pipe", p.URL(), errorf(ErrProtocol, "%s sent a malformed message: %w", p.name, why)))
}

// endReason explains the error of a read or write that ended the pipe.
func (p *Pipe) endReason(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF): // its text says more
	case errors.Is(err, io.EOF):
		err = errorf(ErrConnectionReset, "the peer closed the connection")
	}
	return p.s.opError("pipe", p.URL(), err)
}

// event is an event of the pipe.
func (p *Pipe) event(kind EventKind) Event {
	return Event{Kind: kind, Pipe: p.ID(), URL: p.URL(), Peer: p.name}
}

// eventOf is an event of the pipe of p; nil: of none.
func eventOf(p *sp.Peer) Event {
	if p == nil {
		return Event{}
	}
	return pipeOf(p).event(0)
}

// ofEnd is the list of the dialer or listener that made the pipe, or nil.
func (p *Pipe) ofEnd() *walked[*Pipe] {
	switch {
	case p.target != nil:
		return p.target.pipes()
	case p.listener != nil:
		return &p.listener.pipes
	}
	return nil
}

// enlistLocked adds the pipe to those of its socket and of its dialer or listener.
func (p *Pipe) enlistLocked() {
	p.place = p.s.pipes.add(p)
	if l := p.ofEnd(); l != nil {
		p.placeOfEnd = l.add(p)
	}
}

// delistLocked is the end of enlistLocked.
func (p *Pipe) delistLocked() {
	p.s.pipes.remove(p.place)
	if l := p.ofEnd(); l != nil {
		l.remove(p.placeOfEnd)
	}
}

// OnPipe calls fn at each event of that kind from now on, until remove is called. A
// socket may have any number of hooks; it calls them in the order in which they were
// added, without a lock, so that a hook may use the socket and close it. The pipe waits
// for its hooks, other pipes do not. OnPipe panics when fn is nil, or the event none of
// the three. nng: nng_pipe_notify.
func (s *socket) OnPipe(event PipeEvent, fn func(*Pipe)) (remove func()) {
	if err := checkHook("OnPipe", event, fn == nil); err != nil {
		panic("gonng: " + err.Error())
	}
	s.lock()
	defer s.unlock()
	s.hooks[event] = s.hooks[event].with(&fn)
	return func() {
		s.lock()
		defer s.unlock()
		s.hooks[event] = s.hooks[event].without(&fn)
	}
}

// runHooks calls the hooks of event for p, on the goroutine t.
func (s *socket) runHooks(t *task.Task, event PipeEvent, p *Pipe) {
	s.lock()
	list := s.hooks[event]
	s.unlock()
	t.Hook(true)
	defer t.Hook(false)
	list.call(p)
}

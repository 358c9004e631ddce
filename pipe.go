package gonng

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"

	"github.com/gonng/gonng/transport"
)

// Pipe is one connection to one peer. A socket makes its pipes by itself, as
// its dialers and listeners connect; a program meets them in hooks, in
// [Message.Pipe] and in [Socket.Pipes]. nng: nng_pipe; pynng: Pipe.
type Pipe struct {
	s        *socket
	id       uint32
	conn     transport.Conn
	dialer   *Dialer
	listener *Listener
	url      string

	out      outbox
	in       inbox                 // guarded by s.mu
	inline   sync.Mutex            // held while a sender writes; at the end of the pipe it says what was written
	reading  sync.Mutex            // held while the connection is read, and what was read delivered
	arrived  []transport.Message   // what was read; guarded by reading
	polled   transport.TryReader   // how a receiver reads on by itself, or nil
	lendable transport.Interrupter // how one that waits reads by itself, see loan; or nil
	ahead    bool                  // reading should let the receiver run, while what was read is in the cache; guarded by reading
	at       place                 // guarded by s.mu

	stats PipeStats // guarded by s.mu

	once sync.Once
	err  error         // why the pipe ended; set before done is closed
	done chan struct{} // closed when the pipe ends

	room chan struct{} // wakes the reader after a pause; nil for a transport.Direct
	next *Pipe         // chain of pipes to flush; belongs to whoever has the writing token
}

// place is where a pipe stands in its socket's lists.
type place struct {
	connected bool    // counts for WaitPeers and is in Pipes
	queued    bool    // in the fair queue
	nextReady *Pipe   // behind it in the fair queue
	slow      episode // of messages that it had no room for
}

func newPipe(s *socket, conn transport.Conn, d *Dialer, l *Listener, url string) *Pipe {
	p := &Pipe{s: s, id: s.newPipeID(), conn: conn, dialer: d, listener: l, url: url, done: make(chan struct{})}
	cfg := s.Config()
	p.out.init(conn, s.sendLimit(&cfg))
	return p
}

// ID is the pipe's number, unique among the pipes of its socket, never 0 and
// below 2^31. nng: nng_pipe_id.
func (p *Pipe) ID() uint32 { return p.id }

// LocalAddr is this side's address: a *net.TCPAddr, *net.UnixAddr or InprocAddr,
// or what an attached connection has. nng: NNG_OPT_LOCADDR.
func (p *Pipe) LocalAddr() net.Addr { return p.conn.LocalAddr() }

// RemoteAddr is the peer's address. nng: NNG_OPT_REMADDR.
func (p *Pipe) RemoteAddr() net.Addr { return p.conn.RemoteAddr() }

// URL is the URL of the pipe's dialer or listener, or "" for an attached connection.
func (p *Pipe) URL() string { return p.url }

// Dialer is the dialer that made the pipe, or nil.
func (p *Pipe) Dialer() *Dialer { return p.dialer }

// Listener is the listener that accepted the pipe, or nil.
func (p *Pipe) Listener() *Listener { return p.listener }

// Protocol is this side's protocol.
func (p *Pipe) Protocol() Protocol { return p.s.protocol }

// Peer is the protocol of the peer.
func (p *Pipe) Peer() Protocol { return Protocol(p.conn.Protocol()) }

// TLS is the state of the pipe's TLS connection, with the certificates of the
// peer, or nil if it does not use TLS. Hooks can look at it to refuse a peer.
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

// Err says why the pipe ended; nil while it is connected.
func (p *Pipe) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Close disconnects the peer at once; messages that are not written yet are
// dropped and counted as Unsent. Its dialer, here or there, dials again. The
// error is always nil. nng: nng_pipe_close.
func (p *Pipe) Close() error {
	p.finish(p.s.opError("pipe", p.url, ErrClosed))
	return nil
}

// Send sends body to this peer, as far as the protocol lets a program choose:
// a polyamorous Pair1. Elsewhere it is the socket's Send. pynng: Pipe.send.
func (p *Pipe) Send(ctx context.Context, body []byte) error {
	if p.s.out == nil {
		return p.s.opError("send", p.url, errNeverSends)
	}
	return p.s.out.send(ctx, body, p)
}

// SendMsg is Send for a message, which it takes over on success. It sets the
// message's pipe, as [Message.SetPipe] does.
func (p *Pipe) SendMsg(ctx context.Context, m *Message) error {
	if p.s.out == nil {
		return p.s.opError("send", p.url, errNeverSends)
	}
	m.SetPipe(p)
	return p.s.out.SendMsg(ctx, m)
}

// finish ends the pipe; the first reason counts. Its goroutine does the rest.
// s.mu is not held.
func (p *Pipe) finish(why error) {
	p.once.Do(func() {
		p.err = why
		close(p.done)
		p.s.mu.Lock()
		p.out.close()
		p.s.mu.Unlock()
		p.conn.Close()
	})
}

// lost is why the pipe ended, in words for the program.
func (p *Pipe) lost(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF): // says what was unexpected
	case errors.Is(err, io.EOF):
		err = errorf(ErrConnectionReset, "the peer closed the connection")
	}
	return p.s.opError("pipe", p.url, err)
}

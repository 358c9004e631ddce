package gonng

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"syscall"
	"time"

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
		return p.s.opError("send", p.url, ErrNotSupported)
	}
	return p.s.out.send(ctx, body, p)
}

// SendMsg is Send for a message, which it takes over on success. It sets the
// message's pipe, as [Message.SetPipe] does.
func (p *Pipe) SendMsg(ctx context.Context, m *Message) error {
	if p.s.out == nil {
		return p.s.opError("send", p.url, ErrNotSupported)
	}
	m.SetPipe(p)
	return p.s.out.SendMsg(ctx, m)
}

// run starts to read the peer.
func (p *Pipe) run() {
	if direct, ok := p.conn.(transport.Direct); ok {
		direct.Receive(p.deliver, func(err error) {
			// On a goroutine of its own: this one belongs to the peer's socket.
			p.s.tasks.start(func(t *task) {
				p.finish(p.lost(err))
				p.s.removePipe(t, p)
			})
		})
		return
	}
	p.room = make(chan struct{}, 1)
	p.polled, _ = p.conn.(transport.TryReader)
	p.lendable, _ = p.conn.(transport.Interrupter)
	p.s.tasks.start(p.read)
}

// read is the goroutine of the pipe.
func (p *Pipe) read(t *task) {
	for {
		more, err := p.readBatch()
		if !more {
			select {
			case <-p.room:
			case <-p.done:
			}
		}
		if err != nil {
			p.finish(p.lost(err))
			p.s.removePipe(t, p)
			return
		}
		if p.ahead {
			runtime.Gosched()
		}
	}
}

// readBatch waits for messages and delivers them. It reports whether more is
// welcome.
func (p *Pipe) readBatch() (more bool, err error) {
	p.reading.Lock()
	defer p.reading.Unlock()
	p.arrived, err = p.conn.Read(p.arrived[:0])
	return p.deliverArrived(), err
}

// refill is for a receiver that has taken the last message of a paused pipe. It
// reads on by itself as long as there is something to read; only the waiting is
// left to the pipe's goroutine.
func (p *Pipe) refill() {
	p.reading.Lock()
	defer p.reading.Unlock()
	p.arrived = p.polled.TryRead(p.arrived[:0])
	if len(p.arrived) > 0 {
		p.deliverArrived()
		return
	}
	p.s.mu.Lock()
	p.resume()
	p.s.mu.Unlock()
}

func (p *Pipe) deliverArrived() (more bool) {
	more = len(p.arrived) == 0 || p.deliver(p.arrived)
	if cap(p.arrived) > keepItems {
		p.arrived = nil
	}
	return more
}

// deliver passes a batch on and reports whether more is welcome; if not,
// resume will tell.
func (p *Pipe) deliver(batch []transport.Message) bool {
	count, bytes := uint64(len(batch)), bytesIn(batch)
	p.s.mu.Lock()
	defer p.s.unlock()
	p.s.stats.Received += count
	p.s.stats.ReceivedBytes += bytes
	p.stats.Received += count
	p.stats.ReceivedBytes += bytes
	if p.s.closed {
		release(batch)
		return true
	}
	lone := p.borrower(len(batch))
	more := p.s.pattern.deliver(p, batch)
	p.in.paused = p.in.paused || !more
	switch {
	case !more && p.s.loan.pipe == p:
		p.s.loan.pipe = nil // it is paused now
	case lone != nil && lone.list == nil && !p.in.paused:
		p.s.lend(p)
		return false
	}
	return more
}

func release(batch []transport.Message) {
	for _, m := range batch {
		m.Release()
	}
}

// resume lets reading go on after deliver has said no. s.mu is held.
func (p *Pipe) resume() {
	if !p.in.paused {
		return
	}
	p.in.paused = false
	if p.s.loan.pipe == p {
		p.s.loan.pipe = nil
	}
	if p.room == nil {
		p.conn.(transport.Direct).Resume()
		return
	}
	select {
	case p.room <- struct{}{}:
	default:
	}
}

// flush writes what is pending; the caller has the writing token and must not
// hold s.mu.
func (p *Pipe) flush(inline bool) {
	if !inline || !p.writeInline() {
		p.kick()
	}
}

// writeInline writes without waiting and reports whether that was all, or failed.
func (p *Pipe) writeInline() bool {
	p.inline.Lock()
	defer p.inline.Unlock()
	if !p.take() {
		return true
	}
	done, err := p.conn.TryWrite(p.out.current)
	if err != nil {
		p.writeFailed(err)
		return true
	}
	return done && !p.take()
}

// kick passes the writing token to the writer goroutine, which exists from the
// first time that there is something to gather. It never blocks: there is one
// token.
func (p *Pipe) kick() {
	if p.out.kick == nil {
		p.s.mu.Lock()
		p.out.kick, p.out.ended = make(chan struct{}, 1), make(chan struct{})
		p.s.mu.Unlock()
		p.s.tasks.start(p.write)
	}
	p.out.kick <- struct{}{}
}

// write is the writer goroutine.
func (p *Pipe) write(*task) {
	defer close(p.out.ended)
	for {
		select {
		case <-p.out.kick:
		case <-p.done:
			return
		}
		runtime.Gosched() // those who are about to send, too, share the write
		for p.out.current.Len() > 0 || p.take() {
			if err := p.conn.Write(p.out.current); err != nil {
				p.writeFailed(err)
				return
			}
		}
		p.s.wrote()
	}
}

// join waits until nobody writes any more. The connection is closed: it is soon.
func (p *Pipe) join() {
	p.inline.Lock()
	defer p.inline.Unlock()
	p.s.mu.Lock()
	writer := p.out.ended
	p.s.mu.Unlock()
	if writer != nil {
		<-writer
	}
}

// take is outbox.take; it tells the pattern when somebody waits for room.
func (p *Pipe) take() bool {
	p.s.mu.Lock()
	work := p.out.take()
	if work && p.out.wanted {
		p.out.wanted = false
		p.s.pattern.writable(p)
	}
	p.s.unlock()
	return work
}

// parted says goodbye to the peer and reports whether to wait for its answer.
// Where nothing was sent there is nothing to lose.
func (p *Pipe) parted() bool {
	f, ok := p.conn.(transport.Finisher)
	return ok && p.Stats().Sent > 0 && f.Finish()
}

// writeFailed ends the pipe, but lets the reader finish when it was the peer
// who went: what the peer sent before is still to be received. That may take as
// long as the program likes, and meanwhile another may take the peer's place.
func (p *Pipe) writeFailed(err error) {
	_, direct := p.conn.(transport.Direct)
	gone := !direct && (errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET))
	p.s.mu.Lock()
	p.out.failed()
	if gone {
		p.s.pattern.detach(p)
	}
	p.s.unlock()
	if !gone {
		p.finish(p.lost(err))
	} else if yes, known := p.hungUp(); known && !yes {
		p.s.tasks.start(func(*task) { p.notRead(err) })
	}
}

// hungUp reports whether nothing more comes from the peer; see transport.Prober.
func (p *Pipe) hungUp() (yes, known bool) {
	c, ok := p.conn.(transport.Prober)
	if !ok {
		return false, false
	}
	return c.HungUp()
}

// notRead ends the pipe of a peer that reads no more, unless it turns out to
// have gone altogether: then the reader finds the end by itself.
func (p *Pipe) notRead(err error) {
	grace := time.NewTimer(time.Second)
	defer grace.Stop()
	select {
	case <-p.done:
		return
	case <-grace.C:
	}
	if yes, _ := p.hungUp(); !yes {
		p.finish(p.lost(because(ErrConnectionReset, "the peer has stopped reading: %w", err)))
	}
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
		err = because(ErrConnectionReset, "the peer closed the connection")
	}
	return p.s.opError("pipe", p.url, err)
}

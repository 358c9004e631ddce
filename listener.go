package gonng

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/internal/task"
	"github.com/gonng/gonng/transport"
)

// Listener accepts connections at one address. nng: nng_listener; pynng:
// Listener.
type Listener struct {
	s      *socket
	to     endpointURL
	l      transport.Listener
	ctx    context.Context
	cancel context.CancelFunc
	once   sync.Once

	foreign string // whose the listener and its connections are, see endpointURL.foreign

	telling  sync.Mutex      // held while the transport is told of new options, before the socket's lock
	own      settings        // the options of this listener alone; guarded by the socket's lock
	cfg      Config          // guarded by the socket's lock
	stats    ConnectStats    // guarded by the socket's lock
	closed   bool            // by Close: no more pipes; guarded by the socket's lock
	refusals episodes[Error] // guarded by the socket's lock
	peers    int             // places taken by peers; guarded by the socket's lock
	pipes    walked[*Pipe]   // guarded by the socket's lock
}

// Listen accepts connections at url. See [Socket].
func (s *socket) Listen(ctx context.Context, url string, opts ...ListenOption) (*Listener, error) {
	l, err := s.listen(ctx, url, opts)
	return l, s.opError("listen", url, err)
}

// ListenOn accepts connections from a listener of the program's. See [Socket].
func (s *socket) ListenOn(nl net.Listener, opts ...ListenOption) (*Listener, error) {
	if nl == nil {
		return nil, s.opError("listen", "", errorf(ErrInvalid, "the listener is nil"))
	}
	url := stream.URL(nl.Addr())
	scheme, _, _ := strings.Cut(url, "://")
	l, err := s.newListener(boundURL(scheme), opts)
	if err != nil {
		nl.Close()
		return nil, s.opError("listen", url, err)
	}
	switch nl.(type) {
	case *net.TCPListener, *net.UnixListener: // their calls end on Close
	default:
		l.foreign = "the listener given to ListenOn at " + url + ", or a connection of it,"
	}
	if err := l.accept(stream.Listen(nl, l.transportConfig())); err != nil {
		return nil, s.opError("listen", url, err)
	}
	return l, nil
}

func (s *socket) listen(ctx context.Context, url string, opts []ListenOption) (*Listener, error) {
	to, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	l, err := s.newListener(to, opts)
	if err != nil {
		return nil, err
	}
	l.foreign = to.foreign(url)
	tl, err := to.listen(ctx, l.transportConfig())
	if err = classify(err); errors.Is(err, ErrAddressInUse) && to.knows(transport.OptTCPNoDelay) {
		err = fmt.Errorf("%w; another socket or program listens there: end it, or listen at port 0, for which the system chooses a free one", err)
	}
	if err != nil {
		return nil, err
	}
	if err := l.accept(tl); err != nil {
		return nil, err
	}
	return l, nil
}

// newListener makes a listener that is not bound yet.
func (s *socket) newListener(to endpointURL, opts []ListenOption) (*Listener, error) {
	own, err := endSettings(s, to, opts)
	if err != nil {
		return nil, err
	}
	cfg := s.Config()
	own.apply(&cfg)
	return &Listener{s: s, to: to, own: own, cfg: cfg}, nil
}

// transportConfig is what the transport gets to know when it binds.
func (l *Listener) transportConfig() *transport.Config { return l.cfg.transport(l.s.Protocol()) }

// accept starts to accept from the bound listener.
func (l *Listener) accept(tl transport.Listener) error {
	l.l = tl
	l.ctx, l.cancel = l.s.untilStop()
	if err := l.s.addListener(l); err != nil {
		l.cancel()
		tl.Close()
		return err
	}
	if err := l.inherit(); err != nil { // options that were set while the address was bound
		l.close()
		return err
	}
	l.start(l.run)
	return nil
}

func (s *socket) addListener(l *Listener) error {
	s.lock()
	defer s.unlock()
	if err := s.endedLocked(); err != nil {
		return err
	}
	s.listeners = append(s.listeners, l)
	return nil
}

func (s *socket) removeListener(l *Listener) {
	s.lock()
	defer s.unlock()
	s.listeners = slices.DeleteFunc(s.listeners, func(x *Listener) bool { return x == l })
}

// Socket is the socket that the listener belongs to: the value that its constructor
// returns. pynng: Listener.socket.
func (l *Listener) Socket() Socket { return l.s.public() }

// URL is the URL to dial, with the real port if the listener was given port 0. pynng:
// Listener.url.
func (l *Listener) URL() string { return l.l.URL() }

// Addr is the bound address: a *net.TCPAddr, *net.UnixAddr or InprocAddr, or what
// the listener given to ListenOn has. nng: NNG_OPT_LOCADDR; pynng: local_address.
func (l *Listener) Addr() net.Addr { return l.l.Addr() }

// Handler makes peers of the requests that an HTTP server of the program receives, at
// any path; nil unless the listener's URL is ws or wss. A handler around it can decide
// who may connect, by authentication for instance. The handler returns when the peer
// has connected or was refused, and the connection goes on. A listener at ws:///, which
// binds nothing, has its peers from the handler only; one at another URL has peers from
// both.
//
//	l, err := pub.Listen(ctx, "ws:///")
//	…
//	mux.Handle("/prices", signedIn(l.Handler()))
//	mux.Handle("/sp.js", spjs.Script)
//
// A web page of the same origin connects by sp.js of package spjs:
//
//	import { Sub, text } from '/sp.js'
//	for await (const m of new Sub('/prices', { topics: 'EUR' })) console.log(text(m))
//
// or without it. The subprotocol is named after the listener's protocol, followed by
// .sp.nanomsg.org; messages are binary, with the header of the protocol in front, and
// pub, push, pull, pair and bus have none:
//
//	const ws = new WebSocket('wss://example.com/prices', ['pub.sp.nanomsg.org'])
//	ws.binaryType = 'arraybuffer'
//	ws.onmessage = e => console.log(new TextDecoder().decode(e.data))
//
// A page of another origin is refused unless [WithCheckOrigin] lets it in.
func (l *Listener) Handler() http.Handler {
	h, _ := l.l.(http.Handler)
	return h
}

// Pipes are the listener's connections.
func (l *Listener) Pipes() []*Pipe { return l.s.snapshot(&l.pipes) }

// Stats are the listener's counters. nng: nng_stats_get.
func (l *Listener) Stats() ConnectStats {
	l.s.lock()
	defer l.s.unlock()
	return l.stats
}

// Close stops accepting and disconnects the peers that were accepted, at once,
// as [Pipe.Close] does. The error is that of closing what listens, such as a net.Listener
// given to ListenOn; it wraps [ErrTimeout] when that, or a function of the program's TLS
// configuration, does not end within half a second. nng: nng_listener_close; pynng:
// Listener.close.
func (l *Listener) Close() error {
	err := l.closeInTime()
	l.s.lock()
	l.closed = true
	pipes := l.pipes.all() // also those whose hooks still run
	l.s.unlock()
	task.AtOnce(pipes, func(p *Pipe) { p.closeWith(l.s.opError("listen", l.URL(), ErrClosed)) })
	return err
}

// stop is close by the socket's Close, which does not wait for a foreign one now: when the
// linger is over, it waits a moment more for all that is foreign.
func (l *Listener) stop() {
	foreign := l.foreignHandshakes()
	if foreign == "" {
		l.close()
		return
	}
	l.s.tasks.Start(foreign, func(*task.Task) { l.close() })
}

// closeInTime is close, which waits no longer than endTime for what is foreign.
func (l *Listener) closeInTime() error {
	foreign := l.foreignHandshakes()
	if foreign == "" {
		return l.close()
	}
	closed := make(chan error, 1)
	l.s.tasks.Start(foreign, func(*task.Task) { closed <- l.close() })
	select {
	case err := <-closed:
		return err
	case <-time.After(endTime):
		return l.s.opError("close", l.URL(), errorf(ErrTimeout, "%s", breaksContract(foreign)))
	}
}

// foreignHandshakes names what of a handshake is not gonng's, see endpointURL.foreign.
func (l *Listener) foreignHandshakes() string {
	url := l.URL()
	l.s.lock()
	defer l.s.unlock()
	return cmp.Or(l.foreign, l.cfg.functionOfTLS(url))
}

func (l *Listener) close() (err error) {
	l.once.Do(func() {
		l.cancel()
		err = l.l.Close()
		l.s.removeListener(l)
	})
	return l.s.opError("close", l.URL(), err)
}

// run is the goroutine that accepts. It starts a goroutine for each peer, so that no
// handshake holds up another.
func (l *Listener) run(*task.Task) {
	failing := false
	for {
		peer, err := l.l.Accept()
		switch {
		case err == nil:
			failing = false
			l.s.tasks.Start(l.foreignHandshakes(), func(t *task.Task) { l.introduce(t, peer) })
			continue
		case l.ctx.Err() != nil:
			return
		case !failing: // out of descriptors, for instance: it may pass
			failing = true
			l.s.log(slog.LevelError, "cannot accept, trying again", "url", l.URL(), "error", err)
		}
		pause := time.NewTimer(acceptPause)
		select {
		case <-pause.C:
		case <-l.ctx.Done():
			pause.Stop()
			return
		}
	}
}

// acceptPause is the pause after an Accept that failed.
const acceptPause = 50 * time.Millisecond

// introduce makes a peer of an accepted connection. The listener answers last, so that
// the peer's Dial returns when the listener has taken or refused it.
func (l *Listener) introduce(t *task.Task, in transport.Incoming) {
	remote := peerName(in) // the kernel knows it only while the peer is connected
	ctx, cancel := context.WithTimeout(l.ctx, handshakeTimeout)
	defer cancel()
	if err := l.take(ctx, t, in); err != nil && l.ctx.Err() == nil {
		l.logRefusal(remote, classify(err))
	}
}

// take hears the peer, decides over it, answers and attaches it, in this order.
func (l *Listener) take(ctx context.Context, t *task.Task, in transport.Incoming) error {
	d, decides := in.(transport.Decider)
	hear := in.Handshake
	if decides {
		hear = d.Hear
	}
	conn, err := l.hear(hear)
	if err != nil {
		l.notIntroduced(err)
		return err
	}
	p := &Pipe{s: l.s, conn: conn, listener: l, url: l.URL(), foreign: l.foreign, undecided: decides}
	p.init(l.priority())
	if !decides {
		return p.add(ctx, t)
	}
	err = p.admit(ctx, t)
	if err == nil {
		if err = p.decided(ctx); err != nil {
			p.abandon()
		}
	}
	if err != nil {
		return p.refuse(err, d.Refuse)
	}
	if err := d.Answer(ctx); err != nil {
		p.abandon()
		l.notIntroduced(err)
		p.closeWith(err)
		return err
	}
	if err := p.attach(t); err != nil {
		p.abandon()
		return p.refuse(err, nil)
	}
	return nil
}

// priority is that of the peers to come.
func (l *Listener) priority() int {
	l.s.lock()
	defer l.s.unlock()
	return l.cfg.Priority
}

// hear waits for what the peer says of itself. The transport bounds that, and says how
// much was missing; the context is for one that does not.
func (l *Listener) hear(hear func(context.Context) (transport.Conn, error)) (transport.Conn, error) {
	ctx, cancel := context.WithTimeout(l.ctx, handshakeTimeout+time.Second)
	defer cancel()
	return hear(ctx)
}

// decided is the end of the time in which a hook can refuse the peer. It reports why the
// peer is not taken although it was admitted.
func (p *Pipe) decided(ctx context.Context) error {
	p.s.lock()
	p.undecided = false
	p.s.unlock()
	switch {
	case p.Err() != nil: // a hook has left that to a goroutine
		return errRefusedByHook
	case ctx.Err() != nil:
		return errorf(ErrTimeout, "the decision over the peer took longer than %v", handshakeTimeout)
	}
	return nil
}

// reserveLocked takes one of the places that the listener has for peers.
func (l *Listener) reserveLocked() error {
	if max := l.cfg.MaxPeers; max > 0 && l.peers >= max {
		return errorf(ErrBusy, "the listener has its %d peers (WithMaxPeers)", max)
	}
	l.peers++
	return nil
}

func (l *Listener) giveBackLocked() { l.peers-- }

func (l *Listener) closedLocked() bool { return l.closed }

// logRefusal tells Events of the first refusal of its kind in an episode, and logs it
// as a warning, and the others for debugging. The kind does not depend on what the peer has sent.
func (l *Listener) logRefusal(remote string, why error) {
	l.s.lock()
	first, before, count := l.refusals.add(kindIn(why))
	l.s.unlock()
	if first {
		l.s.happens(Event{Kind: EventRefused, URL: l.URL(), Peer: remote, Err: shortened(why), Count: uint64(before)})
	}
	level, which := slog.LevelDebug, "count"
	if first && !errors.Is(why, transport.ErrSilent) { // a health probe is not worth a warning
		level, which, count = slog.LevelWarn, "earlier", before // those that were not warned of
	}
	l.s.log(level, "peer not accepted", "url", l.URL(), "peer", remote, "error", shortened(why), which, count)
}

// notIntroduced counts a peer whose handshake failed, unless the listener has ended it.
func (l *Listener) notIntroduced(why error) {
	if l.ctx.Err() != nil {
		return
	}
	l.s.lock()
	defer l.s.unlock()
	l.countLocked(func(st *ConnectStats) { st.notIntroduced(why) })
}

// countLocked counts for the listener and the socket.
func (l *Listener) countLocked(event func(*ConnectStats)) {
	event(&l.stats)
	l.s.countLocked(event)
}

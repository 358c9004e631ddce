package gonng

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	url    string // of l
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
	l.l, l.url = tl, tl.URL()
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
func (l *Listener) URL() string { return l.url }

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
func (l *Listener) stop() { l.startClose() }

// closeInTime is close, which waits no longer than endTime for what is foreign.
func (l *Listener) closeInTime() error {
	foreign, closed := l.startClose()
	select {
	case err := <-closed:
		return err
	case <-time.After(endTime):
		return l.s.opError("close", l.URL(), errorf(ErrTimeout, "%s", breaksContract(foreign)))
	}
}

// startClose is close, on a goroutine of its own if it waits for what is foreign. closed gets
// its error.
func (l *Listener) startClose() (foreign string, closed <-chan error) {
	result := make(chan error, 1)
	if foreign = l.foreignHandshakes(); foreign == "" {
		result <- l.close()
	} else {
		l.s.tasks.Start(foreign, func(*task.Task) { result <- l.close() })
	}
	return foreign, result
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

// countLocked counts for the listener and the socket.
func (l *Listener) countLocked(event func(*ConnectStats)) {
	event(&l.stats)
	l.s.countLocked(event)
}

package gonng

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/transport"
)

// Listener accepts connections at one address. nng: nng_listener; pynng:
// Listener.
type Listener struct {
	*listenerConfig
	s    *socket
	l    transport.Listener
	ctx  context.Context
	stop context.CancelFunc
	once sync.Once

	stats    ConnectStats         // guarded by s.mu
	closed   bool                 // by Close: no more pipes; guarded by s.mu
	refusals map[refusal]*episode // guarded by s.mu
}

// Listen accepts connections at url. See [Socket].
func (s *socket) Listen(ctx context.Context, url string, opts ...ListenOption) (*Listener, error) {
	l, err := s.listen(url, opts, func(to endpointURL, cfg *transport.Config) (transport.Listener, error) {
		return to.transport.Listen(ctx, to.scheme, to.address, cfg)
	})
	return l, s.opError("listen", url, err)
}

// ListenOn accepts connections from a listener of the program's. See [Socket].
func (s *socket) ListenOn(nl net.Listener, opts ...ListenOption) (*Listener, error) {
	if nl == nil {
		return nil, s.opError("listen", "", because(ErrInvalid, "the listener is nil"))
	}
	url := stream.URL(nl.Addr())
	scheme, _, _ := strings.Cut(url, "://")
	cfg, err := s.listenConfig(opts, endpointURL{bound{builtin[scheme]}, scheme, ""})
	if err != nil {
		nl.Close()
		return nil, s.opError("listen", url, err)
	}
	l, err := s.accept(stream.Listen(nl, cfg.cfg.transport(s.protocol)), cfg)
	return l, s.opError("listen", url, err)
}

// bound is the transport of a listener that the program made: it is too late to
// say who may connect.
type bound struct{ transport.Transport }

func (b bound) Options() transport.Options {
	return b.Transport.Options() & (transport.OptTCPNoDelay | transport.OptTCPKeepAlive)
}

func (s *socket) listen(url string, opts []ListenOption, bind func(endpointURL, *transport.Config) (transport.Listener, error)) (*Listener, error) {
	to, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	cfg, err := s.listenConfig(opts, to)
	if err != nil {
		return nil, err
	}
	l, err := bind(to, cfg.cfg.transport(s.protocol))
	if err != nil {
		return nil, err
	}
	return s.accept(l, cfg)
}

// accept starts to accept from a bound listener.
func (s *socket) accept(tl transport.Listener, cfg *listenerConfig) (*Listener, error) {
	l := &Listener{s: s, l: tl, listenerConfig: cfg}
	l.ctx, l.stop = context.WithCancel(s.stop)
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.listeners = append(s.listeners, l)
	}
	s.mu.Unlock()
	if closed {
		l.stop()
		tl.Close()
		return nil, errSocketClosed
	}
	l.inherit() // what was set while it was bound
	s.tasks.start(l.run)
	return l, nil
}

// URL is where to dial, with the real port where the listener was given port
// 0. pynng: Listener.url.
func (l *Listener) URL() string { return l.l.URL() }

// Addr is the bound address: a *net.TCPAddr, *net.UnixAddr or InprocAddr, or what
// the listener given to ListenOn has.
func (l *Listener) Addr() net.Addr { return l.l.Addr() }

// Handler makes peers of the requests of an HTTP server of the program's, at
// whatever path it is mounted; nil unless the listener's URL is ws or wss. Who
// may connect is decided before it is called: by authentication, say, in a
// handler around it. The handler returns when the peer has connected, and the
// connection goes on. A listener at ws:///, which binds nothing, has its peers
// from here only; one at another URL from both.
func (l *Listener) Handler() http.Handler {
	h, _ := l.l.(http.Handler)
	return h
}

// Pipes are the listener's connections.
func (l *Listener) Pipes() []*Pipe {
	return slices.DeleteFunc(l.s.Pipes(), func(p *Pipe) bool { return p.listener != l })
}

// Close stops accepting and disconnects the peers that were accepted, at once,
// as [Pipe.Close] does. nng: nng_listener_close.
func (l *Listener) Close() error {
	err := l.close()
	l.s.mu.Lock()
	l.closed = true
	pipes := slices.Clone(l.s.pipes) // also those that hooks still look at
	l.s.mu.Unlock()
	for _, p := range pipes {
		if p.listener == l {
			p.finish(l.s.opError("listen", l.URL(), ErrClosed))
		}
	}
	return err
}

func (l *Listener) close() (err error) {
	l.once.Do(func() {
		l.stop()
		err = l.l.Close()
		l.s.mu.Lock()
		l.s.listeners = slices.DeleteFunc(l.s.listeners, func(x *Listener) bool { return x == l })
		l.s.mu.Unlock()
	})
	return l.s.opError("close", l.URL(), err)
}

// run is the goroutine that accepts. It waits for nobody's handshake.
func (l *Listener) run(*task) {
	failing := false
	for {
		peer, err := l.l.Accept()
		switch {
		case err == nil:
			failing = false
			l.s.tasks.start(func(t *task) { l.introduce(t, peer) })
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

// acceptPause keeps an accept that fails from spinning.
const acceptPause = 50 * time.Millisecond

// introduce makes a peer of an accepted connection.
func (l *Listener) introduce(t *task, peer transport.Incoming) {
	remote := peer.RemoteAddr().String()
	conn, err := peer.Handshake(l.ctx)
	if err == nil {
		_, err = l.s.addPipe(t, newPipe(l.s, conn, nil, l, l.URL()))
	} else if l.ctx.Err() == nil {
		l.notIntroduced(err)
	}
	if err != nil && l.ctx.Err() == nil {
		l.logRefusal(remote, classify(err))
	}
}

// refusal is of whom and why: a peer that is refused comes again and again, from
// another port each time.
type refusal struct{ host, reason string }

// refusalsKept bounds what strangers can make a listener remember.
const refusalsKept = 100

// logRefusal logs the first refusal of an episode for people, the others for those
// who debug.
func (l *Listener) logRefusal(remote string, why error) {
	key := refusal{remote, strings.ReplaceAll(why.Error(), remote, "")}
	if host, _, err := net.SplitHostPort(remote); err == nil {
		key.host = host
	}
	level := slog.LevelDebug
	l.s.mu.Lock()
	e := l.refusals[key]
	if e == nil {
		if l.refusals == nil || len(l.refusals) == refusalsKept {
			l.refusals = make(map[refusal]*episode)
		}
		e = new(episode)
		l.refusals[key] = e
	}
	if e.begins() {
		level = slog.LevelWarn
	}
	l.s.mu.Unlock()
	l.s.log(level, "peer not accepted", "url", l.URL(), "peer", remote, "error", why)
}

// notIntroduced counts a peer whose handshake failed.
func (l *Listener) notIntroduced(why error) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	for _, st := range []*ConnectStats{&l.s.stats.ConnectStats, &l.stats} {
		if errors.Is(why, transport.ErrWrongPeer) {
			st.refused(classify(why))
		} else {
			st.HandshakeErrors++
		}
	}
}

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
	"github.com/gonng/gonng/internal/task"
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

	stats    ConnectStats       // guarded by the socket's lock
	closed   bool               // by Close: no more pipes; guarded by the socket's lock
	refusals map[Error]*episode // guarded by the socket's lock
	peers    int                // places taken by peers; guarded by the socket's lock
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
		return nil, s.opError("listen", "", errorf(ErrInvalid, "the listener is nil"))
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

// bound is the transport of a listener that the program made. It is bound already, so
// options about binding come too late.
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
	s.lock()
	closed := s.closed
	if !closed {
		s.listeners = append(s.listeners, l)
	}
	s.unlock()
	if closed {
		l.stop()
		tl.Close()
		return nil, errSocketClosed
	}
	l.inherit() // options that were set while the address was bound
	s.tasks.Start(taskName(l.URL()), l.run)
	return l, nil
}

// Socket is the socket that the listener belongs to: the value that its constructor
// returns.
func (l *Listener) Socket() Socket { return l.s.self }

// URL is the URL to dial, with the real port if the listener was given port 0. pynng:
// Listener.url.
func (l *Listener) URL() string { return l.l.URL() }

// Addr is the bound address: a *net.TCPAddr, *net.UnixAddr or InprocAddr, or what
// the listener given to ListenOn has.
func (l *Listener) Addr() net.Addr { return l.l.Addr() }

// Handler makes peers of the requests that an HTTP server of the program receives, at
// any path; nil unless the listener's URL is ws or wss. A handler around it can decide
// who may connect, by authentication for instance. The handler returns when the peer
// has connected or was refused, and the connection goes on. A listener at ws:///, which
// binds nothing, has its peers from the handler only; one at another URL has peers from
// both.
func (l *Listener) Handler() http.Handler {
	h, _ := l.l.(http.Handler)
	return h
}

// Pipes are the listener's connections.
func (l *Listener) Pipes() []*Pipe {
	return slices.DeleteFunc(l.s.Pipes(), func(p *Pipe) bool { return p.listener != l })
}

// Stats are the listener's counters.
func (l *Listener) Stats() ConnectStats {
	l.s.lock()
	defer l.s.unlock()
	return l.stats
}

// Close stops accepting and disconnects the peers that were accepted, at once,
// as [Pipe.Close] does. nng: nng_listener_close.
func (l *Listener) Close() error {
	err := l.close()
	l.s.lock()
	l.closed = true
	pipes := l.s.pipes.where(func(p *Pipe) bool { return p.listener == l }) // also those whose hooks still run
	l.s.unlock()
	atOnce(pipes, func(p *Pipe) { p.closeWith(l.s.opError("listen", l.URL(), ErrClosed)) })
	return err
}

func (l *Listener) close() (err error) {
	l.once.Do(func() {
		l.stop()
		err = l.l.Close()
		l.s.lock()
		l.s.listeners = slices.DeleteFunc(l.s.listeners, func(x *Listener) bool { return x == l })
		l.s.unlock()
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
			l.s.tasks.Start(taskName(l.URL()), func(t *task.Task) { l.introduce(t, peer) })
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
	cfg := l.Config()
	ctx, cancel := context.WithTimeout(l.ctx, cfg.handshakeTimeout)
	defer cancel()
	if err := l.take(ctx, t, in, &cfg); err != nil && l.ctx.Err() == nil {
		l.logRefusal(remote, classify(err))
	}
}

// take hears the peer, decides over it, answers and attaches it, in this order.
func (l *Listener) take(ctx context.Context, t *task.Task, in transport.Incoming, cfg *Config) error {
	d, decides := in.(transport.Decider)
	hear := in.Handshake
	if decides {
		hear = d.Hear
	}
	conn, err := l.hear(hear, cfg)
	if err != nil {
		if l.ctx.Err() == nil {
			l.notIntroduced(err)
		}
		return err
	}
	p := newPipe(l.s, conn, nil, l, l.URL(), cfg)
	if !decides {
		return l.s.addPipe(ctx, t, p)
	}
	p.undecided = true
	err = l.s.admit(ctx, t, p)
	if err == nil {
		if err = p.decided(ctx, cfg); err != nil {
			l.s.abandon(p)
		}
	}
	if err != nil {
		return l.s.refuse(p, err, d.Refuse)
	}
	if err := d.Answer(ctx); err != nil {
		l.s.abandon(p)
		l.notIntroduced(err)
		p.closeWith(err)
		return err
	}
	if err := l.s.attach(t, p); err != nil {
		l.s.abandon(p)
		return l.s.refuse(p, err, nil)
	}
	return nil
}

// hear waits for what the peer says of itself. The transport bounds that, and says how
// much was missing; the context is for one that does not.
func (l *Listener) hear(hear func(context.Context) (transport.Conn, error), cfg *Config) (transport.Conn, error) {
	ctx, cancel := context.WithTimeout(l.ctx, cfg.handshakeTimeout+time.Second)
	defer cancel()
	return hear(ctx)
}

// decided is the end of the time in which a hook can refuse the peer. It reports why the
// peer is not taken although it was admitted.
func (p *Pipe) decided(ctx context.Context, cfg *Config) error {
	p.s.lock()
	p.undecided = false
	p.s.unlock()
	switch {
	case p.Err() != nil: // a hook has left that to a goroutine
		return errRefusedByHook
	case ctx.Err() != nil:
		return errorf(ErrTimeout, "the decision over the peer took longer than %v", cfg.handshakeTimeout)
	}
	return nil
}

// reserveLocked takes one of the places that the listener has for peers. The listener is
// nil for a pipe that has none.
func (l *Listener) reserveLocked(p *Pipe) error {
	if l == nil {
		return nil
	}
	if max := l.cfg.MaxPeers; max > 0 && l.peers >= max {
		return errorf(ErrBusy, "the listener has its %d peers (WithMaxPeers)", max)
	}
	l.peers++
	p.counted = true
	return nil
}

func (l *Listener) giveBackLocked(p *Pipe) {
	if p.counted {
		l.peers--
		p.counted = false
	}
}

// logRefusal logs the first refusal of its kind in an episode as a warning, and the
// others for debugging. The kind does not depend on what the peer has sent.
func (l *Listener) logRefusal(remote string, why error) {
	var kind Error
	errors.As(why, &kind)
	l.s.lock()
	if l.refusals == nil {
		l.refusals = make(map[Error]*episode)
	}
	e := l.refusals[kind]
	if e == nil {
		e = new(episode)
		l.refusals[kind] = e
	}
	before := e.count
	first := e.begins()
	count := e.count
	l.s.unlock()
	level := slog.LevelDebug
	if first && !errors.Is(why, transport.ErrSilent) { // a health probe is not worth a warning
		level, count = slog.LevelWarn, before
	}
	l.s.log(level, "peer not accepted", "url", l.URL(), "peer", remote, "error", loggable(why), "count", count)
}

// notIntroduced counts a peer whose handshake failed.
func (l *Listener) notIntroduced(why error) {
	l.s.lock()
	defer l.s.unlock()
	for _, st := range []*ConnectStats{&l.s.stats.ConnectStats, &l.stats} {
		if errors.Is(why, transport.ErrWrongPeer) {
			st.refused(classify(why))
		} else {
			st.HandshakeErrors++
		}
	}
}

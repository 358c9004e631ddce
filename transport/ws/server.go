package ws

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/gonng/gonng/internal/inet"
	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/transport"
)

// server is the HTTP server of one address. It lives as long as a listener is
// on it.
type server struct {
	t    *Transport
	nl   net.Listener
	http http.Server
	done chan struct{} // closed when it does not accept any more

	settings atomic.Pointer[settings]

	host string // as in URLs, with the real port

	mu      sync.Mutex
	changed sync.Cond // pending
	paths   map[string]*listener
	first   *listener // hears of those that ask for none
	pending map[*pendingConn]struct{}
}

// settings are the options that listeners of one address share: those of the first,
// or of the last that was changed.
type settings struct {
	cfg *transport.Config
	tls *tls.Config // made of it once, or no session could be resumed
}

// configure changes the settings for those that connect from now on.
func (s *server) configure(cfg *transport.Config) {
	s.settings.Store(&settings{cfg, onlyHTTP1(cfg.TLS)})
}

// bind puts l on the server of its address, and makes that if there is none.
func (t *Transport) bind(ctx context.Context, a address, l *listener) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.servers[a.network+a.hostPort()]
	if s == nil {
		nl, bound, err := inet.Listen(ctx, a.network, a.hostPort(), l.cfg.Load())
		if err != nil {
			return err
		}
		s = newServer(t, nl, bound, l.cfg.Load())
		if t.servers == nil {
			t.servers = make(map[string]*server)
		}
		for _, network := range []string{"tcp", a.network} {
			t.servers[network+bound] = s
			t.servers[network+nl.Addr().String()] = s
		}
		go s.run()
	}
	return s.add(l, a)
}

func newServer(t *Transport, nl net.Listener, host string, cfg *transport.Config) *server {
	s := &server{
		t: t, nl: nl, host: host, done: make(chan struct{}),
		paths: make(map[string]*listener), pending: make(map[*pendingConn]struct{}),
	}
	s.configure(cfg)
	s.changed.L = &s.mu
	s.http = http.Server{
		Handler:        s,
		ReadTimeout:    cfg.HandshakeTimeout,
		WriteTimeout:   cfg.HandshakeTimeout,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       log.New(logWriter{s}, "", 0),
		ConnState:      s.connState,
		ConnContext: func(ctx context.Context, nc net.Conn) context.Context {
			return context.WithValue(ctx, pendingKey{}, nc)
		},
	}
	return s
}

// logWriter passes on what package net/http says.
type logWriter struct{ s *server }

// Write implements io.Writer.
func (w logWriter) Write(line []byte) (int, error) {
	if logf := w.s.settings.Load().cfg.Logf; logf != nil {
		logf("%s", strings.TrimSuffix(string(line), "\n"))
	}
	return len(line), nil
}

// run is the goroutine that accepts.
func (s *server) run() {
	defer close(s.done)
	_ = s.http.Serve(&acceptListener{s.nl, s}) // ends when the last listener is closed
}

// add is called with the mutex of the transport held, as is remove.
func (s *server) add(l *listener, a address) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paths[l.path] != nil {
		return fmt.Errorf("path %s: %w", l.path, os.NewSyscallError("listen", syscall.EADDRINUSE))
	}
	if s.t.Secure && l.cfg.Load().TLS != s.settings.Load().cfg.TLS {
		return fmt.Errorf("%w: the listeners of %s must have the same *tls.Config", transport.ErrInvalid, s.host)
	}
	l.server, l.addr, l.url = s, s.nl.Addr(), a.at(s.host)
	s.paths[l.path] = l
	if s.first == nil {
		s.first = l
	}
	return nil
}

// remove takes a listener off, and ends with the last.
func (s *server) remove(l *listener) error {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	s.mu.Lock()
	delete(s.paths, l.path)
	if s.first == l {
		s.first = nil
		for _, s.first = range s.paths {
			break
		}
	}
	last := len(s.paths) == 0
	s.mu.Unlock()
	if !last {
		return nil
	}
	maps.DeleteFunc(s.t.servers, func(_ string, x *server) bool { return x == s })
	err := s.http.Close()
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.pending) > 0 {
		s.changed.Wait()
	}
	return err
}

// hears is the listener that hears of those that ask for none, or nil at the end.
func (s *server) hears() *listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}

// ServeHTTP passes a request on to the listener of its path.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := r.Context().Value(pendingKey{}).(*pendingConn)
	s.mu.Lock()
	delete(s.pending, p)
	s.changed.Broadcast()
	l, first := s.paths[r.URL.Path], s.first
	paths := slices.Sorted(maps.Keys(s.paths))
	s.mu.Unlock()
	r.TLS = stream.TLS(p.Conn)
	if l != nil {
		l.ServeHTTP(w, r)
		return
	}
	err := fmt.Errorf("%w: nothing at %s", transport.ErrProtocol, cut(r.URL.Path))
	_ = refuse(w, http.StatusNotFound, err)
	if first != nil {
		first.hand(&incoming{remote: remoteAddr(r), err: fmt.Errorf("%w, only at %s", err, strings.Join(paths, ", "))})
	}
}

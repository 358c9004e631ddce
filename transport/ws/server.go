//go:build !js

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

// server is the HTTP server of one address. It ends with the last of its listeners.
type server struct {
	t    *Transport
	nl   net.Listener
	http http.Server
	done chan struct{} // closed when run has returned

	settings atomic.Pointer[settings]

	host string // host and port as in URLs, with the real port

	mu      sync.Mutex
	changed sync.Cond // pending has changed
	paths   map[string]*listener
	first   *listener // gets the errors of connections that belong to no listener
	pending map[*pendingConn]struct{}
}

// settings are the options that the listeners of one address share: those of the first
// listener, or of the one whose options were changed last.
type settings struct {
	cfg *transport.Config
	tls *tls.Config // one for all connections, because it holds the keys to resume sessions
}

// configure changes the settings for the connections to come.
func (s *server) configure(cfg *transport.Config) {
	s.settings.Store(&settings{cfg, onlyHTTP1(cfg.TLS)})
}

// bind puts l on the server of its address, and makes that server if there is none.
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

// logWriter passes what package net/http logs on to the socket's log.
type logWriter struct{ s *server }

// Write implements io.Writer.
func (w logWriter) Write(line []byte) (int, error) {
	if logf := w.s.settings.Load().cfg.Logf; logf != nil {
		logf("%s", strings.TrimSuffix(string(line), "\n"))
	}
	return len(line), nil
}

// run accepts connections until the last listener is closed.
func (s *server) run() {
	defer close(s.done)
	_ = s.http.Serve(&acceptListener{s.nl, s}) // its error only says that the server is closed
}

// add puts l on the server at its path. The caller holds s.t.mu.
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

// remove takes l off. With the last listener it ends the server, and waits until its
// connections without a request have ended. A function of the program may keep those.
func (s *server) remove(l *listener) error {
	last, err := s.takeOff(l)
	if !last {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.pending) > 0 {
		s.changed.Wait()
	}
	return err
}

// takeOff takes l off, and closes the server if that was the last listener.
func (s *server) takeOff(l *listener) (last bool, err error) {
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
	last = len(s.paths) == 0
	s.mu.Unlock()
	if last {
		maps.DeleteFunc(s.t.servers, func(_ string, x *server) bool { return x == s })
		err = s.http.Close()
		<-s.done
	}
	return last, err
}

// firstListener returns server.first; nil: the server has no listener any more.
func (s *server) firstListener() *listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}

// ServeHTTP implements http.Handler. It passes a request on to the listener of its path. A
// request for another path gets status 404, and is an error for server.first.
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
	err := fmt.Errorf("%w: there is nothing at %s", transport.ErrProtocol, cut(r.URL.Path))
	_ = refuse(w, http.StatusNotFound, err)
	if first != nil {
		first.hand(&incoming{remote: remoteAddr(r), err: fmt.Errorf("%w, only at %s", err, strings.Join(paths, ", "))})
	}
}

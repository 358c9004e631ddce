package ws

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
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
	cfg  *transport.Config // of the first listener
	tls  *tls.Config       // made of it once, or no session could be resumed
	http http.Server
	done chan struct{} // closed when it does not accept any more

	host string // as in URLs, with the real port

	mu       sync.Mutex
	changed  sync.Cond // visitors
	paths    map[string]*listener
	first    *listener // who hears of those that ask for none
	visitors map[*visitor]struct{}
}

// bind puts l on the server of its address, and makes that if there is none.
func (t *Transport) bind(ctx context.Context, a address, l *listener) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.servers[a.network+a.hostPort()]
	if s == nil {
		nl, bound, err := inet.Listen(ctx, a.network, a.hostPort(), l.cfg)
		if err != nil {
			return err
		}
		s = newServer(t, nl, bound, l.cfg)
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
		t: t, nl: nl, host: host, cfg: cfg, tls: onlyHTTP1(cfg.TLS), done: make(chan struct{}),
		paths: make(map[string]*listener), visitors: make(map[*visitor]struct{}),
	}
	s.changed.L = &s.mu
	s.http = http.Server{
		Handler:        s,
		ReadTimeout:    cfg.HandshakeTimeout,
		WriteTimeout:   cfg.HandshakeTimeout,
		MaxHeaderBytes: maxHeader,
		ConnState:      s.connState,
		ConnContext: func(ctx context.Context, nc net.Conn) context.Context {
			return context.WithValue(ctx, visitorKey{}, nc)
		},
	}
	return s
}

// run is the goroutine that accepts.
func (s *server) run() {
	defer close(s.done)
	_ = s.http.Serve(&door{s.nl, s}) // ends when the last listener is closed
}

// add is called with the mutex of the transport held, as is remove.
func (s *server) add(l *listener, a address) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paths[l.path] != nil {
		return fmt.Errorf("path %s: %w", l.path, os.NewSyscallError("listen", syscall.EADDRINUSE))
	}
	if s.t.Secure && l.cfg.TLS != s.cfg.TLS {
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
	for len(s.visitors) > 0 {
		s.changed.Wait()
	}
	return err
}

// ServeHTTP passes a request on to the listener of its path.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := r.Context().Value(visitorKey{}).(*visitor)
	s.mu.Lock()
	delete(s.visitors, v)
	s.changed.Broadcast()
	l, first := s.paths[r.URL.Path], s.first
	paths := slices.Sorted(maps.Keys(s.paths))
	s.mu.Unlock()
	r.TLS = stream.TLS(v.Conn)
	if l != nil {
		l.ServeHTTP(w, r)
		return
	}
	err := fmt.Errorf("%w: nothing at %s", transport.ErrProtocol, r.URL.Path)
	_ = refuse(w, http.StatusNotFound, err)
	if first != nil {
		first.hand(&incoming{remote: remoteAddr(r), err: fmt.Errorf("%w, only at %s", err, strings.Join(paths, ", "))})
	}
}

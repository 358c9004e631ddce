package ws

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/gonng/gonng/internal/inet"
	"github.com/gonng/gonng/transport"
)

// visitor is a connection before its request. It remembers why there is none.
type visitor struct {
	net.Conn
	n   int
	err error // of the last read
	tls string
}

type visitorKey struct{}

// door is the listener of a server.
type door struct {
	net.Listener
	s *server
}

// Accept implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	nc, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	_ = inet.SetOptions(nc, d.s.cfg) // fails where the connection has ended
	return d.s.secure(&visitor{Conn: nc}), nil
}

// visitorOf is the visitor under a connection of the HTTP server.
func visitorOf(nc net.Conn) *visitor {
	for {
		switch c := nc.(type) {
		case *visitor:
			return c
		case interface{ NetConn() net.Conn }:
			nc = c.NetConn()
		default:
			return nil
		}
	}
}

// NetConn is the connection itself, as with tls.Conn.
func (v *visitor) NetConn() net.Conn { return v.Conn }

func (v *visitor) Read(p []byte) (int, error) {
	n, err := v.Conn.Read(p)
	v.n += n
	v.err = err
	return n, err
}

// connState follows the connections of the HTTP server.
func (s *server) connState(nc net.Conn, state http.ConnState) {
	v := visitorOf(nc)
	s.mu.Lock()
	_, stranger := s.visitors[v]
	first := s.first
	switch state {
	case http.StateNew:
		s.visitors[v] = struct{}{}
	case http.StateClosed:
		delete(s.visitors, v)
		s.changed.Broadcast()
	}
	s.mu.Unlock()
	if stranger && state == http.StateClosed && first != nil {
		first.hand(&incoming{remote: v.RemoteAddr(), err: v.why(s.cfg)})
	}
}

// why is why it has sent no request.
func (v *visitor) why(cfg *transport.Config) error {
	switch {
	case v.tls != "":
		return fmt.Errorf("%w: TLS handshake: %s", transport.ErrCrypto, v.tls)
	case errors.Is(v.err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the peer sent %d bytes and no HTTP request in %v: %w", v.n, cfg.HandshakeTimeout, v.err)
	case errors.Is(v.err, io.EOF):
		return fmt.Errorf("the peer closed the connection after %d bytes and no HTTP request: %w", v.n, io.ErrUnexpectedEOF)
	case v.err != nil:
		return v.err
	}
	return fmt.Errorf("%w: what the peer sent is no HTTP request", transport.ErrProtocol)
}

// Write takes what the HTTP server logs. Of TLS that is all that is to be
// known of a failure.
func (s *server) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	if about, ok := strings.CutPrefix(text, "http: TLS handshake error from "); ok {
		s.mu.Lock()
		for v := range s.visitors {
			if why, ok := strings.CutPrefix(about, v.RemoteAddr().String()+": "); ok {
				v.tls = why
			}
		}
		s.mu.Unlock()
		return len(line), nil
	}
	log.Print(text)
	return len(line), nil
}

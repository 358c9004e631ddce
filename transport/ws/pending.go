//go:build !js

package ws

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gonng/gonng/internal/inet"
	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/transport"
)

// pendingConn is a connection of the HTTP server whose request has not come. It remembers
// what came instead. It is not a *tls.Conn, so that its first Read does the TLS
// handshake: package net/http would do that itself, and only write the error to its log.
type pendingConn struct {
	net.Conn       // TCP or TLS
	first    byte  // the first byte that came
	n        int   // how many bytes have come
	err      error // of the last read
}

// pendingKey is the key of the pendingConn in the context of a request.
type pendingKey struct{}

// acceptListener is the listener of the HTTP server.
type acceptListener struct {
	net.Listener
	s *server
}

// Accept implements net.Listener. It passes an error that may pass, such as a lack of
// descriptors, on to server.first, and tries again when the socket has taken that error.
func (l *acceptListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	for err != nil {
		first := l.s.firstListener()
		if first == nil || errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		first.fail(err)
		nc, err = l.Listener.Accept()
	}
	set := l.s.settings.Load()
	_ = inet.SetOptions(nc, set.cfg) // fails when the connection has ended
	if l.s.t.Secure {
		// Package net/http bounds only the reading of a handshake.
		_ = nc.SetWriteDeadline(time.Now().Add(set.cfg.HandshakeTimeout))
		nc = tls.Server(nc, set.tls)
	}
	return &pendingConn{Conn: nc}, nil
}

// NetConn returns the connection below, as that of tls.Conn does.
func (p *pendingConn) NetConn() net.Conn { return p.Conn }

// Read implements net.Conn. A client that speaks HTTP without TLS gets an answer that says
// so.
func (p *pendingConn) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if p.n == 0 && n > 0 {
		p.first = b[0]
	}
	p.n += n
	p.err = err
	var header tls.RecordHeaderError
	if errors.As(err, &header) && bytes.HasPrefix(header.RecordHeader[:], []byte("GET /")) {
		_, _ = io.WriteString(header.Conn, "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nthis server speaks TLS: dial wss\n")
	}
	return n, err
}

// connState is told by the HTTP server about its connections. One that ends before its
// request has come is an error for server.first.
func (s *server) connState(nc net.Conn, state http.ConnState) {
	p := nc.(*pendingConn)
	s.mu.Lock()
	_, pending := s.pending[p]
	first := s.first
	switch state {
	case http.StateNew:
		s.pending[p] = struct{}{}
	case http.StateClosed:
		delete(s.pending, p)
		s.changed.Broadcast()
	}
	s.mu.Unlock()
	if pending && state == http.StateClosed && first != nil {
		first.hand(&incoming{remote: p.RemoteAddr(), err: p.reason(s.settings.Load().cfg)})
	}
}

// reason returns why no request has come.
func (p *pendingConn) reason(cfg *transport.Config) error {
	state := stream.TLS(p.Conn)
	shaking := state != nil && p.err != nil && !state.HandshakeComplete
	switch {
	case shaking:
		err := stream.TLSError(p.err, len(state.PeerCertificates) > 0, cfg)
		if stream.Silent(p.err, *state) {
			err = fmt.Errorf("%w: %w", transport.ErrSilent, err)
		}
		return err
	case state == nil && p.n == 0 && stream.HasHungUp(p.err):
		return fmt.Errorf("%w, 0 bytes and no HTTP request: %w", transport.ErrSilent, io.ErrUnexpectedEOF)
	case errors.Is(p.err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the peer sent %d bytes and no HTTP request in %v: %w", p.n, cfg.HandshakeTimeout, p.err)
	case errors.Is(p.err, io.EOF):
		return fmt.Errorf("the peer closed the connection after %d bytes and no HTTP request: %w", p.n, io.ErrUnexpectedEOF)
	case p.err != nil:
		return p.err
	case p.first == 0x16: // a record of TLS with a handshake
		return fmt.Errorf("%w: the peer speaks TLS, as a wss:// peer does", transport.ErrProtocol)
	}
	return fmt.Errorf("%w: the peer sent bytes, but no HTTP request", transport.ErrProtocol)
}

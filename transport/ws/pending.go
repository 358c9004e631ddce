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

// pendingConn is a connection before its request. It remembers why there is none.
// With TLS the handshake is made by the first Read: package net/http would make
// it itself, and write the error to its log as text.
type pendingConn struct {
	net.Conn // TCP or TLS
	first    byte
	n        int
	err      error // of the last read
}

type pendingKey struct{}

// acceptListener is what the HTTP server accepts from.
type acceptListener struct {
	net.Listener
	s *server
}

// Accept implements net.Listener. An error that may pass, such as that there are no
// more descriptors, is for the listener that hears of strangers.
func (l *acceptListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	for err != nil {
		first := l.s.hears()
		if first == nil || errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		first.fail(err)
		nc, err = l.Listener.Accept()
	}
	set := l.s.settings.Load()
	_ = inet.SetOptions(nc, set.cfg) // fails where the connection has ended
	if l.s.t.Secure {
		// Package net/http bounds only the reading.
		_ = nc.SetWriteDeadline(time.Now().Add(set.cfg.HandshakeTimeout))
		nc = tls.Server(nc, set.tls)
	}
	return &pendingConn{Conn: nc}, nil
}

// NetConn is the connection itself, as with tls.Conn.
func (p *pendingConn) NetConn() net.Conn { return p.Conn }

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

// connState follows the connections of the HTTP server.
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
		first.hand(&incoming{remote: p.RemoteAddr(), err: p.why(s.settings.Load().cfg)})
	}
}

// why is why it has sent no request.
func (p *pendingConn) why(cfg *transport.Config) error {
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
	return fmt.Errorf("%w: what the peer sent is no HTTP request", transport.ErrProtocol)
}

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

// visitor is a connection before its request. It remembers why there is none.
// With TLS the handshake is made by the first Read: package net/http would make
// it itself, and write the error to the log of the program as text.
type visitor struct {
	net.Conn // TCP or TLS
	first    byte
	n        int
	err      error // of the last read
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
	if d.s.t.Secure {
		// Package net/http bounds only the reading.
		_ = nc.SetWriteDeadline(time.Now().Add(d.s.cfg.HandshakeTimeout))
		nc = tls.Server(nc, d.s.tls)
	}
	return &visitor{Conn: nc}, nil
}

// NetConn is the connection itself, as with tls.Conn.
func (v *visitor) NetConn() net.Conn { return v.Conn }

func (v *visitor) Read(p []byte) (int, error) {
	n, err := v.Conn.Read(p)
	if v.n == 0 && n > 0 {
		v.first = p[0]
	}
	v.n += n
	v.err = err
	var header tls.RecordHeaderError
	if errors.As(err, &header) && bytes.HasPrefix(header.RecordHeader[:], []byte("GET /")) {
		_, _ = io.WriteString(header.Conn, "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nthis server speaks TLS: dial wss\n")
	}
	return n, err
}

// connState follows the connections of the HTTP server.
func (s *server) connState(nc net.Conn, state http.ConnState) {
	v := nc.(*visitor)
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
	state := stream.TLS(v.Conn)
	switch {
	case state != nil && v.err != nil && !state.HandshakeComplete:
		return stream.TLSError(v.err, len(state.PeerCertificates) > 0, cfg)
	case errors.Is(v.err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the peer sent %d bytes and no HTTP request in %v: %w", v.n, cfg.HandshakeTimeout, v.err)
	case errors.Is(v.err, io.EOF):
		return fmt.Errorf("the peer closed the connection after %d bytes and no HTTP request: %w", v.n, io.ErrUnexpectedEOF)
	case v.err != nil:
		return v.err
	case v.first == 0x16: // a record of TLS with a handshake
		return fmt.Errorf("%w: the peer speaks TLS, as a wss:// peer does", transport.ErrProtocol)
	}
	return fmt.Errorf("%w: what the peer sent is no HTTP request", transport.ErrProtocol)
}

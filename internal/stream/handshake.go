package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Handshake introduces both sides and returns the connection ready for
// messages. On a *tls.Conn the handshake of TLS comes first, within the same
// time. It takes nc over: on failure nc is closed.
func Handshake(ctx context.Context, nc net.Conn, framing wire.Framing, cfg *transport.Config) (transport.Conn, error) {
	peer, err := handshake(ctx, nc, cfg)
	if err != nil {
		nc.Close()
		return nil, err
	}
	return newConn(nc, framing, peer, cfg.RecvMaxSize), nil
}

func handshake(ctx context.Context, nc net.Conn, cfg *transport.Config) (peer uint16, err error) {
	if err := nc.SetDeadline(time.Now().Add(cfg.HandshakeTimeout)); err != nil {
		return 0, err
	}
	stop := context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
	peer, err = introduce(ctx, nc, cfg)
	if !stop() {
		return 0, ctx.Err()
	}
	if err != nil {
		return 0, err
	}
	return peer, nc.SetDeadline(time.Time{})
}

func introduce(ctx context.Context, nc net.Conn, cfg *transport.Config) (uint16, error) {
	if t, ok := nc.(*tls.Conn); ok {
		if err := secure(ctx, t, cfg); err != nil {
			return 0, err
		}
	}
	return exchange(nc, cfg)
}

func exchange(nc net.Conn, cfg *transport.Config) (uint16, error) {
	wrote := make(chan error, 1)
	write := func() {
		_, err := nc.Write(wire.AppendHandshake(nil, cfg.Protocol))
		wrote <- err
	}
	if Native(nc) {
		write() // a failure can wait: what there is to read may say why
	} else {
		go write()
	}
	var hello [wire.HandshakeSize]byte
	n, err := io.ReadFull(nc, hello[:])
	if err != nil {
		nc.SetDeadline(time.Unix(1, 0)) // ends the write
		<-wrote
		return 0, handshakeError(err, n, cfg)
	}
	peer, err := wire.ParseHandshake(hello)
	if err != nil {
		nc.SetDeadline(time.Unix(1, 0))
		<-wrote
		return 0, fmt.Errorf("%w: %w", transport.ErrProtocol, err)
	}
	return peer, <-wrote
}

// Native reports whether nc is, perhaps under TLS, a connection of the operating
// system's, which takes a handshake at once and heeds deadlines. One without a
// buffer (net.Pipe) takes it when the other side reads.
func Native(nc net.Conn) bool {
	switch Underlying(nc).(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

func handshakeError(err error, n int, cfg *transport.Config) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the peer sent %d of %d handshake bytes in %v: %w", n, wire.HandshakeSize, cfg.HandshakeTimeout, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the peer closed the connection after %d of %d handshake bytes: %w", n, wire.HandshakeSize, io.ErrUnexpectedEOF)
	}
	return err
}

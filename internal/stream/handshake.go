package stream

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Handshake is for a side that does not wait for the other, such as a dialer: it sends its
// handshake at once, reads the peer's, and returns the connection ready for messages. On a
// *tls.Conn the handshake of TLS comes first. Both together may take cfg.HandshakeTimeout.
// It takes nc over: on failure it closes nc.
func Handshake(ctx context.Context, nc net.Conn, framing wire.Framing, cfg *transport.Config) (transport.Conn, error) {
	var peer uint16
	err := Within(ctx, nc, time.Now().Add(cfg.HandshakeTimeout), func() (err error) {
		if t, ok := nc.(*tls.Conn); ok {
			if _, err := secure(ctx, t, cfg); err != nil {
				return err
			}
		}
		peer, err = exchange(nc, cfg)
		return err
	})
	if err == nil {
		err = nc.SetDeadline(time.Time{})
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return newConn(nc, framing, peer, cfg), nil
}

// Within calls do. Reads and writes of nc in do fail at the deadline, or when ctx ends; it
// then returns the error of ctx. The deadline of nc stays set when Within returns.
func Within(ctx context.Context, nc net.Conn, deadline time.Time, do func() error) error {
	if err := nc.SetDeadline(deadline); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
	err := do()
	if !stop() {
		return ctx.Err()
	}
	return err
}

// exchange writes this side's handshake and reads the peer's, at the same time where a
// write may wait for the peer to read. It returns the peer's protocol.
func exchange(nc net.Conn, cfg *transport.Config) (uint16, error) {
	wrote := make(chan error, 1)
	write := func() { wrote <- introduce(nc, cfg) }
	if Native(nc) {
		write() // its error comes last: what the peer has sent may say more
	} else {
		go write()
	}
	peer, n, err := hear(nc, cfg)
	if err != nil {
		nc.SetDeadline(time.Unix(1, 0)) // ends the write
		<-wrote
		if n == 0 && HasHungUp(err) {
			err = fmt.Errorf("%w: %w", errNotAnswered, err)
		}
		return 0, err
	}
	return peer, <-wrote
}

// errNotAnswered is what a dialer gets when a listener refuses it: the handshake cannot
// carry a reason.
var errNotAnswered = errors.New("the peer closed the connection without an answer: it may have refused us by a hook or a limit, " +
	"be a pair that has its peer, or speak another protocol")

// introduce writes the handshake of this side.
func introduce(nc net.Conn, cfg *transport.Config) error {
	_, err := nc.Write(wire.AppendHandshake(nil, cfg.Protocol))
	return err
}

// hear reads the peer's handshake. n is how many bytes of it have come.
func hear(nc net.Conn, cfg *transport.Config) (peer uint16, n int, err error) {
	var hello [wire.HandshakeSize]byte
	n, err = io.ReadFull(nc, hello[:])
	if err != nil {
		return 0, n, handshakeError(err, hello[:n], cfg)
	}
	peer, err = wire.ParseHandshake(hello)
	if err != nil {
		return 0, n, fmt.Errorf("%w: %w", transport.ErrProtocol, err)
	}
	return peer, n, nil
}

// Native reports whether nc is, perhaps under TLS, a TCP or Unix connection of package net.
// Such a connection takes a handshake without waiting for the peer, and its deadlines end
// reads and writes. A connection without a buffer (net.Pipe) takes a handshake only when
// the other side reads.
func Native(nc net.Conn) bool {
	switch Underlying(nc).(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

// handshakeError explains why the peer's handshake did not come. hello is what came of it.
func handshakeError(err error, hello []byte, cfg *transport.Config) error {
	n := len(hello)
	switch {
	case bytes.HasPrefix(hello, []byte{21, 3}): // an alert of TLS, shorter than a handshake
		return fmt.Errorf("%w: the peer speaks TLS, as a tls+tcp:// peer does", transport.ErrProtocol)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the peer sent %d of %d handshake bytes in %v: %w", n, wire.HandshakeSize, cfg.HandshakeTimeout, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the peer closed the connection after %d of %d handshake bytes: %w", n, wire.HandshakeSize, io.ErrUnexpectedEOF)
	}
	return err
}

// HasHungUp reports whether err says that the peer closed the connection.
func HasHungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

package stream

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// incoming is a transport.Decider: the peer has spoken when it is decided over.
type incoming struct {
	net.Conn
	cfg      *transport.Config
	framing  wire.Framing
	deadline time.Time // of Hear and Answer together
	peer     uint16    // its protocol
	heard    bool      // all of its handshake, right or wrong

	unprepared error
}

// Handshake implements transport.Incoming.
func (i *incoming) Handshake(ctx context.Context) (transport.Conn, error) {
	c, err := i.Hear(ctx)
	if err == nil {
		err = i.Answer(ctx)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Hear implements transport.Decider.
func (i *incoming) Hear(ctx context.Context) (transport.Conn, error) {
	if err := i.hear(ctx); err != nil {
		i.Refuse(err) // a client of TLS, for instance, can tell by the answer what this is
		return nil, err
	}
	return newConn(i.Conn, i.framing, i.peer, i.cfg.RecvMaxSize), nil
}

func (i *incoming) hear(ctx context.Context) error {
	if i.unprepared != nil {
		return i.unprepared
	}
	i.deadline = time.Now().Add(i.cfg.HandshakeTimeout)
	return Within(ctx, i.Conn, i.deadline, func() error {
		if t, ok := i.Conn.(*tls.Conn); ok {
			if silent, err := secure(ctx, t, i.cfg); silent {
				return fmt.Errorf("%w: %w", transport.ErrSilent, err)
			} else if err != nil {
				return err
			}
		}
		peer, n, err := hear(i.Conn, i.cfg)
		if n == 0 && HasHungUp(err) && Underlying(i.Conn) == i.Conn {
			return fmt.Errorf("%w: %w", transport.ErrSilent, err)
		}
		i.peer, i.heard = peer, n == wire.HandshakeSize
		return err
	})
}

// Answer implements transport.Decider.
func (i *incoming) Answer(ctx context.Context) error {
	err := Within(ctx, i.Conn, i.deadline, func() error {
		if time.Now().After(i.deadline) { // the operating system would still take it
			return fmt.Errorf("the peer was not answered in %v: %w", i.cfg.HandshakeTimeout, context.DeadlineExceeded)
		}
		return introduce(i.Conn, i.cfg)
	})
	if err == nil {
		err = i.Conn.SetDeadline(time.Time{})
	}
	if err != nil {
		i.Conn.Close()
	}
	return err
}

const (
	// refuseTime is how long a peer of a wrong protocol may take to read our answer.
	refuseTime = 250 * time.Millisecond
	// refuseBytes is how much it may send meanwhile.
	refuseBytes = 64 << 10
)

// Refuse implements transport.Decider.
func (i *incoming) Refuse(error) {
	defer Close(i.Conn)
	if !i.heard || i.peer == i.cfg.Peer {
		return
	}
	if i.Conn.SetDeadline(time.Now().Add(refuseTime)) != nil || introduce(i.Conn, i.cfg) != nil || closeWrite(i.Conn) != nil {
		return
	}
	// What is not read when the connection is closed destroys what was written.
	_, _ = io.CopyN(io.Discard, i.Conn, refuseBytes)
}

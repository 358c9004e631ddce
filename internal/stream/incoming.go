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

// incoming is a transport.Decider: a peer that has connected and is not accepted yet. Hear
// reads its handshake; the handshake of this side, sent by Answer, accepts it.
type incoming struct {
	net.Conn
	cfg      *transport.Config
	framing  wire.Framing
	deadline time.Time // of Hear and Answer together
	peer     uint16    // the peer's protocol
	heard    bool      // the whole handshake of the peer has come, right or wrong

	unprepared error // of Listener.Prepare; Hear returns it
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
		i.Refuse(err) // a client of TLS, for instance, learns by the answer what this is
		return nil, err
	}
	return newConn(i.Conn, i.framing, i.peer, i.cfg), nil
}

// hear does the handshake of TLS, if there is one, and reads the peer's handshake. An error
// that is transport.ErrSilent says that the peer left without a word.
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
		if time.Now().After(i.deadline) { // a write would still succeed
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
	// refuseTime is how long Refuse waits for the peer to take the answer and close.
	refuseTime = 250 * time.Millisecond
	// refuseBytes is how many bytes Refuse reads from the peer meanwhile, at most.
	refuseBytes = 64 << 10
)

// Refuse implements transport.Decider. A peer that has sent a wrong handshake, or that of a
// wrong protocol, gets this side's handshake, by which it can tell why it is refused. Other
// peers are closed without a word.
func (i *incoming) Refuse(error) {
	defer Close(i.Conn)
	if !i.heard || i.peer == i.cfg.Peer {
		return
	}
	if i.Conn.SetDeadline(time.Now().Add(refuseTime)) != nil || introduce(i.Conn, i.cfg) != nil || closeWrite(i.Conn) != nil {
		return
	}
	// A close with unread bytes would destroy the answer.
	_, _ = io.CopyN(io.Discard, i.Conn, refuseBytes)
}

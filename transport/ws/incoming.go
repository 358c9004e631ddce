//go:build !js

package ws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/transport"
)

// incoming is a transport.Decider: a connection that the HTTP server has handed over, and
// whose request is not answered yet. When err is set there is no connection: err is why.
type incoming struct {
	remote     net.Addr
	err        error
	cfg        *transport.Config
	deadline   time.Time
	conn       *conn
	handed     transport.Conn // what the socket gets: conn or a layer over it
	acceptance []byte         // the answer that accepts the peer
}

// RemoteAddr implements transport.Incoming.
func (i *incoming) RemoteAddr() net.Addr { return i.remote }

// Close implements transport.Incoming.
func (i *incoming) Close() error {
	if i.conn == nil {
		return nil
	}
	return i.conn.Close()
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
func (i *incoming) Hear(context.Context) (transport.Conn, error) {
	if i.err != nil {
		return nil, i.err
	}
	return i.handed, nil
}

// Answer implements transport.Decider.
func (i *incoming) Answer(ctx context.Context) error {
	nc := i.conn.link.Conn
	err := stream.Within(ctx, nc, i.deadline, func() error {
		if time.Now().After(i.deadline) { // a write would still succeed
			return fmt.Errorf("the peer was not answered in %v: %w", i.cfg.HandshakeTimeout, context.DeadlineExceeded)
		}
		_, err := nc.Write(i.acceptance)
		return err
	})
	if err == nil {
		err = nc.SetDeadline(time.Time{})
	}
	if err != nil {
		i.Close()
		return err
	}
	i.conn.out.start()
	return nil
}

// Refuse implements transport.Decider. It answers 503 when why is transport.ErrBusy, else
// 403, with the text of why.
func (i *incoming) Refuse(why error) {
	if i.conn == nil {
		return
	}
	status := http.StatusForbidden
	if errors.Is(why, transport.ErrBusy) {
		status = http.StatusServiceUnavailable
	}
	text := cut(why.Error()) + "\n"
	no := fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"+
		"Content-Length: %d\r\nConnection: close\r\n\r\n%s", status, http.StatusText(status), len(text), text)
	nc := i.conn.link.Conn
	stream.Goodbye(nc, true, func() { _, _ = nc.Write([]byte(no)) }) // the connection ends in any case
	i.Close()
}

// Package tcp carries messages over TCP: tcp://, tcp4:// and tcp6://.
package tcp

import (
	"context"
	"net"

	"github.com/gonng/gonng/internal/inet"
	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Transport is the TCP transport. Its schemes are the networks of package net.
type Transport struct{}

// Options implements transport.Transport.
func (Transport) Options() transport.Options { return inet.Options }

// Check implements transport.Transport.
func (Transport) Check(scheme, address string) error { return inet.Check(scheme, address) }

// CheckDial implements transport.DialChecker.
func (Transport) CheckDial(scheme, address string) error { return inet.CheckDial(scheme, address) }

// Dial implements transport.Transport. Names are looked up at every call.
func (Transport) Dial(ctx context.Context, scheme, address string, cfg *transport.Config) (transport.Conn, error) {
	nc, err := inet.Dial(ctx, scheme, address, cfg)
	if err != nil {
		return nil, err
	}
	return stream.Handshake(ctx, nc, wire.StreamFraming, cfg)
}

// Listen implements transport.Transport.
func (Transport) Listen(ctx context.Context, scheme, address string, cfg *transport.Config) (transport.Listener, error) {
	l, bound, err := inet.Listen(ctx, scheme, address, cfg)
	if err != nil {
		return nil, err
	}
	return &stream.Listener{
		Listener: l,
		Framing:  wire.StreamFraming,
		Config:   cfg,
		Address:  scheme + "://" + bound,
		Prepare: func(nc net.Conn, cfg *transport.Config) (net.Conn, error) {
			return nc, inet.SetOptions(nc, cfg)
		},
	}, nil
}

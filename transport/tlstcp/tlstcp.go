// Package tlstcp carries messages over TLS: tls+tcp://, tls+tcp4:// and
// tls+tcp6://.
package tlstcp

import (
	"context"
	"crypto/tls"
	"net"
	"strings"

	"github.com/gonng/gonng/internal/inet"
	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Transport is the TLS transport. Its schemes are those of TCP behind tls+.
type Transport struct{}

// Options implements transport.Transport.
func (Transport) Options() transport.Options { return inet.Options | transport.OptTLS }

// Check implements transport.Transport.
func (Transport) Check(scheme, address string) error { return inet.Check(network(scheme), address) }

// CheckDial implements transport.DialChecker.
func (Transport) CheckDial(scheme, address string) error {
	return inet.CheckDial(network(scheme), address)
}

func network(scheme string) string { return strings.TrimPrefix(scheme, "tls+") }

// Dial implements transport.Transport. Without a configuration the peer must
// have a certificate for the address's host that the system trusts.
func (Transport) Dial(ctx context.Context, scheme, address string, cfg *transport.Config) (transport.Conn, error) {
	config, err := clientConfig(address, cfg.TLS)
	if err != nil {
		return nil, err
	}
	nc, err := inet.Dial(ctx, network(scheme), address, cfg)
	if err != nil {
		return nil, err
	}
	conn, err := stream.Handshake(ctx, tls.Client(nc, config), wire.StreamFraming, cfg)
	return conn, inet.ForListening(err, config)
}

// clientConfig is config with the name that the peer's certificate must have:
// a DNS name or an IP address. It is the program's own if that names one.
func clientConfig(address string, config *tls.Config) (*tls.Config, error) {
	host, _, err := inet.Split(address)
	if err != nil {
		return nil, err
	}
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if config.ServerName != "" {
		return config, nil
	}
	if host == "" { // package net dials this machine then
		host = "localhost"
	}
	config = config.Clone()
	config.ServerName, _, _ = strings.Cut(host, "%") // the zone of an address is no part of the name
	return config, nil
}

// Listen implements transport.Transport. The configuration is the program's
// own, not a copy: it may change the keys of session tickets later.
func (Transport) Listen(ctx context.Context, scheme, address string, cfg *transport.Config) (transport.Listener, error) {
	if err := inet.Certified(scheme, cfg.TLS); err != nil {
		return nil, err
	}
	l, bound, err := inet.Listen(ctx, network(scheme), address, cfg)
	if err != nil {
		return nil, err
	}
	return &stream.Listener{
		Listener: l,
		Framing:  wire.StreamFraming,
		Config:   cfg,
		Address:  scheme + "://" + bound,
		Prepare: func(nc net.Conn, cfg *transport.Config) (net.Conn, error) {
			return tls.Server(nc, cfg.TLS), inet.SetOptions(nc, cfg)
		},
	}, nil
}

// Package tcp carries messages over TCP: tcp://, tcp4:// and tcp6://.
package tcp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Transport is the TCP transport. Its schemes are the networks of package net.
type Transport struct{}

// Options implements transport.Transport.
func (Transport) Options() transport.Options {
	return transport.OptTCPNoDelay | transport.OptTCPKeepAlive | transport.OptDialContext
}

// Check implements transport.Transport.
func (Transport) Check(scheme, address string) error {
	host, _, err := split(address)
	if err != nil {
		return err
	}
	if ip, err := netip.ParseAddr(host); err == nil && (scheme == "tcp4" && !ip.Is4() || scheme == "tcp6" && ip.Is4()) {
		return fmt.Errorf("%w: %s is not an address for %s://", transport.ErrAddressInvalid, host, scheme)
	}
	return nil
}

// Dial implements transport.Transport. Names are looked up at every call.
func (Transport) Dial(ctx context.Context, scheme, address string, cfg *transport.Config) (transport.Conn, error) {
	host, port, err := split(address)
	if err != nil {
		return nil, err
	}
	if port == "0" {
		return nil, fmt.Errorf("%w: %q: port 0 can be listened on, not dialed", transport.ErrAddressInvalid, address)
	}
	dial := cfg.DialContext
	if dial == nil {
		dial = (&net.Dialer{KeepAliveConfig: cfg.TCPKeepAlive}).DialContext
	}
	nc, err := dial(ctx, scheme, net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	if err := setOptions(nc, cfg); err != nil {
		nc.Close()
		return nil, err
	}
	conn, err := stream.Handshake(ctx, nc, wire.StreamFraming, cfg)
	if err != nil {
		return nil, err // not conn: a nil *stream.Conn in an interface is not nil
	}
	return conn, nil
}

// Listen implements transport.Transport.
func (Transport) Listen(ctx context.Context, scheme, address string, cfg *transport.Config) (transport.Listener, error) {
	host, port, err := split(address)
	if err != nil {
		return nil, err
	}
	if host == "*" {
		host = ""
	}
	l, err := (&net.ListenConfig{KeepAliveConfig: cfg.TCPKeepAlive}).Listen(ctx, scheme, net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	bound := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	return &stream.Listener{
		Listener: l,
		Framing:  wire.StreamFraming,
		Config:   cfg,
		Address:  scheme + "://" + net.JoinHostPort(host, bound),
		Prepare:  func(nc net.Conn) error { return setOptions(nc, cfg) },
	}, nil
}

// setOptions sets what package net does not set while dialing. A connection
// that the program's own DialContext made need not be a TCP connection.
func setOptions(nc net.Conn, cfg *transport.Config) error {
	tc, ok := nc.(*net.TCPConn)
	if !ok {
		return nil
	}
	return tc.SetNoDelay(cfg.TCPNoDelay)
}

func split(address string) (host, port string, err error) {
	host, port, err = net.SplitHostPort(address)
	if err != nil {
		return "", "", fmt.Errorf("%w: %q: want host:port, for IPv6 [host]:port", transport.ErrAddressInvalid, address)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return "", "", fmt.Errorf("%w: %q: port %q is not a number", transport.ErrAddressInvalid, address, port)
	}
	if n < 0 || n > 65535 {
		return "", "", fmt.Errorf("%w: %q: port %d is not within 0..65535", transport.ErrAddressInvalid, address, n)
	}
	return host, strconv.Itoa(n), nil
}

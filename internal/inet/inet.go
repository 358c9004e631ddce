// Package inet is what the transports over TCP share: addresses, options,
// dialing and listening. A network is tcp, tcp4 or tcp6, as in package net.
package inet

import (
	"context"
	"net"
	"strconv"

	"github.com/gonng/gonng/transport"
)

// Options are the options of transport.Config that this package honours.
const Options = transport.OptTCPNoDelay | transport.OptTCPKeepAlive | transport.OptDialContext

// Dial connects to address. Names are looked up at every call.
func Dial(ctx context.Context, network, address string, cfg *transport.Config) (net.Conn, error) {
	if err := CheckDial(network, address); err != nil {
		return nil, err
	}
	host, port, err := Split(address)
	if err != nil {
		return nil, err
	}
	dial := cfg.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	nc, err := dial(ctx, network, net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	if err := SetOptions(nc, cfg); err != nil {
		nc.Close()
		return nil, err
	}
	return nc, nil
}

// Listen listens at address, and tells where that is: the host as it was given,
// and the real port.
func Listen(ctx context.Context, network, address string, cfg *transport.Config) (l net.Listener, bound string, err error) {
	if err := Check(network, address); err != nil {
		return nil, "", err
	}
	host, port, err := Split(address)
	if err != nil {
		return nil, "", err
	}
	if host == "*" {
		host = ""
	}
	l, err = new(net.ListenConfig).Listen(ctx, network, net.JoinHostPort(host, port))
	if err != nil {
		return nil, "", err
	}
	return l, Join(host, strconv.Itoa(l.Addr().(*net.TCPAddr).Port)), nil
}

// SetOptions sets the options of a connection, which need not be a TCP
// connection if the program made it or its listener.
func SetOptions(nc net.Conn, cfg *transport.Config) error {
	tc, ok := nc.(*net.TCPConn)
	if !ok {
		return nil
	}
	if err := tc.SetNoDelay(cfg.TCPNoDelay); err != nil {
		return err
	}
	if cfg.TCPKeepAlive != (net.KeepAliveConfig{}) { // else package net's, or the program's
		if err := tc.SetKeepAliveConfig(cfg.TCPKeepAlive); err != nil {
			return err
		}
	}
	return setUserTimeout(tc)
}

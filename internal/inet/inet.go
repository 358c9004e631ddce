// Package inet is what the transports over TCP share: addresses, options,
// dialing and listening. A network is tcp, tcp4 or tcp6, as in package net.
package inet

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/gonng/gonng/transport"
)

// Options are the options of transport.Config that this package honours.
const Options = transport.OptTCPNoDelay | transport.OptTCPKeepAlive | transport.OptDialContext

// Check reports why address can never be dialed or listened on.
func Check(network, address string) error {
	host, _, err := Split(address)
	if err != nil {
		return err
	}
	if ip, err := netip.ParseAddr(host); err == nil && (network == "tcp4" && !ip.Is4() || network == "tcp6" && ip.Is4()) {
		return fmt.Errorf("%w: %s is not an address of %s", transport.ErrAddressInvalid, host, network)
	}
	return nil
}

// Dial connects to address. Names are looked up at every call.
func Dial(ctx context.Context, network, address string, cfg *transport.Config) (net.Conn, error) {
	host, port, err := Split(address)
	if err != nil {
		return nil, err
	}
	switch {
	case port == "0":
		return nil, fmt.Errorf("%w: %q: port 0 can be listened on, not dialed", transport.ErrAddressInvalid, address)
	case host == "*":
		return nil, fmt.Errorf("%w: %q: host * can be listened on, not dialed", transport.ErrAddressInvalid, address)
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
	return l, net.JoinHostPort(host, strconv.Itoa(l.Addr().(*net.TCPAddr).Port)), nil
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

// Split takes address apart and checks it.
func Split(address string) (host, port string, err error) {
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

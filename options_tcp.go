package gonng

import (
	"context"
	"net"

	"github.com/gonng/gonng/transport"
)

// WithTCPNoDelay turns Nagle's algorithm off, or with false on. The algorithm gathers small
// writes for up to 200 ms. Default true: it is off. Given to a dialer or listener that is not of TCP:
// ErrNotSupported. nng: NNG_OPT_TCP_NODELAY; pynng: tcp_nodelay.
func WithTCPNoDelay(on bool) EndpointOption {
	return forEndpoint(setting{
		name:        "WithTCPNoDelay",
		change:      func(c *Config) { c.TCPNoDelay = on },
		transport:   transport.OptTCPNoDelay,
		byTransport: true,
	})
}

// WithTCPKeepAlive sets how TCP probes an idle connection, in the terms of package net: not at
// all unless k.Enable is set, and the system decides the fields that are negative. Default:
// that of package net, which gives a silent peer up after 15 s and 9 probes 15 s apart, 150 s
// in all.
//
// On Linux a peer that does not confirm what was sent to it is given up after the same time
// (TCP_USER_TIMEOUT), so that a pulled cable is noticed soon while messages are under way,
// too. Without it the kernel may try for a quarter of an hour.
//
// Given to a dialer or listener that is not of TCP: ErrNotSupported. nng:
// NNG_OPT_TCP_KEEPALIVE; pynng: tcp_keepalive.
func WithTCPKeepAlive(k net.KeepAliveConfig) EndpointOption {
	if k == (net.KeepAliveConfig{}) { // transports take the zero value for the default, which probes
		k.Idle = -1 // no meaning while k.Enable is false
	}
	return forEndpoint(setting{
		name:        "WithTCPKeepAlive",
		change:      func(c *Config) { c.TCPKeepAlive = k },
		transport:   transport.OptTCPKeepAlive,
		byTransport: true,
	})
}

// WithDialContext makes dialers connect by dial instead of [net.Dialer.DialContext], for
// example through a proxy. The network is tcp, tcp4, tcp6 or unix (on Windows pipe). dial must
// return when its ctx ends. The error of Dial wraps one that dial returns; it is
// ErrUnreachable if no other kind fits. Many goroutines may call dial at the same time.
// Default, and for nil: a net.Dialer. Given to a dialer whose transport makes no such
// connections, such as inproc: ErrNotSupported.
func WithDialContext(dial func(ctx context.Context, network, address string) (net.Conn, error)) SocketDialOption {
	return forSocketDial(setting{
		name:        "WithDialContext",
		change:      func(c *Config) { c.DialContext = dial },
		transport:   transport.OptDialContext,
		byTransport: true,
	})
}

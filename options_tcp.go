package gonng

import (
	"context"
	"net"

	"github.com/gonng/gonng/transport"
)

// WithTCPNoDelay turns Nagle's algorithm off, which gathers small writes for up
// to 200 ms. Default true. Given to a dialer or listener that is not of TCP:
// ErrNotSupported. nng: NNG_OPT_TCP_NODELAY; pynng: tcp_nodelay.
func WithTCPNoDelay(on bool) EndpointOption {
	return forEndpoint(setting{
		name:      "WithTCPNoDelay",
		change:    func(c *Config) { c.TCPNoDelay = on },
		transport: transport.OptTCPNoDelay,
		carried:   true,
	})
}

// WithTCPKeepAlive sets how TCP probes an idle connection, in the terms of package
// net: unless k is enabled, not at all, and what is negative in it is left to the
// system. The default is net's, which gives a silent peer up after 15 s and then 9
// probes 15 s apart, 150 s in all. On Linux a peer that does not confirm what was
// sent to it is given up after the same time (TCP_USER_TIMEOUT; there and
// elsewhere the kernel's own bound may be a quarter of an hour), so that a pulled
// cable is noticed soon also while messages are under way. Given to a dialer or
// listener that is not of TCP: ErrNotSupported. nng: NNG_OPT_TCP_KEEPALIVE; pynng:
// tcp_keepalive.
func WithTCPKeepAlive(k net.KeepAliveConfig) EndpointOption {
	if k == (net.KeepAliveConfig{}) { // which is the default, to those below
		k.Idle = -1 // left alone, where it is of no meaning
	}
	return forEndpoint(setting{
		name:      "WithTCPKeepAlive",
		change:    func(c *Config) { c.TCPKeepAlive = k },
		transport: transport.OptTCPKeepAlive,
		carried:   true,
	})
}

// WithDialContext makes the connections of dialers by dial instead of
// [net.Dialer.DialContext]: through a proxy, for instance. The network is tcp,
// tcp4, tcp6 or unix; dial must give up when its context ends. An error that it
// returns is in that of Dial, which is ErrUnreachable if nothing fits better.
// Default, and for nil: a net.Dialer. Given to a dialer whose transport makes no
// such connections, as inproc: ErrNotSupported.
func WithDialContext(dial func(ctx context.Context, network, address string) (net.Conn, error)) SocketDialOption {
	return forSocketDial(setting{
		name:      "WithDialContext",
		change:    func(c *Config) { c.DialContext = dial },
		transport: transport.OptDialContext,
		carried:   true,
	})
}

//go:build !js

// Package ws carries messages over WebSocket (RFC 6455): ws:// and wss://, and ws4://, ws6://,
// wss4:// and wss6:// for one version of IP. A message of gonng, header and body, is one binary
// message of WebSocket. There is no handshake of the Scalability Protocols: the client asks
// for the subprotocol that is named after the server's protocol, such as rep.sp.nanomsg.org,
// and the server confirms it. nng: ws and wss.
package ws

import (
	"context"
	"fmt"
	"sync"

	"github.com/gonng/gonng/internal/inet"
	"github.com/gonng/gonng/transport"
)

// Transport is the WebSocket transport. Its zero value is ready to use, for ws. Listeners of
// one Transport share a port when their paths differ. The options of TCP and TLS of the first
// listener hold for all of them, until those of another are changed.
type Transport struct {
	// Secure is true for wss: HTTP over TLS. It must not be changed later.
	Secure bool

	mu      sync.Mutex
	servers map[string]*server // by network and address; one server has several keys
}

// Options implements transport.Transport.
func (t *Transport) Options() transport.Options {
	options := inet.Options | transport.OptHTTPHeader | transport.OptCheckOrigin | transport.OptTextFrames
	if t.Secure {
		options |= transport.OptTLS
	}
	return options
}

// Listen implements transport.Transport. When the address has no host and port, Listen binds
// nothing: the program's own HTTP server passes requests to the listener, which is an
// http.Handler.
func (t *Transport) Listen(ctx context.Context, scheme, address string, cfg *transport.Config) (transport.Listener, error) {
	a, err := t.parse(scheme, address)
	if err != nil {
		return nil, err
	}
	if a.User != nil || a.RawQuery != "" {
		return nil, fmt.Errorf("%w: a user or a query can be dialed, not listened on", transport.ErrAddressInvalid)
	}
	l := newListener(a, cfg)
	if a.Host == "" {
		return l, nil
	}
	if t.Secure {
		if err := inet.Certified(scheme, cfg.TLS); err != nil {
			return nil, err
		}
	}
	if err := t.bind(ctx, a, l); err != nil {
		return nil, err
	}
	return l, nil
}

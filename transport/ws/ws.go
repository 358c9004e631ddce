// Package ws carries messages over WebSocket (RFC 6455): ws:// and wss://, and ws4://, ws6://,
// wss4:// and wss6:// for one version of IP. A message of gonng, header and body, is one binary
// message of WebSocket. There is no handshake of the Scalability Protocols: the client asks
// for the subprotocol that is named after the server's protocol, such as rep.sp.nanomsg.org,
// and the server confirms it. nng: ws and wss.
package ws

import (
	"context"
	"fmt"
	"net/url"
	"strings"
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

// Check implements transport.Transport.
func (t *Transport) Check(scheme, address string) error {
	_, err := t.parse(scheme, address)
	return err
}

// CheckDial implements transport.DialChecker.
func (t *Transport) CheckDial(scheme, address string) error {
	_, err := t.parseDial(scheme, address)
	return err
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
		return nil, fmt.Errorf("%w: %q: a user or query can be dialed, not listened on", transport.ErrAddressInvalid, address)
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

// address is a parsed URL of this transport, as one of HTTP. Its Host is empty, or has a
// port.
type address struct {
	*url.URL
	scheme  string
	network string // tcp, tcp4 or tcp6
}

// parse parses text, which follows "scheme://". Without a port it is that of HTTP or HTTPS.
func (t *Transport) parse(scheme, text string) (address, error) {
	kind, port := "http", "80"
	if t.Secure {
		kind, port = "https", "443"
	}
	u, err := url.Parse(kind + "://" + urlZone(text))
	if err != nil {
		if parse, ok := err.(*url.Error); ok {
			err = parse.Err
		}
		return address{}, fmt.Errorf("%w: %q: %w", transport.ErrAddressInvalid, text, err)
	}
	if u.Fragment != "" || u.Opaque != "" {
		return address{}, fmt.Errorf("%w: %q: want host:port/path", transport.ErrAddressInvalid, text)
	}
	a := address{u, scheme, "tcp" + strings.TrimLeft(scheme, "ws")}
	if u.Path == "" {
		u.Path = "/"
	}
	if u.Host == "" {
		return a, nil
	}
	if u.Port() == "" {
		u.Host = strings.TrimSuffix(u.Host, ":") + ":" + port
	}
	return a, inet.Check(a.network, a.hostPort())
}

// parseDial is parse for an address to dial, which needs a host or a port. Without a host it
// is localhost.
func (t *Transport) parseDial(scheme, text string) (address, error) {
	a, err := t.parse(scheme, text)
	if err != nil {
		return address{}, err
	}
	if a.Host == "" {
		return address{}, fmt.Errorf("%w: %q has no host: it can be listened on, not dialed", transport.ErrAddressInvalid, text)
	}
	if err := inet.CheckDial(a.network, a.hostPort()); err != nil {
		return address{}, err
	}
	if a.Hostname() == "" {
		a.Host = "localhost" + a.Host
	}
	return a, nil
}

// urlZone rewrites the zone of an IPv6 address from the form of package net to that of URLs:
// [fe80::1%eth0] becomes [fe80::1%25eth0]. It leaves other text as it is.
func urlZone(text string) string {
	authority, rest := text, ""
	if i := strings.IndexAny(text, "/?#"); i >= 0 {
		authority, rest = text[:i], text[i:]
	}
	before, bracketed, ok := cutLast(authority, "[")
	ip, after, zoned := strings.Cut(bracketed, "%")
	zone, port, closed := cutLast(after, "]")
	if !ok || !zoned || !closed || len(zone) > 2 && strings.HasPrefix(zone, "25") {
		return text
	}
	return before + "[" + ip + "%25" + url.PathEscape(zone) + "]" + port + rest
}

// cutLast is strings.Cut around the last instance of sep.
func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// hostPort returns host and port in the form of package inet.
func (a address) hostPort() string { return inet.Join(a.Hostname(), a.Port()) }

// at returns the URL of a when it is bound at hostPort, "" when it is not bound.
func (a address) at(hostPort string) string {
	return a.scheme + "://" + hostPort + a.EscapedPath()
}

// Package ws carries messages over WebSocket (RFC 6455): ws:// and wss://, and
// ws4://, ws6://, wss4://, wss6:// for one version of IP. A message is one
// binary message of WebSocket, header and body. There is no handshake of the
// Scalability Protocols: the client asks for the subprotocol that is named
// after the server's protocol, such as rep.sp.nanomsg.org, and the server
// confirms it.
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

// Transport is the WebSocket transport. Listeners of one Transport share a
// port when their paths differ; the first sets the options of TCP and TLS for
// all, and so does one whose options are changed later.
type Transport struct {
	// Secure is for wss: TLS under HTTP.
	Secure bool

	mu      sync.Mutex
	servers map[string]*server // by each name of their address
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

// Listen implements transport.Transport. Without host and port nothing is
// bound: the program's own HTTP server brings the peers.
func (t *Transport) Listen(ctx context.Context, scheme, address string, cfg *transport.Config) (transport.Listener, error) {
	a, err := t.parse(scheme, address)
	if err != nil {
		return nil, err
	}
	if a.User != nil || a.RawQuery != "" {
		return nil, fmt.Errorf("%w: %q: user and query can be dialed, not listened on", transport.ErrAddressInvalid, address)
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

// address is what follows "scheme://", as HTTP has it. Its Host is empty, or
// has a port.
type address struct {
	*url.URL
	scheme  string
	network string // tcp, tcp4 or tcp6
}

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

// parseDial is parse for an address to dial.
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

// urlZone writes the zone of an IPv6 address as in URLs, if text has it as in
// package net: [fe80::1%eth0] becomes [fe80::1%25eth0].
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

// hostPort is the address as package inet has it.
func (a address) hostPort() string { return inet.Join(a.Hostname(), a.Port()) }

// at is the URL of a when it is bound at hostPort; "" for nowhere.
func (a address) at(hostPort string) string {
	return a.scheme + "://" + hostPort + a.EscapedPath()
}

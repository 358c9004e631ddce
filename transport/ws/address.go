package ws

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/gonng/gonng/internal/inet"
	"github.com/gonng/gonng/transport"
)

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

// address is a parsed URL of this transport, as one of HTTP. Its Host is empty, or has a
// port.
type address struct {
	*url.URL
	scheme  string
	network string // tcp, tcp4 or tcp6
}

// parse parses text, which follows "scheme://". Without a port it is that of HTTP or HTTPS. The
// errors do not quote text, which may have a password.
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
		return address{}, fmt.Errorf("%w: %w", transport.ErrAddressInvalid, err)
	}
	if u.Fragment != "" || u.Opaque != "" {
		return address{}, fmt.Errorf("%w: want host:port/path", transport.ErrAddressInvalid)
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
		return address{}, fmt.Errorf("%w: the URL has no host: it can be listened on, not dialed", transport.ErrAddressInvalid)
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

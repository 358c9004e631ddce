package inet

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/gonng/gonng/transport"
)

// Check reports why address can never be dialed or listened on.
func Check(network, address string) error {
	host, _, err := Split(address)
	if err != nil {
		return err
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err == nil && (network == "tcp4" && !ip.Unmap().Is4() || network == "tcp6" && ip.Unmap().Is4()):
		return invalid("%s is not an address of %s", host, network)
	case strings.HasPrefix(address, "[") && (err != nil || ip.Is4()):
		return invalid("%q: brackets are for IPv6, and %q is not an IPv6 address", address, host)
	case err == nil && (ip.Unmap().IsMulticast() || ip.Unmap() == broadcast):
		return invalid("%s is the address of a group, and TCP connects two: name one host", host)
	case err == nil, host == "", host == "*":
		return nil
	}
	return checkName(host)
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// CheckDial is Check for an address to dial.
func CheckDial(network, address string) error {
	if err := Check(network, address); err != nil {
		return err
	}
	switch host, port, _ := Split(address); {
	case port == "0":
		return invalid("%q: port 0 can be listened on, not dialed", address)
	case host == "*":
		return invalid("%q: host * can be listened on, not dialed", address)
	}
	return nil
}

// checkName refuses what no resolver can find. What is not ASCII is left to the
// resolver.
func checkName(host string) error {
	const limit = 254 // of DNS, with a final dot
	foreign := strings.IndexFunc(host, func(r rune) bool {
		return r < 0x80 && !strings.ContainsRune("-_.", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	switch {
	case strings.Contains(host, ";"):
		return invalid("host %q: an interface before ; cannot be given, only the address or name of a host", host)
	case foreign >= 0:
		return invalid("host %q: %q is in no name and no address of a host", host, host[foreign])
	case len(host) > limit:
		return invalid("the host has %d bytes, a name has at most %d", len(host), limit)
	case strings.HasPrefix(host, "."), strings.Contains(host, ".."):
		return invalid("host %q: there is nothing before a dot", host)
	case strings.Trim(host, "0123456789.") == "" && strings.Count(host, ".") >= 3:
		return invalid("host %q is not an IPv4 address", host)
	}
	return nil
}

// Split takes host:port apart. The zone of an IPv6 address may be written as
// in URLs, [fe80::1%25eth0]:5555, or as in package net, [fe80::1%eth0]:5555; the
// host that Split returns has it as in package net.
func Split(address string) (host, port string, err error) {
	if login, _, ok := strings.Cut(address, "@"); ok && !strings.Contains(login, "[") { // with a password, perhaps: it is not quoted
		return "", "", invalid("want host:port without a user, which only ws and wss take")
	}
	host, port, err = net.SplitHostPort(address)
	if err != nil {
		return "", "", invalid("%q: want host:port, for IPv6 [host]:port", address)
	}
	n, err := strconv.ParseUint(port, 10, 64)
	switch {
	case err == nil && n > 65535, err != nil && port != "" && strings.Trim(port, "0123456789") == "":
		return "", "", invalid("%q: port %s is not within 0..65535", address, port)
	case err != nil:
		return "", "", invalid("%q: port %q is not a number", address, port)
	}
	host, err = plainZone(host)
	if err != nil {
		return "", "", invalid("%q: %w", address, err)
	}
	return host, strconv.FormatUint(n, 10), nil
}

// Join is the inverse of Split. It writes a zone as in URLs.
func Join(host, port string) string {
	if ip, zone, ok := strings.Cut(host, "%"); ok {
		host = ip + "%25" + url.PathEscape(zone)
	}
	return net.JoinHostPort(host, port)
}

// plainZone gives host its zone as in package net. A zone whose name begins with
// 25 must be written as in URLs: %2525.
func plainZone(host string) (string, error) {
	ip, zone, _ := strings.Cut(host, "%")
	escaped, ok := strings.CutPrefix(zone, "25")
	if !ok || escaped == "" {
		return host, nil
	}
	zone, err := url.PathUnescape(escaped)
	return ip + "%" + zone, err
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{transport.ErrAddressInvalid}, args...)...)
}

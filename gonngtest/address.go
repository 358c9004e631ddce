package gonngtest

import (
	"cmp"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Framing is how messages are told apart in a stream of bytes.
type Framing int

const (
	// StreamFraming is that of tcp, tls+tcp and socket: 8 bytes of length, in
	// network order, then the message.
	StreamFraming Framing = iota
	// IPCFraming is that of ipc: a byte 1 comes before the length.
	IPCFraming
)

// address is a URL as package net wants it.
type address struct {
	scheme, network, addr string
	path                  string // of ws and wss: what follows the port
	framing               Framing
}

func parse(t testing.TB, rawURL string) address {
	t.Helper()
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok {
		t.Fatalf("%q is no URL", rawURL)
	}
	switch scheme {
	case "ipc", "unix":
		return address{scheme, "unix", rest, "", IPCFraming}
	case "abstract":
		name, err := url.PathUnescape(rest)
		if err != nil {
			t.Fatalf("%q: %v", rawURL, err)
		}
		return address{scheme, "unix", "@" + name, "", IPCFraming}
	case "inproc", "socket":
		t.Fatalf("%q: no bytes go over %s", rawURL, scheme)
	}
	network := "tcp"
	if last := scheme[len(scheme)-1:]; last == "4" || last == "6" {
		network += last
	}
	host := len(rest)
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		host = i
	}
	addr := strings.TrimPrefix(rest[:host], "*")
	return address{scheme, network, addr, rest[host:], StreamFraming}
}

// beside is an address of the same kind where nothing listens yet.
func (a address) beside(t testing.TB) address {
	t.Helper()
	if a.network == "unix" {
		if a.scheme == "abstract" {
			a.scheme = "ipc"
		}
		a.addr = shortDir(t) + "/x"
		return a
	}
	a.addr = net.JoinHostPort(cmp.Or(a.host(), "localhost"), "0")
	return a
}

func (a address) url() string { return a.scheme + "://" + a.addr + a.path }

// at is the URL of l, a listener for a.
func (a address) at(l net.Listener) string {
	if tcp, ok := l.Addr().(*net.TCPAddr); ok {
		// The same host name, which a certificate may be for. Every interface is
		// no address to dial.
		a.addr = net.JoinHostPort(cmp.Or(a.host(), "localhost"), strconv.Itoa(tcp.Port))
	} else {
		a.addr = l.Addr().String()
	}
	return a.url()
}

// host is "" where it is every interface.
func (a address) host() string {
	host, _, _ := net.SplitHostPort(a.addr)
	return host
}

// listen listens at a until the test ends.
func (a address) listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen(a.network, a.addr)
	if err != nil {
		t.Fatalf("gonngtest: %v", err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// shortDir is a temporary directory whose name leaves room in the 108 bytes of
// a Unix socket's address, as that of t.TempDir may not.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

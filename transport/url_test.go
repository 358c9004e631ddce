package transport_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/transport"
	"github.com/gonng/gonng/transport/fdsocket"
	"github.com/gonng/gonng/transport/inproc"
	"github.com/gonng/gonng/transport/ipc"
	"github.com/gonng/gonng/transport/tcp"
	"github.com/gonng/gonng/transport/tlstcp"
	"github.com/gonng/gonng/transport/ws"
)

// byScheme makes the transports, by one of their schemes.
func byScheme() map[string]transport.Transport {
	return map[string]transport.Transport{
		"tcp": tcp.Transport{}, "tls+tcp": tlstcp.Transport{}, "ws": new(ws.Transport), "wss": &ws.Transport{Secure: true},
		"ipc": ipc.Transport{}, "abstract": ipc.Abstract{}, "inproc": new(inproc.Transport), "socket": fdsocket.Transport{},
	}
}

// addresses are some that can be listened on. DIR is an empty directory.
var addresses = map[string][]string{
	"tcp": {"127.0.0.1:0", "localhost:0", ":0", "*:0", "0.0.0.0:0", "[::]:0", "[::1]:0", "[::1%lo]:0", "[::1%25lo]:0", "[::ffff:127.0.0.1]:0"},
	"ws": {
		"127.0.0.1:0", "127.0.0.1:0/", "localhost:0/x", ":0/x", "*:0/x", "[::1]:0/x", "[::1%lo]:0/x", "[::1%25lo]:0/x", "[::ffff:127.0.0.1]:0/x",
		"127.0.0.1:0/a%2Fb", "127.0.0.1:0/a%3Fb", "127.0.0.1:0/a%23b%25", "127.0.0.1:0/a b", "127.0.0.1:0/ü", "127.0.0.1:0/%ff%00",
		"127.0.0.1:0//a//b/", "127.0.0.1:0/../a/./b", "127.0.0.1:0/[x]%25lo", "127.0.0.1:0/a;b=c,d&e@f:g",
	},
	"ipc":      {"DIR/x", "DIR/%", "DIR/%41", "DIR/a?b#c", "DIR/a b", "DIR/ü", "DIR/\xff", "DIR//y", "DIR/../DIR/z", "DIR/@x"},
	"abstract": {"UNIQUE", "UNIQUE%00rest", "%00UNIQUE", "UNIQUE%00", "@UNIQUE", "UNIQUE%2Fa/b", "UNIQUE?a#b", "UNIQUE%ff%FE", "UNIQUE%25", "UNIQUE a", ""},
	"inproc":   {"UNIQUE", "UNIQUE%00", "UNIQUE\x00", "UNIQUE/a?b#c d%", "UNIQUE://x", "\xffUNIQUE"},
}

// TestURLCanBeDialed: what a listener says it listens at is checked, can be
// dialed, is said again by whoever listens at that, and all ends of a connection
// agree on it.
func TestURLCanBeDialed(t *testing.T) {
	ca := gonngtest.NewCA(t)
	cert := ca.Issue(t)
	addresses := addresses
	addresses["tls+tcp"], addresses["wss"] = addresses["tcp"], addresses["ws"]
	for scheme, list := range addresses {
		if scheme == "abstract" && runtime.GOOS != "linux" || scheme == "ipc" && runtime.GOOS == "windows" {
			continue
		}
		for _, address := range list {
			t.Run(scheme+"://"+address, func(t *testing.T) {
				gonngtest.NoLeaks(t)
				if strings.Contains(address, "%lo") && runtime.GOOS != "linux" {
					t.Skip("the name of the loopback interface is Linux's")
				}
				cfg := &transport.Config{
					Protocol: uint16(gonng.ProtocolPair0), Peer: uint16(gonng.ProtocolPair0), ProtocolName: "pair", PeerName: "pair",
					HandshakeTimeout: gonngtest.Timeout,
					TLS:              &tls.Config{RootCAs: ca.Pool, Certificates: []tls.Certificate{cert.TLS()}, ServerName: "127.0.0.1"},
				}
				dir, err := os.MkdirTemp("", "")
				check(t, err)
				defer os.RemoveAll(dir)
				tr := byScheme()[scheme]
				replace := strings.NewReplacer("DIR/../DIR", dir+"/../"+filepath.Base(dir), "DIR", dir, "UNIQUE", filepath.Base(dir))
				first := listenAndDial(t, tr, scheme, replace.Replace(address), cfg)
				_, again, _ := strings.Cut(first, "://")
				if second := listenAndDial(t, tr, scheme, again, cfg); second != first {
					t.Errorf("listens at %s, and there at %s", first, second)
				}
			})
		}
	}
}

// listenAndDial returns the URL of the listener.
func listenAndDial(t *testing.T, tr transport.Transport, scheme, address string, cfg *transport.Config) string {
	t.Helper()
	check(t, tr.Check(scheme, address))
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	l, err := tr.Listen(ctx, scheme, address, cfg)
	check(t, err)
	defer l.Close()
	accepted := make(chan transport.Conn, 1)
	go func() {
		defer close(accepted)
		if peer, err := l.Accept(); err != nil {
			t.Error(err)
		} else if conn, err := peer.Handshake(ctx); err != nil {
			t.Error(err)
		} else {
			accepted <- conn
		}
	}()
	said, to, _ := strings.Cut(l.URL(), "://")
	if said != scheme {
		t.Errorf("listens at %s", l.URL())
	}
	check(t, tr.Check(scheme, to))
	if d, ok := tr.(transport.DialChecker); ok {
		check(t, d.CheckDial(scheme, to))
	}
	dialed, err := tr.Dial(ctx, scheme, to, cfg)
	check(t, err)
	defer dialed.Close()
	conn := <-accepted
	if conn == nil {
		t.FailNow()
	}
	defer conn.Close()
	if _, ok := l.Addr().(*net.TCPAddr); ok { // every interface is none of them
		return l.URL()
	}
	name := to
	if scheme == "abstract" {
		name, err = url.PathUnescape(to)
		check(t, err)
		name = "@" + name
	}
	for what, addr := range map[string]net.Addr{"Addr": l.Addr(), "LocalAddr": conn.LocalAddr(), "RemoteAddr": dialed.RemoteAddr()} {
		if addr.String() != name {
			t.Errorf("%s is %q, want %q", what, addr, name)
		}
	}
	return l.URL()
}

// TestZoneIsNotInCertificate: the certificate of a server is for its address, and
// not for the interface by which a client reaches it.
func TestZoneIsNotInCertificate(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the name of the loopback interface is Linux's")
	}
	gonngtest.NoLeaks(t)
	ca := gonngtest.NewCA(t)
	cert := ca.Issue(t, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv6loopback} })
	for _, scheme := range []string{"tls+tcp", "wss"} {
		listenAndDial(t, byScheme()[scheme], scheme, "[::1%lo]:0", &transport.Config{
			Protocol: uint16(gonng.ProtocolPair0), Peer: uint16(gonng.ProtocolPair0), ProtocolName: "pair", PeerName: "pair",
			HandshakeTimeout: gonngtest.Timeout,
			TLS:              &tls.Config{RootCAs: ca.Pool, Certificates: []tls.Certificate{cert.TLS()}},
		})
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestCheckDial: what can be listened on or is valid nowhere is refused before it
// is dialed, in the same words as by Dial.
func TestCheckDial(t *testing.T) {
	gonngtest.NoLeaks(t)
	transports := byScheme()
	for _, u := range []string{
		"tcp://*:5555", "tcp://127.0.0.1:0", "tcp://eth0;127.0.0.1:5", "tcp://user@127.0.0.1:1", "tcp://host", "tcp://[::1:5",
		"tls+tcp://*:5555", "tls+tcp://127.0.0.1:0", "tls+tcp://a b:1",
		"ws://", "ws:///x", "ws://*:5555/", "ws://127.0.0.1:0/", "ws://a b/", "ws://127.0.0.1:65536/", "ws://127.0.0.1/#x", "ws://[::1/", "ws://[127.0.0.1]/", "ws://eth0;127.0.0.1:5/",
		"wss:///", "wss://*/", "wss://h:0/",
		"ipc://", "ipc://" + strings.Repeat("x", 300), "ipc://a\x00b",
		"abstract://", "abstract://%", "abstract://" + strings.Repeat("x", 108),
		"inproc://", "socket://", "socket://x", "socket://-1", "socket://+1", "socket://4294967296", "socket://3/",
	} {
		scheme, address, _ := strings.Cut(u, "://")
		if scheme == "abstract" && runtime.GOOS != "linux" {
			continue
		}
		tr := transports[scheme]
		err := tr.Check(scheme, address)
		if d, ok := tr.(transport.DialChecker); ok {
			err = d.CheckDial(scheme, address)
		}
		_, dial := tr.Dial(gonngtest.Context(t, gonngtest.Timeout), scheme, address, &transport.Config{})
		if !errors.Is(err, transport.ErrAddressInvalid) || dial == nil || dial.Error() != err.Error() {
			t.Errorf("%s: the check says %v, Dial %v", u, err, dial)
		}
	}
}

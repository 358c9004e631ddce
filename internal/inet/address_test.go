package inet

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/gonng/gonng/transport"
)

func TestCheck(t *testing.T) {
	const listened, never = "listen", "never"
	for address, use := range map[string]string{
		"127.0.0.1:5555": "", "localhost:5555": "", ":5555": "", "0.0.0.0:5555": "", "[::]:1": "", "[::1]:65535": "",
		"a-b_c.example.:1": "", "bücher.example:1": "", "1.2.3:1": "", "[fe80::1%eth0]:1": "", "[fe80::1%25eth0]:1": "",
		"*:5555": listened, "127.0.0.1:0": listened, "*:0": listened, ":0": listened, "127.0.0.1:00": listened, "[::1]:0": listened,
		"": never, ":": never, "*": never, "localhost": never, "127.0.0.1:": never, "127.0.0.1:http": never, "127.0.0.1:65536": never,
		"127.0.0.1:-1": never, "127.0.0.1:+1": never, "127.0.0.1: 1": never, "127.0.0.1:99999999999999999999": never,
		"::1:5555": never, "[::1:5555": never, "::1]:5555": never, "[[::1]]:5": never, "[::1]5555": never, "[::1]": never, "[]:5": never,
		"[127.0.0.1]:5": never, "[localhost]:5": never, "[*]:5": never, "[fe80::1%25%zz]:5": never,
		"eth0;127.0.0.1:5": never, "user@127.0.0.1:1": never, "user:pw@host:1": never, "a b:1": never, "a\x00b:1": never, "**:1": never,
		"a/b:1": never, "a?b:1": never, "a%20b:1": never, "127.0.0.1%lo:1": never, "256.0.0.1:1": never, "127.0.0.01:1": never,
		"1.2.3.4.5:1": never, "224.0.0.1:5": never, "[ff02::1]:5": never, "[ff02::1%lo]:5": never, "[::ffff:239.1.2.3]:5": never, "255.255.255.255:5": never, "[::ffff:255.255.255.255]:0": never, "a..b:1": never, ".a:1": never, strings.Repeat("a", 300) + ":1": never,
	} {
		err, dial := Check("tcp", address), CheckDial("tcp", address)
		if wrong := err != nil; wrong != (use == never) || wrong && !errors.Is(err, transport.ErrAddressInvalid) {
			t.Errorf("Check of %.40q: %v", address, err)
		}
		if wrong := dial != nil; wrong != (use != "") || wrong && !errors.Is(dial, transport.ErrAddressInvalid) {
			t.Errorf("CheckDial of %.40q: %v", address, dial)
		}
	}
	for _, row := range []struct {
		network, host string
		fits          bool
	}{
		{"tcp4", "127.0.0.1", true}, {"tcp4", "[::1]", false}, {"tcp4", "[::ffff:127.0.0.1]", true}, {"tcp4", "localhost", true},
		{"tcp6", "127.0.0.1", false}, {"tcp6", "[::1]", true}, {"tcp6", "[::ffff:127.0.0.1]", false}, {"tcp6", "*", true},
		{"tcp", "[::ffff:127.0.0.1]", true},
	} {
		if err := Check(row.network, row.host+":1"); (err == nil) != row.fits {
			t.Errorf("%s, %s: %v", row.network, row.host, err)
		}
	}
}

// TestCheckIsRight compares with package net, which says the same of addresses
// of the wrong family, but only when it dials.
func TestCheckIsRight(t *testing.T) {
	for _, network := range []string{"tcp", "tcp4", "tcp6"} {
		for _, host := range []string{"127.0.0.1", "::1", "::ffff:127.0.0.1", "::1%lo", "fe80::1%25"} {
			_, err := new(net.Resolver).LookupNetIP(context.Background(), strings.Replace(network, "tcp", "ip", 1), host)
			if check := Check(network, Join(host, "1")); (err == nil) != (check == nil) {
				t.Errorf("%s, %s: Check says %v, package net %v", network, host, check, err)
			}
		}
	}
}

func TestZones(t *testing.T) {
	for address, want := range map[string]string{ // the host, and the address as Join has it
		"[fe80::1%lo]:1":        "fe80::1%lo [fe80::1%25lo]:1",
		"[fe80::1%25lo]:1":      "fe80::1%lo [fe80::1%25lo]:1",
		"[fe80::1%7]:1":         "fe80::1%7 [fe80::1%257]:1",
		"[fe80::1%25]:1":        "fe80::1%25 [fe80::1%2525]:1",
		"[fe80::1%2525]:1":      "fe80::1%25 [fe80::1%2525]:1",
		"[fe80::1%25251]:1":     "fe80::1%251 [fe80::1%25251]:1",
		"[fe80::1%25a%20b]:1":   "fe80::1%a b [fe80::1%25a%20b]:1",
		"[fe80::1%a b]:1":       "fe80::1%a b [fe80::1%25a%20b]:1",
		"[fe80::1%25a%25b]:1":   "fe80::1%a%b [fe80::1%25a%25b]:1",
		"[fe80::1%wlan0.1]:001": "fe80::1%wlan0.1 [fe80::1%25wlan0.1]:1",
	} {
		host, port, err := Split(address)
		if got := host + " " + Join(host, port); err != nil || got != want {
			t.Errorf("%s is %s, %v, want %s", address, got, err, want)
		}
	}
}

// FuzzURLOfTCP: what is printed is parsed to what was printed, and what may be
// dialed may be listened on.
func FuzzURLOfTCP(f *testing.F) {
	for _, seed := range []string{"127.0.0.1:5555", "*:0", "[fe80::1%25lo]:1", "[fe80::1%2525]:0", "eth0;1.2.3.4:5", "user@host:1", "[::1]]:5", "a\x00:1", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		for _, network := range []string{"tcp", "tcp4", "tcp6"} {
			err := Check(network, address)
			if err == nil {
				testSplit(t, network, address)
			} else if !errors.Is(err, transport.ErrAddressInvalid) {
				t.Errorf("the error is %v", err)
			}
			if CheckDial(network, address) == nil && err != nil {
				t.Errorf("can be dialed, but %v", err)
			}
		}
	})
}

func testSplit(t *testing.T, network, address string) {
	host, port, err := Split(address)
	if err != nil {
		t.Fatal(err)
	}
	printed := Join(host, port)
	if err := Check(network, printed); err != nil {
		t.Errorf("%q is printed as %q: %v", address, printed, err)
	}
	host2, port2, err := Split(printed)
	if err != nil || host2 != host || port2 != port {
		t.Errorf("%q, printed as %q, is %q and %q, not %q and %q, %v", address, printed, host2, port2, host, port, err)
	}
}

package stream

import (
	"net"
	"testing"
)

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }

func TestURL(t *testing.T) {
	for want, addr := range map[string]net.Addr{
		"tcp://127.0.0.1:5555":   &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5555},
		"tcp://[::1%25lo]:1":     &net.TCPAddr{IP: net.IPv6loopback, Port: 1, Zone: "lo"},
		"tcp://pipe":             pipeAddr("pipe"),
		"ipc:///tmp/x":           &net.UnixAddr{Name: "/tmp/x", Net: "unix"},
		"ipc://x":                pipeAddr(`\\.\pipe\x`),
		"abstract://a%2Fb%00%FF": &net.UnixAddr{Name: "@a/b\x00\xff", Net: "unix"},
		"abstract://00012":       &net.UnixAddr{Name: "@00012", Net: "unix"},
	} {
		if got := URL(addr); got != want {
			t.Errorf("URL(%v) = %s, want %s", addr, got, want)
		}
	}
}

package gonng

import (
	"errors"
	"net"
	"testing"
)

// unnamedPeer is at the other end of a Unix socket and has no address.
type unnamedPeer struct {
	name string
	cred PeerCred
	err  error
}

func (p unnamedPeer) RemoteAddr() net.Addr        { return &net.UnixAddr{Name: p.name, Net: "unix"} }
func (p unnamedPeer) PeerCred() (PeerCred, error) { return p.cred, p.err }

// TestPeerName: a peer without an address is called by its process.
func TestPeerName(t *testing.T) {
	for want, peer := range map[string]unnamedPeer{
		"pid 1234":               {name: "@", cred: PeerCred{PID: 1234, UID: 7}},
		"uid 7":                  {cred: PeerCred{UID: 7}},
		"/tmp/x":                 {name: "/tmp/x", cred: PeerCred{PID: 1234}},
		"a peer without address": {name: "@", err: errors.New("not told")},
	} {
		if got := peerName(peer); got != want {
			t.Errorf("%+v is %q, want %q", peer, got, want)
		}
	}
	var addressOnly struct{ addressed }
	if got, want := peerName(addressOnly), "127.0.0.1:1"; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
}

type addressed struct{}

func (addressed) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}
}

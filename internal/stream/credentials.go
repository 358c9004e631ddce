package stream

import (
	"fmt"
	"net"
	"syscall"

	"github.com/gonng/gonng/transport"
)

// PeerCred implements transport.Credentials.
func (c *conn) PeerCred() (transport.PeerCred, error) { return credentials(c.Conn) }

// PeerCred implements transport.Credentials.
func (i *incoming) PeerCred() (transport.PeerCred, error) { return credentials(i.Conn) }

// credentials asks the kernel for the user and process at the other end of a Unix socket.
func credentials(nc net.Conn) (cred transport.PeerCred, err error) {
	sc, ok := nc.(syscall.Conn)
	if !ok || nc.LocalAddr().Network() != "unix" {
		return cred, fmt.Errorf("%w: only a Unix socket knows the user of its peer", transport.ErrNotSupported)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return cred, err
	}
	failed := raw.Control(func(fd uintptr) { cred, err = peerCred(int(fd)) })
	if failed != nil {
		return cred, failed
	}
	return cred, err
}

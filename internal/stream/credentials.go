package stream

import (
	"fmt"
	"syscall"

	"github.com/gonng/gonng/transport"
)

// PeerCred implements transport.Credentials.
func (c *conn) PeerCred() (cred transport.PeerCred, err error) {
	sc, ok := c.Conn.(syscall.Conn)
	if !ok || c.Conn.LocalAddr().Network() != "unix" {
		return cred, fmt.Errorf("%w: only a Unix socket knows its peer", transport.ErrNotSupported)
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

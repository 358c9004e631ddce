package stream

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/gonng/gonng/transport"
)

func peerCred(fd int) (transport.PeerCred, error) {
	u, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return transport.PeerCred{}, os.NewSyscallError("getsockopt", err)
	}
	return transport.PeerCred{UID: u.Uid, GID: u.Gid, PID: int(u.Pid)}, nil
}

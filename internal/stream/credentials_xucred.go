//go:build darwin || freebsd

package stream

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/gonng/gonng/transport"
)

func peerCred(fd int) (cred transport.PeerCred, err error) {
	x, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return cred, os.NewSyscallError("getsockopt", err)
	}
	cred.UID, cred.GID = x.Uid, x.Groups[0]
	cred.PID, err = peerPID(fd)
	return cred, os.NewSyscallError("getsockopt", err)
}

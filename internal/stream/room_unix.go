//go:build unix

package stream

import (
	"net"

	"golang.org/x/sys/unix"
)

// roomToWrite reports whether a few hundred bytes can be written to nc without waiting: the
// kernel calls a socket writable only when it has room for much more. known is false when nc
// has no descriptor to ask about.
func roomToWrite(nc net.Conn) (yes, known bool) {
	raw := rawConn(nc)
	if raw == nil {
		return false, false
	}
	fds := []unix.PollFd{{Events: unix.POLLOUT}}
	var err error
	failed := raw.Control(func(fd uintptr) {
		fds[0].Fd = int32(fd)
		_, err = unix.Poll(fds, 0)
	})
	return fds[0].Revents&unix.POLLOUT != 0, failed != nil || err == nil
}

package stream

import (
	"net"

	"golang.org/x/sys/unix"
)

// HungUp reports whether nothing more comes from the other end of nc, whatever
// there is still to read; see transport.Prober.
func HungUp(nc net.Conn) (yes, known bool) {
	raw := rawConn(Underlying(nc))
	if raw == nil {
		return false, false
	}
	var n int
	var err error
	failed := raw.Control(func(fd uintptr) {
		// That the connection broke need not be asked for.
		n, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}, 0)
	})
	return n > 0, failed == nil && err == nil
}

package stream

import (
	"net"

	"golang.org/x/sys/unix"
)

// HungUp reports whether the peer has closed its end of nc, without reading what it sent
// before; see transport.Prober. known is false when the kernel cannot be asked.
func HungUp(nc net.Conn) (yes, known bool) {
	raw := rawConn(Underlying(nc))
	if raw == nil {
		return false, false
	}
	var n int
	var err error
	failed := raw.Control(func(fd uintptr) {
		// Poll also tells of a broken connection, unasked.
		n, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}, 0)
	})
	return n > 0, failed == nil && err == nil
}

package inet

import (
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// setUserTimeout gives up a peer that does not confirm what was sent to it after
// as long as keep-alive gives up an idle one, from when it fell silent: probes are
// not sent while data is, and the kernel's own patience with data is minutes.
// The times are read back from the socket, because package net fills in some and
// leaves others to the system. A timeout that the program set is left alone.
func setUserTimeout(tc *net.TCPConn) error {
	raw, err := tc.SyscallConn()
	if err != nil {
		return err
	}
	failed := raw.Control(func(fd uintptr) {
		var patience time.Duration
		patience, err = keepAlivePatience(int(fd))
		if err == nil && patience > 0 {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(patience.Milliseconds()))
		}
	})
	if failed != nil {
		return failed
	}
	return os.NewSyscallError("TCP_USER_TIMEOUT", err)
}

// keepAlivePatience is after how long keep-alive gives up, or 0 if there is a
// user timeout already or no keep-alive.
func keepAlivePatience(fd int) (time.Duration, error) {
	var value [5]int
	for i, option := range [...][2]int{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE},
		{unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
	} {
		n, err := unix.GetsockoptInt(fd, option[0], option[1])
		if err != nil {
			return 0, err
		}
		value[i] = n
	}
	on, user, idle, interval, count := value[0], value[1], value[2], value[3], value[4]
	if on == 0 || user != 0 {
		return 0, nil
	}
	const longest = 1 << 20 // seconds; as milliseconds it fits into what the kernel takes
	return time.Duration(min(idle+interval*count, longest)) * time.Second, nil
}

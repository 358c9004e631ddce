package main

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// narrowDialer makes connections for which the other side's kernel keeps
// little: over loopback that grows with the size of segments, to megabytes. For
// thousands that read nothing it would be all the memory that the kernel has
// for TCP, and who reads would have to wait for some.
var narrowDialer = net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
	var set error
	err := c.Control(func(fd uintptr) {
		set = errors.Join(
			unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, 1400),
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<10))
	})
	return errors.Join(err, set)
}}

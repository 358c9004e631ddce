package stream

import (
	"syscall"
	"unsafe"
)

// unacknowledged reports whether the kernel has bytes that the peer's kernel
// has not confirmed.
func unacknowledged(raw syscall.RawConn) bool {
	var n int32
	var errno syscall.Errno
	err := raw.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&n)))
	})
	return err == nil && (errno != 0 || n > 0)
}

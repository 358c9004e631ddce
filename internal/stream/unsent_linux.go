package stream

import (
	"syscall"
	"unsafe"
)

// sendQueue asks the kernel how many bytes of a connection it has still to send.
type sendQueue struct {
	raw   syscall.RawConn
	ask   func(fd uintptr) // made once, because each closure is an allocation
	bytes int32
	errno syscall.Errno
}

func (q *sendQueue) init(raw syscall.RawConn) {
	q.raw = raw
	q.ask = func(fd uintptr) {
		_, _, q.errno = syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&q.bytes)))
	}
}

// empty reports whether the peer's kernel is known to have confirmed all bytes.
func (q *sendQueue) empty() bool {
	return q.raw.Control(q.ask) == nil && q.errno == 0 && q.bytes == 0
}

package stream

import (
	"net"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Package net cuts the name of an abstract Unix socket at its first zero byte.
// For the kernel a zero byte is one like any other.

// wholeNames returns the addresses of nc if package net cuts one of them, else nil.
func wholeNames(nc net.Conn) *names {
	uc, ok := nc.(*net.UnixConn)
	if !ok {
		return nil
	}
	local := wholeName(uc, uc.LocalAddr(), unix.SYS_GETSOCKNAME)
	remote := wholeName(uc, uc.RemoteAddr(), unix.SYS_GETPEERNAME)
	if local == uc.LocalAddr() && remote == uc.RemoteAddr() {
		return nil
	}
	return &names{local, remote}
}

// WholeName returns l, or a listener over it whose address is not cut.
func WholeName(l net.Listener) net.Listener {
	ul, ok := l.(*net.UnixListener)
	if !ok {
		return l
	}
	return &namedListener{ul, wholeName(ul, ul.Addr(), unix.SYS_GETSOCKNAME)}
}

// wholeName asks the kernel, by the system call, for the address of c that package net
// reports as addr. It returns addr if that is right or the kernel cannot be asked.
func wholeName(c syscall.Conn, addr net.Addr, call uintptr) net.Addr {
	if a, ok := addr.(*net.UnixAddr); !ok || !strings.HasPrefix(a.Name, "@") {
		return addr
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return addr
	}
	var sa unix.RawSockaddrUnix
	size := uint32(unsafe.Sizeof(sa))
	var errno syscall.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, errno = unix.RawSyscall(call, fd, uintptr(unsafe.Pointer(&sa)), uintptr(unsafe.Pointer(&size)))
	})
	const start = uint32(unsafe.Offsetof(sa.Path)) + 1 // after the zero byte that an abstract name begins with
	if err != nil || errno != 0 || size <= start || size > uint32(unsafe.Sizeof(sa)) {
		return addr
	}
	name := make([]byte, 0, len(sa.Path))
	for _, b := range sa.Path[1:][:size-start] {
		name = append(name, byte(b))
	}
	if whole := "@" + string(name); whole != addr.String() {
		return &net.UnixAddr{Name: whole, Net: addr.Network()}
	}
	return addr
}

// namedListener is a listener with an address that is not cut.
type namedListener struct {
	*net.UnixListener
	addr net.Addr
}

func (l *namedListener) Addr() net.Addr { return l.addr }

//go:build unix

package gonng_test

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
)

// fullBacklog is the address of a listener that accepts nothing and takes
// hardly a connection: once it has those, the kernel does not answer for it.
func fullBacklog(t *testing.T) (address string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", sa.(*syscall.SockaddrInet4).Port)
}

// socketpair returns two connected sockets without an address.
func socketpair(t *testing.T) (x, y net.Conn) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	return fileConn(t, fds[0]), fileConn(t, fds[1])
}

func fileConn(t *testing.T, fd int) net.Conn {
	t.Helper()
	f := os.NewFile(uintptr(fd), "socketpair")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// many is how many strangers come at once: as the process and its child may
// have descriptors for, and some for others.
func many(t *testing.T) int {
	t.Helper()
	const want, others = 10_000, 500
	var limit syscall.Rlimit
	check(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)) // package os has raised it already
	if uint64(limit.Cur) < want+others {
		t.Logf("%d strangers instead of %d: a process may have %d descriptors (ulimit -Hn)", limit.Cur-others, want, limit.Cur)
		return int(limit.Cur) - others
	}
	return want
}

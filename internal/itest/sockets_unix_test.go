//go:build unix

package itest

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
	check(t, err)
	t.Cleanup(func() { syscall.Close(fd) })
	check(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	check(t, syscall.Listen(fd, 0))
	sa, err := syscall.Getsockname(fd)
	check(t, err)
	return fmt.Sprintf("127.0.0.1:%d", sa.(*syscall.SockaddrInet4).Port)
}

// socketpair returns two connected sockets without an address.
func socketpair(t *testing.T) (x, y net.Conn) {
	t.Helper()
	ours, theirs := descriptorPair(t)
	return fileConn(t, ours), fileConn(t, theirs)
}

// fileConn is the connection of a descriptor that f gives away.
func fileConn(t *testing.T, f *os.File) net.Conn {
	t.Helper()
	c, err := net.FileConn(f)
	check(t, err)
	check(t, f.Close())
	return c
}

// many is how many strangers come at once: as the process and its child may
// have descriptors for, and some for others.
func many(t *testing.T) int {
	t.Helper()
	const others = 500
	want := 10_000
	if raceDetector {
		want = 2000
	}
	var limit syscall.Rlimit
	check(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)) // package os has raised it already
	if int(limit.Cur) < want+others {
		t.Logf("%d strangers instead of %d: a process may have %d descriptors (ulimit -Hn)", limit.Cur-others, want, limit.Cur)
		return int(limit.Cur) - others
	}
	return want
}

//go:build unix

package ipc

import (
	"context"
	"io/fs"
	"net"
	"os"
	"syscall"

	"github.com/gonng/gonng/transport"
)

const platformOptions = transport.OptIPCPermissions

// bind makes the socket file and listens on it. mode is the permissions of the file; with 0
// the umask of the process decides them.
func bind(ctx context.Context, path string, mode fs.FileMode) (net.Listener, error) {
	if mode == 0 {
		return new(net.ListenConfig).Listen(ctx, network, path)
	}
	fd, err := unixSocket()
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close() // the listener has a duplicate of the descriptor
	// On Linux the file gets the permissions of the socket, less the umask, and so never has
	// more than mode. Other systems may refuse this. There the chmod of listenBound is in
	// time: before listen(2) the kernel refuses all connections.
	_ = syscall.Fchmod(fd, uint32(mode))
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	l, err := listenBound(f, fd, path, mode)
	if err != nil {
		os.Remove(path)
		return nil, err
	}
	return l, nil
}

// listenBound listens on fd, which is bound to path, after it has set the permissions.
func listenBound(f *os.File, fd int, path string, mode fs.FileMode) (net.Listener, error) {
	if err := os.Chmod(path, mode); err != nil {
		return nil, err
	}
	if err := syscall.Listen(fd, backlog); err != nil {
		return nil, os.NewSyscallError("listen", err)
	}
	return net.FileListener(f)
}

// backlog is larger than any kernel's own maximum, which the kernel uses then.
const backlog = 4096

// unixSocket makes a socket that child processes do not inherit.
func unixSocket() (int, error) {
	syscall.ForkLock.RLock() // no fork before CloseOnExec
	defer syscall.ForkLock.RUnlock()
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	syscall.CloseOnExec(fd)
	return fd, nil
}

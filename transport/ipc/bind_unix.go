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

// bind makes the file and listens on it. mode 0 leaves the permissions to the
// process's umask.
func bind(ctx context.Context, path string, mode fs.FileMode) (net.Listener, error) {
	if mode == 0 {
		return new(net.ListenConfig).Listen(ctx, network, path)
	}
	fd, err := unixSocket()
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close() // what listens is a duplicate
	// Linux makes the file with the socket's permissions less the umask, so that
	// it never has more. Other systems may refuse this. They have the chmod
	// below: whoever connects before listen is refused.
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

func listenBound(f *os.File, fd int, path string, mode fs.FileMode) (net.Listener, error) {
	if err := os.Chmod(path, mode); err != nil {
		return nil, err
	}
	if err := syscall.Listen(fd, backlog); err != nil {
		return nil, os.NewSyscallError("listen", err)
	}
	return net.FileListener(f)
}

// backlog is more than kernels grant; they take their own maximum then.
const backlog = 4096

func unixSocket() (int, error) {
	syscall.ForkLock.RLock() // a child must not inherit it
	defer syscall.ForkLock.RUnlock()
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	syscall.CloseOnExec(fd)
	return fd, nil
}

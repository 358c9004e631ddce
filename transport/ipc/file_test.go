//go:build unix

package ipc_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/transport"
	"github.com/gonng/gonng/transport/ipc"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// shortDir is a directory with a path that a socket's may begin with.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func listen(t testing.TB, path string, permissions fs.FileMode) (transport.Listener, error) {
	t.Helper()
	cfg := &transport.Config{HandshakeTimeout: gonngtest.Timeout, IPCPermissions: permissions}
	return ipc.Transport{}.Listen(gonngtest.Context(t, gonngtest.Timeout), "ipc", path, cfg)
}

// eachBind runs body for the two ways to bind a path.
func eachBind(t *testing.T, body func(t *testing.T, permissions fs.FileMode)) {
	for name, permissions := range map[string]fs.FileMode{"umask": 0, "permissions": 0o600} {
		t.Run(name, func(t *testing.T) {
			gonngtest.NoLeaks(t)
			body(t, permissions)
		})
	}
}

// TestCloseRemovesOwnFile: Close leaves alone what has replaced the file.
func TestCloseRemovesOwnFile(t *testing.T) {
	for name, replace := range map[string]func(t *testing.T, path string){
		"another listener": func(t *testing.T, path string) {
			l, err := net.Listen("unix", path+"2")
			check(t, err)
			t.Cleanup(func() { l.Close() })
			check(t, os.Rename(path+"2", path))
		},
		"a file": func(t *testing.T, path string) {
			check(t, os.Remove(path))
			check(t, os.WriteFile(path, nil, 0o600))
		},
		"a link to it": func(t *testing.T, path string) {
			check(t, os.Rename(path, path+"2"))
			check(t, os.Symlink(path+"2", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachBind(t, func(t *testing.T, permissions fs.FileMode) {
				path := filepath.Join(shortDir(t), "x")
				l, err := listen(t, path, permissions)
				check(t, err)
				replace(t, path)
				before, err := os.Lstat(path)
				check(t, err)
				check(t, l.Close())
				if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
					t.Errorf("what has replaced the file is gone: %v", err)
				}
			})
		})
	}
	t.Run("gone", func(t *testing.T) {
		path := filepath.Join(shortDir(t), "x")
		l, err := listen(t, path, 0)
		check(t, err)
		check(t, os.Remove(path))
		check(t, l.Close())
		l.Close() // again: must not panic
	})
}

// TestCloseAfterChdir: Close removes the file that was made, and none of the same
// relative path elsewhere.
func TestCloseAfterChdir(t *testing.T) {
	eachBind(t, func(t *testing.T, permissions fs.FileMode) {
		first, second := shortDir(t), shortDir(t)
		t.Chdir(first)
		l, err := listen(t, "x", permissions)
		check(t, err)
		t.Chdir(second)
		other, err := listen(t, "x", permissions)
		check(t, err)
		defer other.Close()
		check(t, l.Close())
		if _, err := os.Lstat(filepath.Join(first, "x")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file is still there: %v", err)
		}
		_, err = os.Lstat("x")
		check(t, err)
	})
}

// TestDirectoryIsNone: a FIFO in the place of the directory must not make Listen
// wait for a writer.
func TestDirectoryIsNone(t *testing.T) {
	eachBind(t, func(t *testing.T, permissions fs.FileMode) {
		fifo := filepath.Join(shortDir(t), "fifo")
		check(t, syscall.Mkfifo(fifo, 0o600))
		_, err := listen(t, filepath.Join(fifo, "x"), permissions)
		if !errors.Is(err, syscall.ENOTDIR) || !strings.Contains(err.Error(), fifo+" is not a directory") {
			t.Errorf("the error is %v", err)
		}
		_, err = listen(t, fifo, permissions)
		if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), fifo+" is not a socket") {
			t.Errorf("at the FIFO itself the error is %v", err)
		}
	})
}

// TestNotStale: a socket that cannot be connected to for another reason than that
// nobody listens is in use.
func TestNotStale(t *testing.T) {
	eachBind(t, func(t *testing.T, permissions fs.FileMode) {
		for name, bind := range map[string]func(*syscall.SockaddrUnix) (fd int, err error){
			"datagrams": func(sa *syscall.SockaddrUnix) (int, error) {
				fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM, 0)
				check(t, err)
				return fd, syscall.Bind(fd, sa)
			},
			"full backlog": func(sa *syscall.SockaddrUnix) (int, error) {
				fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
				check(t, err)
				check(t, syscall.Bind(fd, sa))
				check(t, syscall.Listen(fd, 0))
				for err == nil { // until the kernel takes no more
					client, e := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
					check(t, e)
					defer syscall.Close(client)
					check(t, syscall.SetNonblock(client, true))
					err = syscall.Connect(client, sa)
				}
				if err != syscall.EAGAIN {
					t.Skip("a full backlog is", err)
				}
				return fd, nil
			},
		} {
			t.Run(name, func(t *testing.T) {
				path := filepath.Join(shortDir(t), "x")
				fd, err := bind(&syscall.SockaddrUnix{Name: path})
				defer syscall.Close(fd)
				check(t, err)
				before, err := os.Lstat(path)
				check(t, err)
				l, err := listen(t, path, permissions)
				if err == nil {
					l.Close()
				}
				if !errors.Is(err, syscall.EADDRINUSE) {
					t.Errorf("the error is %v", err)
				}
				if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
					t.Errorf("the socket's file is gone: %v", err)
				}
			})
		}
	})
}

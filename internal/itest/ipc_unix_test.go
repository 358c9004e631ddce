//go:build unix

package itest

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

func wantMode(t testing.TB, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	check(t, err)
	if info.Mode() != fs.ModeSocket|want {
		t.Errorf("the file is %v, want a socket with %v", info.Mode(), want)
	}
}

// deadSocket makes the file that a killed process leaves behind.
func deadSocket(t testing.TB, path string) {
	t.Helper()
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	check(t, err)
	dead.SetUnlinkOnClose(false)
	check(t, dead.Close())
}

func TestIPCPermissions(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, mode := range []fs.FileMode{0o600, 0o660, 0o666, 0o777} {
		for _, scheme := range []string{"ipc", "unix"} {
			t.Run(scheme+" "+mode.String(), func(t *testing.T) {
				_, path := socketPath(t)
				url := scheme + "://" + path
				a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
				l, err := a.Listen(testContext(t), url, gonng.WithIPCPermissions(mode))
				check(t, err)
				wantMode(t, path, mode)
				if addr, ok := l.Addr().(*net.UnixAddr); !ok || addr.Name != path || l.URL() != url {
					t.Errorf("listens at %v, %s", l.Addr(), l.URL())
				}
				dial(t, b, transport("ipc"), url, gonng.WithDialMode(gonng.DialWait))
				check(t, b.Send(testContext(t), []byte("hello")))
				m, err := a.RecvMsg(testContext(t))
				check(t, err)
				if addr, ok := m.Pipe().LocalAddr().(*net.UnixAddr); !ok || addr.Name != path {
					t.Errorf("the pipe is at %v", m.Pipe().LocalAddr())
				}
				check(t, l.Close())
				if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("the file after Close: %v", err)
				}
			})
		}
	}
	t.Run("of the socket", func(t *testing.T) {
		url, path := socketPath(t)
		open(t, gonng.NewPull0, gonng.SocketOption(gonng.WithIPCPermissions(0o640)), gonng.WithListen(url), gonng.WithListen("tcp://127.0.0.1:0"))
		wantMode(t, path, 0o640)
	})
	t.Run("default", func(t *testing.T) {
		url, path := socketPath(t)
		umask := syscall.Umask(0)
		syscall.Umask(umask)
		open(t, gonng.NewPull0, gonng.SocketOption(gonng.WithIPCPermissions(0)), gonng.WithListen(url))
		wantMode(t, path, fs.FileMode(0o777&^umask))
	})
}

// What is at the path already, with and without permissions of the listener's own.
func TestSocketFile(t *testing.T) {
	gonngtest.NoLeaks(t)
	t.Run("default", func(t *testing.T) { testSocketFile(t) })
	t.Run("private", func(t *testing.T) { testSocketFile(t, gonng.WithIPCPermissions(0o600)) })
}

func testSocketFile(t *testing.T, permissions ...gonng.ListenOption) {
	t.Run("stale", func(t *testing.T) {
		url, path := socketPath(t)
		deadSocket(t, path)
		a, b := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
		_, err := a.Listen(testContext(t), url, permissions...)
		check(t, err)
		if len(permissions) > 0 {
			wantMode(t, path, 0o600)
		}
		dial(t, b, transport("ipc"), url, gonng.WithDialMode(gonng.DialWait))
	})
	t.Run("in use", func(t *testing.T) {
		url, path := socketPath(t)
		a, b, c := open(t, gonng.NewPull0), open(t, gonng.NewPull0), open(t, gonng.NewPush0)
		_, err := a.Listen(testContext(t), url, gonng.WithIPCPermissions(0o660))
		check(t, err)
		_, err = b.Listen(testContext(t), url, permissions...)
		wantError(t, err, "listen", gonng.ErrAddressInUse)
		wantMode(t, path, 0o660)
		dial(t, c, transport("ipc"), url, gonng.WithDialMode(gonng.DialWait))
	})
	t.Run("not a socket", func(t *testing.T) {
		url, path := socketPath(t)
		check(t, os.WriteFile(path, []byte("precious"), 0o600))
		s := open(t, gonng.NewPull0)
		_, err := s.Listen(testContext(t), url, permissions...)
		wantError(t, err, "listen", gonng.ErrAddressInUse)
		wantText(t, fmt.Sprint(err), path+" is not a socket")
		_, err = s.Dial(testContext(t), url, gonng.WithDialMode(gonng.DialWait))
		wantError(t, err, "dial", gonng.ErrConnectionRefused)
		wantText(t, fmt.Sprint(err), path+" is not a socket")
		if data, _ := os.ReadFile(path); string(data) != "precious" {
			t.Errorf("the file has %q afterwards", data)
		}
	})
	t.Run("no directory", func(t *testing.T) {
		url, dir := socketPath(t)
		_, err := open(t, gonng.NewPull0).Listen(testContext(t), url+"/none", permissions...)
		wantError(t, err, "listen", gonng.ErrNoEntry, fs.ErrNotExist)
		wantText(t, fmt.Sprint(err), "there is no directory "+dir)
	})
	t.Run("symbolic link", func(t *testing.T) {
		// To listen at a link to nothing must not remove what it is a link to.
		url, path := socketPath(t)
		check(t, os.Symlink(path+".target", path))
		_, err := open(t, gonng.NewPull0).Listen(testContext(t), url, permissions...)
		wantError(t, err, "listen", gonng.ErrAddressInUse)
	})
}

// What cannot have permissions refuses them.
func TestIPCPermissionsRefused(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := open(t, gonng.NewPull0)
	for _, url := range []string{"tcp://127.0.0.1:0", "inproc://x", "abstract://x"} {
		_, err := s.Listen(testContext(t), url, gonng.WithIPCPermissions(0o600))
		wantError(t, err, "listen", gonng.ErrNotSupported)
	}
	_, err := gonng.NewPull0(gonng.WithIPCPermissions(0o600), gonng.WithListen("abstract://x"))
	wantError(t, err, "listen", gonng.ErrNotSupported)
	for _, mode := range []fs.FileMode{fs.ModeSetuid | 0o600, fs.ModeSocket | 0o600, 0o1777} {
		err := s.Set(gonng.WithIPCPermissions(mode))
		wantError(t, err, "set", gonng.ErrInvalid)
		wantText(t, fmt.Sprint(err), fmt.Sprintf("%#o", uint32(mode)))
	}
	wantError(t, s.Set(gonng.WithIPCSecurityDescriptor("D:P(A;;GA;;;BA)")), "set", gonng.ErrNotSupported)
	_, path := socketPath(t)
	nl, err := net.Listen("unix", path)
	check(t, err)
	defer nl.Close()
	_, err = s.ListenOn(nl, gonng.WithIPCPermissions(0o600))
	wantError(t, err, "listen", gonng.ErrNotSupported)
}

func TestCloseRemovesSocketFile(t *testing.T) {
	gonngtest.NoLeaks(t)
	url, path := socketPath(t)
	for _, how := range []string{"socket", "listener", "unix scheme"} {
		s := open(t, gonng.NewPull0)
		if how == "unix scheme" {
			url = "unix://" + path
		}
		l, err := s.Listen(testContext(t), url)
		check(t, err)
		if l.URL() != url {
			t.Errorf("URL is %q, want %q", l.URL(), url)
		}
		_, err = os.Stat(path)
		check(t, err)
		if how == "listener" {
			l.Close()
		} else {
			s.Close()
		}
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the file is still there after Close: %v", how, err)
		}
	}
}

// TestStaleSocketRace: of many that find the same stale file exactly one gets
// the address, and the others do not take it away again.
func TestStaleSocketRace(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, mode := range []fs.FileMode{0, 0o600} {
		for range 30 {
			url, path := socketPath(t)
			deadSocket(t, path)
			var all sync.WaitGroup
			var listening atomic.Int32
			start := make(chan struct{})
			for range 8 {
				s := open(t, gonng.NewPull0)
				all.Go(func() {
					<-start
					switch _, err := s.Listen(t.Context(), url, gonng.WithIPCPermissions(mode)); {
					case err == nil:
						listening.Add(1)
					case !errors.Is(err, gonng.ErrAddressInUse):
						t.Error(err)
					}
				})
			}
			close(start)
			all.Wait()
			if n := listening.Load(); n != 1 {
				t.Fatalf("%d listen at the same path", n)
			}
			nc, err := net.Dial("unix", path)
			check(t, err)
			check(t, nc.Close())
		}
	}
}

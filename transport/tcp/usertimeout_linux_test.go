package tcp_test

import (
	"context"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/transport"
	"github.com/gonng/gonng/transport/tcp"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

// TestUserTimeout: both ends of a connection give up unconfirmed data when
// keep-alive would give up.
func TestUserTimeout(t *testing.T) {
	for name, row := range map[string]struct {
		keepAlive net.KeepAliveConfig
		want      time.Duration
	}{
		"off":     {net.KeepAliveConfig{Idle: time.Second}, 0},
		"default": {net.KeepAliveConfig{}, 150 * time.Second},
		"short":   {net.KeepAliveConfig{Enable: true, Idle: 3 * time.Second, Interval: 2 * time.Second, Count: 4}, 11 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			gonngtest.NoLeaks(t)
			cfg := &transport.Config{HandshakeTimeout: gonngtest.Timeout, TCPKeepAlive: row.keepAlive}
			for _, conn := range connect(t, cfg) {
				defer conn.Close()
				fd := descriptor(t, conn)
				if got := userTimeout(t, fd); got != row.want {
					t.Errorf("the user timeout is %v, want %v", got, row.want)
				}
				if on := keepAlive(t, fd); on != (row.want > 0) {
					t.Errorf("keep-alive is on: %v, want %v", on, row.want > 0)
				}
			}
		})
	}
}

// A connection of the program's DialContext keeps what the program set.
func TestUserTimeoutOfProgram(t *testing.T) {
	gonngtest.NoLeaks(t)
	for name, set := range map[string]func(fd int) error{
		"off":     func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0) },
		"another": func(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 5000) },
	} {
		t.Run(name, func(t *testing.T) {
			want := time.Duration(0)
			if name == "another" {
				want = 5 * time.Second
			}
			cfg := &transport.Config{HandshakeTimeout: gonngtest.Timeout}
			cfg.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				nc, err := new(net.Dialer).DialContext(ctx, network, address)
				if err == nil {
					control(t, nc, set)
				}
				return nc, err
			}
			conns := connect(t, cfg)
			defer conns[1].Close()
			defer conns[0].Close()
			if got := userTimeout(t, descriptor(t, conns[0])); got != want {
				t.Errorf("the user timeout is %v, want %v", got, want)
			}
		})
	}
}

// connect returns the ends that dialed and that listened.
func connect(t *testing.T, cfg *transport.Config) []transport.Conn {
	t.Helper()
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	l, err := tcp.Transport{}.Listen(ctx, "tcp", "127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan transport.Conn, 1)
	go func() {
		defer close(accepted)
		if peer, err := l.Accept(); err != nil {
			t.Error(err)
		} else if conn, err := peer.Handshake(ctx); err != nil {
			t.Error(err)
		} else {
			accepted <- conn
		}
	}()
	dialed, err := tcp.Transport{}.Dial(ctx, "tcp", l.Addr().String(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return []transport.Conn{dialed, <-accepted}
}

// descriptor is the one of an IPv4 connection.
func descriptor(t *testing.T, conn transport.Conn) int {
	t.Helper()
	port := func(a unix.Sockaddr) int {
		if a, ok := a.(*unix.SockaddrInet4); ok {
			return a.Port
		}
		return 0
	}
	for fd := range 1000 {
		local, _ := unix.Getsockname(fd)
		remote, _ := unix.Getpeername(fd)
		if port(local) == conn.LocalAddr().(*net.TCPAddr).Port && port(remote) == conn.RemoteAddr().(*net.TCPAddr).Port {
			return fd
		}
	}
	t.Fatal("no descriptor is that connection")
	return 0
}

func userTimeout(t *testing.T, fd int) time.Duration {
	t.Helper()
	ms, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(ms) * time.Millisecond
}

func keepAlive(t *testing.T, fd int) bool {
	t.Helper()
	on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE)
	if err != nil {
		t.Fatal(err)
	}
	return on != 0
}

func control(t *testing.T, nc net.Conn, f func(fd int) error) {
	t.Helper()
	raw, err := nc.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	failed := raw.Control(func(fd uintptr) { err = f(int(fd)) })
	if failed != nil || err != nil {
		t.Fatal(failed, err)
	}
}

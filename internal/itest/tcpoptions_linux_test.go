package itest

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// odd are options of TCP that nobody has by chance.
var odd = struct {
	noDelay   bool
	keepAlive net.KeepAliveConfig
}{false, net.KeepAliveConfig{Enable: true, Idle: 17 * time.Second, Interval: 3 * time.Second, Count: 4}}

// wantOdd fails unless nc has those.
func wantOdd(t *testing.T, nc net.Conn) {
	t.Helper()
	raw, err := nc.(*net.TCPConn).SyscallConn()
	check(t, err)
	check(t, raw.Control(func(fd uintptr) {
		for _, option := range []struct {
			name            string
			level, id, want int
		}{
			{"TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY, 0},
			{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
			{"TCP_KEEPIDLE", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 17},
			{"TCP_KEEPINTVL", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 3},
			{"TCP_KEEPCNT", unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 4},
			{"TCP_USER_TIMEOUT", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 29_000},
		} {
			if got, err := unix.GetsockoptInt(int(fd), option.level, option.id); err != nil || got != option.want {
				t.Errorf("%s is %d, %v; want %d", option.name, got, err, option.want)
			}
		}
	}))
}

// tapped is a listener that tells what it accepts.
type tapped struct {
	net.Listener
	accepted chan net.Conn
}

func (l tapped) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err == nil {
		l.accepted <- nc
	}
	return nc, err
}

// TestTCPOptionsOfOwn: the options hold also for connections that the program
// dials and accepts itself.
func TestTCPOptionsOfOwn(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, name := range []string{"tcp", "tls+tcp", "ws", "wss"} {
		t.Run(name, func(t *testing.T) {
			tr := transport(name)
			pull, push := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
			dialed := make(chan net.Conn, 1)
			dial(t, push, tr, listen(t, pull, tr).URL(), gonng.WithDialMode(gonng.DialWait),
				gonng.WithTCPNoDelay(odd.noDelay), gonng.WithTCPKeepAlive(odd.keepAlive),
				gonng.WithDialContext(func(ctx context.Context, network, address string) (net.Conn, error) {
					nc, err := new(net.Dialer).DialContext(ctx, network, address)
					if err == nil {
						dialed <- nc
					}
					return nc, err
				}))
			wantOdd(t, wait(t, "connection", dialed))
		})
	}
	ca := gonngtest.NewCA(t)
	for name, secure := range map[string]func(net.Listener) net.Listener{
		"ListenOn":      func(l net.Listener) net.Listener { return l },
		"ListenOn, TLS": func(l net.Listener) net.Listener { return tls.NewListener(l, tlsServer(ca.Issue(t), nil)) },
	} {
		t.Run(name, func(t *testing.T) {
			nl, err := net.Listen("tcp", "127.0.0.1:0")
			check(t, err)
			tap := tapped{nl, make(chan net.Conn, 1)}
			pull, push := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
			_, err = pull.ListenOn(secure(tap), gonng.WithTCPNoDelay(odd.noDelay), gonng.WithTCPKeepAlive(odd.keepAlive))
			check(t, err)
			url, opts := "tcp://"+nl.Addr().String(), []gonng.DialOption{gonng.WithDialMode(gonng.DialWait)}
			if name != "ListenOn" {
				url, opts = "tls+"+url, append(opts, gonng.WithTLS(tlsClient(ca, nil)))
			}
			_, err = push.Dial(testContext(t), url, opts...)
			check(t, err)
			waitPeers(t, pull, 1)
			wantOdd(t, wait(t, "connection", tap.accepted))
		})
	}
}

// TestTCPKeepAliveOff: by an empty configuration, which is not enabled, or by the
// program, whose connections keep what no option changes.
func TestTCPKeepAliveOff(t *testing.T) {
	gonngtest.NoLeaks(t)
	for name, probes := range map[string]time.Duration{"option": 0, "program": -1} {
		t.Run(name, func(t *testing.T) {
			nl, err := (&net.ListenConfig{KeepAlive: probes}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			check(t, err)
			tap := tapped{nl, make(chan net.Conn, 1)}
			dialed := make(chan net.Conn, 1)
			listening, dialing := []gonng.ListenOption{}, []gonng.DialOption{
				gonng.WithDialMode(gonng.DialWait),
				gonng.WithDialContext(func(ctx context.Context, network, address string) (net.Conn, error) {
					nc, err := (&net.Dialer{KeepAlive: probes}).DialContext(ctx, network, address)
					dialed <- nc
					return nc, err
				}),
			}
			if name == "option" {
				off := gonng.WithTCPKeepAlive(net.KeepAliveConfig{})
				listening, dialing = append(listening, off), append(dialing, off)
			}
			pull, push := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
			_, err = pull.ListenOn(tap, listening...)
			check(t, err)
			_, err = push.Dial(testContext(t), "tcp://"+nl.Addr().String(), dialing...)
			check(t, err)
			waitPeers(t, pull, 1)
			for _, nc := range []net.Conn{wait(t, "dialed", dialed), wait(t, "accepted", tap.accepted)} {
				raw, err := nc.(*net.TCPConn).SyscallConn()
				check(t, err)
				check(t, raw.Control(func(fd uintptr) {
					if on, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE); err != nil || on != 0 {
						t.Errorf("SO_KEEPALIVE is %d, %v; want 0", on, err)
					}
				}))
			}
		})
	}
}

package gonngtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng/transport"
)

// short is a time that a test lets pass.
const short = 100 * time.Millisecond

// checkDialEnds: Dial ends with its context, with the handshake timeout, and
// at once where nobody listens.
func checkDialEnds(t testing.TB, c *contract) {
	dial := func(ctx context.Context, url string, cfg *transport.Config) error {
		return await(t, "Dial ends", beside(func() error {
			scheme, address := splitURL(t, url)
			conn, err := c.Dial(ctx, scheme, address, cfg)
			if err == nil {
				conn.Close()
			}
			return err
		}))
	}
	s := c.serve(t, c.config(listening))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := dial(ended, s.URL(), c.config(dialing)); !errors.Is(err, context.Canceled) {
		t.Errorf("Dial with a canceled context: error %v, want context.Canceled", err)
	}
	if url, ok := mute(t, s); ok {
		if err := dial(Context(t, short), url, c.config(dialing)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Dial to who does not answer: error %v, want context.DeadlineExceeded", err)
		}
		impatient := c.config(dialing)
		impatient.HandshakeTimeout = short
		if err := dial(Context(t, Timeout), url, impatient); err == nil {
			t.Error("Dial to who does not answer: no error after the handshake timeout")
		}
	}
	busy := c.listen(t, c.config(listening)) // and accepts nobody
	err := dial(Context(t, short), busy.URL(), c.config(dialing))
	if err != nil && !errors.Is(err, context.DeadlineExceeded) { // it may have been answered
		t.Errorf("Dial to who does not accept: error %v, want context.DeadlineExceeded", err)
	}
	busy.Close()
	if err := dial(Context(t, Timeout), busy.URL(), c.config(dialing)); err == nil {
		t.Error("a closed listener can be dialed")
	}
}

// mute is a URL where somebody listens who never says anything, if there is a
// way to have that beside l.
func mute(t testing.TB, l transport.Listener) (url string, ok bool) {
	t.Helper()
	instead := func(old, name string) (string, bool) { return strings.Replace(l.URL(), old, name, 1), true }
	switch addr := l.Addr().(type) {
	case *net.TCPAddr:
		raw := address{network: "tcp", addr: net.JoinHostPort(addr.IP.String(), "0")}.listen(t)
		return instead(fmt.Sprint(":", addr.Port), fmt.Sprint(":", raw.Addr().(*net.TCPAddr).Port))
	case *net.UnixAddr:
		old, abstract := strings.CutPrefix(addr.Name, "@")
		if abstract {
			address{network: "unix", addr: addr.Name + "mute"}.listen(t)
			return instead(old, old+"mute")
		}
		path := shortDir(t) + "/mute"
		address{network: "unix", addr: path}.listen(t)
		return instead(old, path)
	}
	return "", false
}

// stranger connects to l without being of its transport, if there is a way.
func stranger(t testing.TB, l transport.Listener) net.Conn {
	t.Helper()
	switch l.Addr().(type) {
	case *net.TCPAddr, *net.UnixAddr:
	default:
		return nil
	}
	raw, err := net.Dial(l.Addr().Network(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close() })
	return raw
}

// checkHandshakeEnds: a peer that says nothing within the handshake timeout is
// disconnected, one that says nonsense at once.
func checkHandshakeEnds(t testing.TB, c *contract) {
	for _, says := range []string{"", "\xffnonsense\r\n\r\n"} {
		cfg := c.config(listening)
		if says == "" {
			cfg.HandshakeTimeout = short
		}
		s := c.serve(t, cfg)
		raw := stranger(t, s)
		if raw == nil {
			return
		}
		_ = raw.SetDeadline(time.Now().Add(Timeout))
		if _, err := io.WriteString(raw, says); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, raw); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a peer that says %q is still connected after %v", says, Timeout)
		}
	}
}

// checkSilentPeer: peers that have connected and say nothing hold up nobody.
func checkSilentPeer(t testing.TB, c *contract) {
	s := c.serve(t, c.config(listening))
	for range 3 {
		stranger(t, s)
	}
	dialed, err := c.dialURL(Context(t, Timeout), t, s.URL(), c.config(dialing))
	if err != nil {
		t.Fatalf("Dial beside silent peers: %v", err)
	}
	accepted := newEnd(s.next(t))
	accepted.receive()
	if err := newEnd(dialed).send([]byte("hello")); err != nil {
		t.Fatalf("Write: %v", err)
	}
	accepted.want(t, []byte("hello"))
	checkSecondFirst(t, c)
}

// checkSecondFirst: of two peers the second can introduce itself before the
// first, and the first can be turned away.
func checkSecondFirst(t testing.TB, c *contract) {
	l := c.listen(t, c.config(listening))
	scheme, address := splitURL(t, l.URL())
	dials := make(chan struct{}, 2)
	for range 2 {
		go func() {
			if conn, err := c.Dial(t.Context(), scheme, address, c.config(dialing)); err == nil {
				conn.Close()
			}
			dials <- struct{}{}
		}()
	}
	accept := func() transport.Incoming {
		t.Helper()
		var err error
		peer := await(t, "Accept returns, whatever the peers do", beside(func() (peer transport.Incoming) {
			peer, err = l.Accept()
			return peer
		}))
		if err != nil {
			t.Fatalf("Accept: %v", err)
		}
		return peer
	}
	first, second := accept(), accept()
	if addr := first.RemoteAddr(); addr == nil || addr.Network() == "" {
		t.Errorf("the peer's RemoteAddr is %v", addr)
	}
	err := await(t, "the handshake of the second ends", beside(func() error {
		conn, err := second.Handshake(t.Context())
		if err == nil {
			conn.Close()
		}
		return err
	}))
	if err != nil {
		t.Errorf("Handshake of the second: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Errorf("Close of the first: %v", err)
	}
	for range 2 {
		await(t, "Dial ends", dials)
	}
}

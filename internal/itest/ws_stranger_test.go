package itest

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// noRequests are what a stranger may say instead of a request to upgrade.
var noRequests = []struct {
	name   string
	bytes  string
	silent bool // and then nothing, instead of closing
	words  []string
}{
	{"noise", "\xde\xad\xbe\xef\r\n\r\n", false, []string{"no HTTP request"}},
	{"tcp peer", "\x00SP\x00\x00\x30\x00\x00", false, []string{"8 bytes"}},
	{"half and close", "GET / HTTP/1.1\r\nHost: x\r\n", false, []string{"25 bytes"}},
	{"close", "", false, []string{"0 bytes"}},
	{"half and silence", "GET / HTTP/1.1\r\nHost: x\r\nUpgra", true, []string{"30 bytes", "5s"}},
	{"silence", "", true, []string{"0 bytes", "5s"}},
	{"endless header", "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 100<<10), false, []string{"no HTTP request"}},
	{"no upgrade", "GET / HTTP/1.0\r\n\r\n", false, []string{"nothing at /"}},
}

// TestWebSocketStrangers: each is dropped, logged with the reason and counted,
// and holds up nobody.
func TestWebSocketStrangers(t *testing.T) {
	t.Parallel()
	gonngtest.NoLeaks(t)
	rec := newRecorder()
	rep := open(t, gonng.NewRep0, gonng.WithLogger(rec.logger()))
	tr := transport("ws")
	h := newHonest(t, rep, tr, listen(t, rep, tr).URL())
	for _, no := range noRequests {
		t.Run(no.name, func(t *testing.T) {
			h.t = t
			l := listen(t, rep, tr) // which has not warned of any yet
			url := l.URL()
			stranger, err := net.Dial("tcp", l.Addr().String())
			check(t, err)
			defer stranger.Close()
			_, _ = io.WriteString(stranger, no.bytes) // it need not take all
			h.works()
			h.newcomer(tr, url)
			if !no.silent {
				check(t, stranger.(*net.TCPConn).CloseWrite())
			}
			line := rec.want(t, append(no.words, "not accepted", stranger.LocalAddr().String())...)
			wantText(t, line, url)
			level := "level=WARN"
			if no.bytes == "" && !no.silent { // it was a probe
				level = "level=DEBUG"
			}
			wantText(t, line, level)
			_, err = io.ReadAll(stranger)
			if errors.Is(err, gonng.ErrTimeout) {
				t.Error(err)
			}
			wantStrangers(t, l, rec, 1)
		})
	}
}

// TestWebSocketManyStrangers: a thousand that never finish hold up nobody,
// neither those who come nor Close.
func TestWebSocketManyStrangers(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, tr := range []gonngtest.Transport{transport("ws"), transport("wss")} {
		t.Run(tr.Name, func(t *testing.T) {
			rep := open(t, gonng.NewRep0)
			l := listen(t, rep, tr)
			for i := range 1000 {
				c, err := net.Dial("tcp", l.Addr().String())
				check(t, err)
				defer c.Close()
				if i%2 == 0 {
					_, err := io.WriteString(c, "GET / HT")
					check(t, err)
				}
			}
			h := newHonest(t, rep, tr, l.URL())
			h.works()
			promptly(t, "Close", func() { check(t, rep.Close()) })
		})
	}
}

// noAnswers are what a stranger may say who is dialed.
var noAnswers = []struct {
	name   string
	bytes  string
	silent bool
	kind   error
	words  []string
}{
	{"noise", "\xde\xad\xbe\xef\r\n\r\n", false, gonng.ErrProtocol, []string{"malformed"}},
	{"tcp peer", "\x00SP\x00\x00\x31\x00\x00", false, gonng.ErrProtocol, []string{"malformed", "SP", "without WebSocket", "tcp://"}},
	{"half and close", "HTTP/1.1 101 Switch", false, gonng.ErrConnectionReset, []string{"closed"}},
	{"close", "", false, gonng.ErrConnectionReset, []string{"closed"}},
	{"half and silence", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n", true, gonng.ErrTimeout, []string{"5s"}},
	{"silence", "", true, gonng.ErrTimeout, []string{"5s"}},
	{"no upgrade", "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Protocol: rep.sp.nanomsg.org\r\n\r\n", false, gonng.ErrProtocol, []string{"Connection"}},
	{"wrong key", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: rep.sp.nanomsg.org\r\n\r\n", false, gonng.ErrProtocol, []string{"Accept"}},
	{"half a page", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nwelcome", true, gonng.ErrProtocol, []string{"200", "welcome"}},
}

// TestWebSocketStrangerListens: the same where the stranger is who is dialed.
func TestWebSocketStrangerListens(t *testing.T) {
	t.Parallel()
	gonngtest.NoLeaks(t)
	for _, no := range noAnswers {
		t.Run(no.name, func(t *testing.T) {
			t.Parallel()
			nl, err := net.Listen("tcp", "127.0.0.1:0")
			check(t, err)
			defer nl.Close()
			req := open(t, gonng.NewReq0)
			result := concurrently(func() error {
				_, err := req.Dial(testContext(t), "ws://"+nl.Addr().String(), gonng.WithDialMode(gonng.DialWait))
				return err
			})
			stranger, err := nl.Accept()
			check(t, err)
			defer stranger.Close()
			_, err = io.WriteString(stranger, no.bytes)
			check(t, err)
			if !no.silent {
				check(t, stranger.(*net.TCPConn).CloseWrite())
			}
			err = wait(t, "Dial", result)
			wantError(t, err, "dial", no.kind)
			wantText(t, err.Error(), no.words...)
		})
	}
}

// TestWebSocketTLS: who speaks TLS meets who does not, and certificates count.
func TestWebSocketTLS(t *testing.T) {
	gonngtest.NoLeaks(t)
	rec := newRecorder()
	rep := open(t, gonng.NewRep0, gonng.WithLogger(rec.logger()))
	_, err := rep.Listen(testContext(t), "wss://127.0.0.1:0")
	wantError(t, err, "listen", gonng.ErrInvalid)
	wantText(t, err.Error(), "certificate")
	_, err = rep.Listen(testContext(t), "ws://127.0.0.1:0", gonng.WithTLS(new(tls.Config)))
	wantError(t, err, "listen", gonng.ErrNotSupported)

	secure, plain := listen(t, rep, transport("wss")), listen(t, rep, transport("ws"))
	fails := func(url string, kind error, opts ...gonng.DialOption) {
		t.Helper()
		req := open(t, gonng.NewReq0)
		_, err := req.Dial(testContext(t), url, append(opts, gonng.WithDialMode(gonng.DialWait))...)
		wantError(t, err, "dial", kind)
	}
	fails(secure.URL(), gonng.ErrPeerAuth) // nobody knows who signed it
	rec.want(t, "not accepted", "TLS handshake", "bad certificate")
	fails("ws"+strings.TrimPrefix(secure.URL(), "wss"), gonng.ErrProtocol)
	rec.want(t, "not accepted", "HTTP without TLS")
	fails("wss"+strings.TrimPrefix(plain.URL(), "ws"), gonng.ErrCrypto)

	req := open(t, gonng.NewReq0)
	dial(t, req, transport("wss"), secure.URL(), gonng.WithDialMode(gonng.DialWait))
	waitPeers(t, rep, 1)
	for _, s := range []gonng.Socket{req, rep} {
		if state := s.Pipes()[0].TLS(); state == nil || !state.HandshakeComplete || state.Version < tls.VersionTLS12 {
			t.Errorf("%s: TLS is %+v", s.Name(), state)
		}
	}
	if r := rep.Pipes()[0].HTTPRequest(); r.TLS == nil || !r.TLS.HandshakeComplete {
		t.Errorf("the request's TLS is %+v", r.TLS)
	}
}

//go:build !js

package itest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// reqMessage is a message as a Req0 sends it.
func reqMessage(body string) []byte { return append([]byte{0x80, 0, 0, 1}, body...) }

// TestWebSocketClient: a program that knows nothing of us asks a Rep0.
func TestWebSocketClient(t *testing.T) {
	gonngtest.NoLeaks(t)
	rep := open(t, gonng.NewRep0)
	l := listen(t, rep, transport("ws"))
	serving(t, rep, echo)
	ws := mustPeer(t, l.URL(), "rep.sp.nanomsg.org")
	ctx := testContext(t)
	answered := func(want []byte) {
		t.Helper()
		kind, got, err := ws.Read(ctx)
		check(t, err)
		wantBody(t, got, want)
		if kind != websocket.MessageBinary {
			t.Errorf("the answer is a %v", kind)
		}
	}
	for _, size := range []int{0, 1, 121, 122, 125, 126, 4092, 65531, 65532, 70000, 900 << 10} {
		ws.SetReadLimit(-1)
		check(t, ws.Write(ctx, websocket.MessageBinary, reqMessage(string(body(1, size)))))
		answered(reqMessage(string(body(1, size))))
	}
	w, err := ws.Writer(ctx, websocket.MessageBinary) // each Write and Close is a frame
	check(t, err)
	var whole []byte
	for i, size := range []int{3, 0, 1, 5000, 70000, 1, 300 << 10} {
		piece := body(i, size)
		if i == 0 {
			piece = reqMessage("")[:3]
		} else if i == 2 {
			piece = reqMessage("")[3:]
		}
		_, err := w.Write(piece)
		check(t, err)
		whole = append(whole, piece...)
	}
	check(t, w.Close())
	answered(whole)
}

// TestWebSocketPing: we answer them, and a pong that nobody asked for does no harm.
func TestWebSocketPing(t *testing.T) {
	gonngtest.NoLeaks(t)
	pull := open(t, gonng.NewPull0)
	ws := mustPeer(t, listen(t, pull, transport("ws")).URL(), "pull.sp.nanomsg.org")
	ctx := ws.CloseRead(testContext(t))
	for i := range 3 {
		check(t, ws.Ping(ctx))
		check(t, ws.Write(ctx, websocket.MessageBinary, body(i, 100)))
		got, err := pull.Recv(testContext(t))
		check(t, err)
		wantBody(t, got, body(i, 100))
	}
}

// TestWebSocketText: refused, or on request accepted if it is UTF-8.
func TestWebSocketText(t *testing.T) {
	gonngtest.NoLeaks(t)
	rec := newRecorder()
	pull := open(t, gonng.NewPull0, gonng.WithLogger(rec.logger()))
	ws := mustPeer(t, listen(t, pull, transport("ws")).URL(), "pull.sp.nanomsg.org")
	check(t, ws.Write(testContext(t), websocket.MessageText, []byte("hello")))
	wantClosed(t, ws, websocket.StatusUnsupportedData)
	rec.want(t, "disconnected", "WithTextFrames", "level=WARN")

	l, err := pull.Listen(testContext(t), "ws://127.0.0.1:0/text", gonng.WithTextFrames())
	check(t, err)
	ws = mustPeer(t, l.URL(), "pull.sp.nanomsg.org")
	check(t, ws.Write(testContext(t), websocket.MessageText, []byte("grüß dich")))
	got, err := pull.Recv(testContext(t))
	check(t, err)
	wantBody(t, got, []byte("grüß dich"))
	check(t, ws.Write(testContext(t), websocket.MessageText, []byte("\xff")))
	wantClosed(t, ws, websocket.StatusInvalidFramePayloadData)
	rec.want(t, "disconnected", "UTF-8")
}

// wantClosed waits for the close frame.
func wantClosed(t testing.TB, ws *websocket.Conn, status websocket.StatusCode) {
	t.Helper()
	if _, _, err := ws.Read(testContext(t)); websocket.CloseStatus(err) != status {
		t.Errorf("the connection ended by %v, want status %d", err, status)
	}
}

// TestWebSocketTooLarge: also in several frames that are too large together.
func TestWebSocketTooLarge(t *testing.T) {
	gonngtest.NoLeaks(t)
	rec := newRecorder()
	pull := open(t, gonng.NewPull0, gonng.WithLogger(rec.logger()), recvMaxSize(100_000))
	url := listen(t, pull, transport("ws")).URL()
	for i, pieces := range [][]int{{100_001}, {60_000, 40_001}, {100_000, 0, 1}} {
		ws := mustPeer(t, url, "pull.sp.nanomsg.org")
		check(t, ws.Write(testContext(t), websocket.MessageBinary, body(0, 100_000)))
		w, err := ws.Writer(testContext(t), websocket.MessageBinary)
		check(t, err)
		for _, n := range pieces {
			_, _ = w.Write(body(0, n)) // the connection may have ended
		}
		_ = w.Close()
		_, err = pull.Recv(testContext(t))
		check(t, err)
		wantClosed(t, ws, websocket.StatusMessageTooBig)
		wantText(t, rec.want(t, "disconnected", "too large", "100001", "100000"), "level=WARN", "pipe=", "peer=")
		gonngtest.Eventually(t, func() bool { return pull.Stats().TooLarge == uint64(i+1) }, "counted")
	}
	_, err := pull.TryRecv()
	want(t, err, gonng.ErrTryAgain)
}

// TestWebSocketEnds: whoever leaves without a word, as browsers do, has just
// disconnected; one in the middle of a message has not; and we do say goodbye.
func TestWebSocketEnds(t *testing.T) {
	gonngtest.NoLeaks(t)
	rec := newRecorder()
	pair := open(t, gonng.NewPair0, gonng.WithLogger(rec.logger()))
	l := listen(t, pair, transport("ws"))
	closed := departures(pair)
	ends := []struct {
		name string
		end  func(*websocket.Conn)
		kind error
		text string
	}{
		{"nothing", func(ws *websocket.Conn) { ws.CloseNow() }, gonng.ErrConnectionReset, "level=INFO"},
		{"close frame", func(ws *websocket.Conn) { ws.Close(websocket.StatusGoingAway, "") }, gonng.ErrConnectionReset, "level=INFO"},
		{"a reason", func(ws *websocket.Conn) { ws.Close(websocket.StatusInternalError, "on fire") }, gonng.ErrConnectionReset, "on fire"},
		{"half a message", func(ws *websocket.Conn) {
			w, err := ws.Writer(testContext(t), websocket.MessageBinary)
			check(t, err)
			_, err = w.Write(bytes.Repeat([]byte("x"), 10000))
			check(t, err)
			ws.CloseNow()
		}, io.ErrUnexpectedEOF, "middle of a message"},
	}
	for _, e := range ends {
		ws := mustPeer(t, l.URL(), "pair.sp.nanomsg.org")
		waitPeers(t, pair, 1)
		e.end(ws)
		if p := wait(t, e.name, closed); !errors.Is(p.Err(), e.kind) {
			t.Errorf("%s: the pipe ended by %v, want %v", e.name, p.Err(), e.kind)
		}
		rec.want(t, "disconnected", e.text)
	}
	if st := pair.Stats(); st.Truncated != 1 || st.Malformed != 0 {
		t.Errorf("%d truncated and %d malformed messages are counted, want 1 and 0", st.Truncated, st.Malformed)
	}
	for _, goodbye := range []func() error{func() error { return pair.Pipes()[0].Close() }, pair.Close} {
		ws := mustPeer(t, l.URL(), "pair.sp.nanomsg.org")
		waitPeers(t, pair, 1)
		check(t, pair.Send(testContext(t), []byte("last")))
		_, got, err := ws.Read(testContext(t))
		check(t, err)
		wantBody(t, got, []byte("last"))
		promptly(t, "Close", func() {
			ended := concurrently(goodbye)
			wantClosed(t, ws, websocket.StatusNormalClosure)
			check(t, wait(t, "Close", ended))
		})
		wait(t, "end of the pipe", closed)
	}
}

// TestWebSocketServers: what a dialer makes of servers that do not do as they
// should.
func TestWebSocketServers(t *testing.T) {
	gonngtest.NoLeaks(t)
	upgrade := func(subprotocols ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: subprotocols})
			if err == nil {
				ws.CloseRead(t.Context())
			}
		}
	}
	servers := map[string]struct {
		h     http.HandlerFunc
		kind  error
		words []string
	}{
		"no subprotocol": {upgrade(), gonng.ErrProtocol, []string{"not confirmed", "rep.sp.nanomsg.org"}},
		"another subprotocol": {func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("Sec-WebSocket-Protocol", "pair.sp.nanomsg.org")
			upgrade("pair.sp.nanomsg.org")(w, r)
		}, gonng.ErrProtocol, []string{"pair", "req", "rep"}},
		"a page": {func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "welcome") }, gonng.ErrProtocol, []string{"200", "welcome"}},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://elsewhere.example/", http.StatusFound)
		}, gonng.ErrProtocol, []string{"302", "elsewhere.example"}},
		"nobody": {http.NotFound, gonng.ErrConnectionRefused, []string{"404"}},
		"no":     {func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusForbidden) }, gonng.ErrPermission, []string{"403"}},
		"hangs up": {func(w http.ResponseWriter, r *http.Request) {
			panic(http.ErrAbortHandler)
		}, gonng.ErrConnectionReset, []string{"closed the connection"}},
	}
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			web := httptest.NewServer(server.h)
			defer web.Close()
			req := open(t, gonng.NewReq0)
			_, err := req.Dial(testContext(t), "ws"+strings.TrimPrefix(web.URL, "http"), gonng.WithDialMode(gonng.DialWait))
			wantError(t, err, "dial", server.kind)
			if err != nil {
				wantText(t, err.Error(), server.words...)
			}
		})
	}
}

// startProxy is a proxy of HTTP that knows one server, by another name than
// its own, and demands a password. It tells whom it was asked for.
func startProxy(t *testing.T, name, server string) (url string, asked chan string) {
	t.Helper()
	asked = make(chan string, 10)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host
		switch {
		case r.Header.Get("Proxy-Authorization") != "Basic YW5uOnNlY3JldA==": // ann:secret
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		case r.Method != http.MethodConnect || r.Host != name:
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		far, err := net.Dial("tcp", server)
		if err != nil {
			t.Error(err)
			return
		}
		defer far.Close()
		near, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer near.Close()
		if _, err := io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
			t.Error(err)
		}
		go func() {
			carry(far, near)
			far.(*net.TCPConn).CloseWrite()
		}()
		carry(near, far)
	}))
	t.Cleanup(proxy.Close)
	return strings.TrimPrefix(proxy.URL, "http://"), asked
}

// carry is io.Copy without the pipes that package net keeps for itself, which
// would look like leaks.
func carry(to io.Writer, from io.Reader) {
	_, _ = io.Copy(struct{ io.Writer }{to}, struct{ io.Reader }{from})
}

// TestWebSocketProxy: a dialer goes through the proxy that the environment
// names, by a tunnel, also to ws://. That is a process of its own: net/http
// looks at the environment once.
func TestWebSocketProxy(t *testing.T) {
	gonngtest.NoLeaks(t)
	t.Setenv("NO_PROXY", "")
	t.Setenv("no_proxy", "")
	for _, name := range []string{"ws", "wss"} {
		t.Run(name, func(t *testing.T) {
			rep := open(t, gonng.NewRep0)
			serving(t, rep, echo)
			l := listen(t, rep, transport(name))
			_, path, _ := strings.Cut(l.URL(), l.Addr().String())
			proxy, asked := startProxy(t, "gonng.invalid:8080", l.Addr().String())
			for _, row := range []struct{ user, host, want string }{
				{"ann:secret@", "gonng.invalid:8080", "hello <nil>"},
				{"", "gonng.invalid:8080", "true gonng: dial req " + name + "://gonng.invalid:8080" + path + ": permission denied: proxy " + proxy + " answers 407 Proxy Authentication Required"},
				{"ann:secret@", "nowhere.invalid:8080", "false gonng: dial req " + name + "://nowhere.invalid:8080" + path + ": connection refused: proxy " + proxy + " answers 502 Bad Gateway"},
			} {
				t.Setenv("HTTP_PROXY", "http://"+row.user+proxy)
				t.Setenv("HTTPS_PROXY", "http://"+row.user+proxy)
				c := startChild(t, "ask", name+"://"+row.host+path)
				c.want(t, row.want)
				c.finish(t)
				if got, want := wait(t, "the proxy", asked), "CONNECT "+row.host; got != want {
					t.Errorf("the proxy was asked %q, want %q", got, want)
				}
			}
		})
	}
}

// TestHTTPHeaderRefused: what would break the request is an error where it is
// set, and a value, which may be a secret, is not in it.
func TestHTTPHeaderRefused(t *testing.T) {
	gonngtest.NoLeaks(t)
	for name, value := range map[string]string{
		"Upgrade": "h2c", "connection": "close", "Sec-WebSocket-Protocol": "x", "sec-websocket-key": "x",
		"Sec-Websocket-Extensions": "permessage-deflate", "Content-Length": "1", "transfer-encoding": "chunked", "Trailer": "x",
		"": "x", "A B": "x", "A:": "x", "Ä": "x", "A\r\nB": "x", "X-Secret": "secret\r\nHost: elsewhere", "X-Zero": "\x00",
	} {
		_, err := gonng.NewReq0(gonng.ReqOption(gonng.WithHTTPHeader(http.Header{name: {value}})))
		want(t, err, gonng.ErrInvalid)
		wantText(t, err.Error(), "WithHTTPHeader")
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%v", err)
		}
	}
	s := open(t, gonng.NewReq0)
	_, err := s.Dial(testContext(t), "tcp://127.0.0.1:1", gonng.WithHTTPHeader(nil))
	wantError(t, err, "dial", gonng.ErrNotSupported)
}

// TestHTTPHeaderOfDialer: the server sees them, Host also in small letters, and
// not what the program does with the map afterwards.
func TestHTTPHeaderOfDialer(t *testing.T) {
	gonngtest.NoLeaks(t)
	rep := open(t, gonng.NewRep0)
	l, err := rep.Listen(testContext(t), "ws:///")
	check(t, err)
	seen := make(chan *http.Request, 1)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Clone(t.Context())
		l.Handler().ServeHTTP(w, r)
	}))
	defer web.Close()
	header := http.Header{"host": {"example.org"}, "x-list": {"one", "two"}, "Authorization": {"Bearer of news"}, "User-Agent": {"me"}}
	option := gonng.WithHTTPHeader(header)
	req := open(t, gonng.NewReq0, gonng.ReqOption(option))
	header.Set("Authorization", "other")
	_, err = req.Dial(testContext(t), "ws"+strings.TrimPrefix(web.URL, "http")+"/path?query=1", gonng.WithDialMode(gonng.DialWait))
	check(t, err)
	r := wait(t, "request", seen)
	if r.Host != "example.org" || len(r.Header["X-List"]) != 2 || r.Header.Get("Authorization") != "Bearer of news" ||
		r.UserAgent() != "me" || r.RequestURI != "/path?query=1" {
		t.Errorf("the server was asked for %s of %s with %v", r.RequestURI, r.Host, r.Header)
	}
}

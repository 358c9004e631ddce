//go:build !js

package itest

import (
	"context"
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

// wsPeer is a plain WebSocket client of url that asks for that subprotocol.
func wsPeer(t testing.TB, url, subprotocol string, header http.Header) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	ws, answer, err := websocket.Dial(testContext(t), url, &websocket.DialOptions{
		HTTPClient:   &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		Subprotocols: []string{subprotocol},
		HTTPHeader:   header,
	})
	if err == nil {
		t.Cleanup(func() { ws.CloseNow() })
	}
	return ws, answer, err
}

// mustPeer is wsPeer of a listener that takes it.
func mustPeer(t testing.TB, url, subprotocol string) *websocket.Conn {
	t.Helper()
	ws, _, err := wsPeer(t, url, subprotocol, nil)
	check(t, err)
	return ws
}

// wantStatus fails the test unless the peer was refused with the status, and
// the answer says the words.
func wantStatus(t testing.TB, answer *http.Response, err error, status int, words ...string) {
	t.Helper()
	if err == nil || answer == nil || answer.StatusCode != status {
		t.Fatalf("got %v, %+v; want status %d", err, answer, status)
	}
	text, _ := io.ReadAll(answer.Body)
	wantText(t, string(text), words...)
}

// TestWebSocketOnProgramsServer: two sockets on two paths of a server that has
// pages too, behind a handler that asks for a cookie.
func TestWebSocketOnProgramsServer(t *testing.T) {
	gonngtest.NoLeaks(t)
	rec := newRecorder()
	rep, pull := open(t, gonng.NewRep0, gonng.WithLogger(rec.logger())), open(t, gonng.NewPull0)
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "a page") })
	type user struct{}
	for path, s := range map[string]gonng.Socket{"/rep": rep, "/deep/pull": pull} {
		l, err := s.Listen(testContext(t), "ws:///")
		check(t, err)
		if l.URL() != "ws:///" || l.Addr().(*net.TCPAddr).Port != 0 {
			t.Errorf("a listener that binds nothing is at %s, %v", l.URL(), l.Addr())
		}
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			cookie, err := r.Cookie("user")
			if err != nil {
				http.Error(w, "who are you?", http.StatusUnauthorized)
				return
			}
			l.Handler().ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), user{}, cookie.Value)))
		})
	}
	web := httptest.NewServer(mux)
	defer web.Close()
	url := "ws" + strings.TrimPrefix(web.URL, "http")
	ann := gonng.WithHTTPHeader(http.Header{"Cookie": {"user=ann"}})

	req, push := open(t, gonng.NewReq0), open(t, gonng.NewPush0)
	_, err := req.Dial(testContext(t), url+"/rep", gonng.WithDialMode(gonng.DialWait))
	wantError(t, err, "dial", gonng.ErrPermission)
	wantText(t, err.Error(), "401", "who are you?")
	_, err = push.Dial(testContext(t), url+"/rep", gonng.WithDialMode(gonng.DialWait), ann)
	wantError(t, err, "dial", gonng.ErrProtocol)
	wantText(t, err.Error(), "400", "push", "pull", "rep.sp.nanomsg.org")
	rec.want(t, "not accepted", "pull.sp.nanomsg.org", "rep.sp.nanomsg.org", "peer=127.0.0.1:")
	_, err = req.Dial(testContext(t), url+"/nowhere", gonng.WithDialMode(gonng.DialWait), ann)
	wantError(t, err, "dial", gonng.ErrConnectionRefused)
	wantText(t, err.Error(), "404")
	_, answer, err := wsPeer(t, url+"/rep", "rep.sp.nanomsg.org", http.Header{"Cookie": {"user=ann"}, "Origin": {"http://elsewhere.example"}})
	wantStatus(t, answer, err, http.StatusForbidden, "elsewhere.example")
	rec.want(t, "not accepted", "elsewhere.example", "peer=127.0.0.1:")
	_, err = req.Dial(testContext(t), url+"/rep", gonng.WithDialMode(gonng.DialWait), ann)
	check(t, err)
	_, err = push.Dial(testContext(t), url+"/deep/pull", gonng.WithDialMode(gonng.DialWait), ann)
	check(t, err)

	serving(t, rep, func(_ context.Context, m *gonng.Message) ([]byte, error) {
		r := m.Pipe().HTTPRequest()
		if err := r.Context().Err(); err != nil {
			t.Errorf("the context of the request has ended: %v", err)
		}
		return []byte(r.Context().Value(user{}).(string) + " at " + r.URL.Path), nil
	})
	got, err := req.Request(testContext(t), []byte("who am I?"))
	check(t, err)
	wantBody(t, got, []byte("ann at /rep"))
	if req.Pipes()[0].HTTPRequest() != nil {
		t.Error("the dialing side has a request")
	}
	roundTrip(t, push, pull)

	page, err := web.Client().Get(web.URL)
	check(t, err)
	text, err := io.ReadAll(page.Body)
	check(t, err)
	page.Body.Close()
	wantBody(t, text, []byte("a page"))
}

// TestWebSocketPathsOfOnePort: several sockets of a process listen there, and
// each may leave.
func TestWebSocketPathsOfOnePort(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, tr := range []gonngtest.Transport{transport("ws"), transport("wss")} {
		t.Run(tr.Name, func(t *testing.T) {
			a, b, c := open(t, gonng.NewPull0), open(t, gonng.NewPull0), open(t, gonng.NewPair0)
			one, err := a.Listen(testContext(t), tr.Name+"://localhost:0/one", tr.Listen...)
			check(t, err)
			origin := strings.TrimSuffix(one.URL(), "/one")
			two, err := b.Listen(testContext(t), origin+"/two", tr.Listen...)
			check(t, err)
			_, err = c.Listen(testContext(t), strings.Replace(origin, "localhost", "127.0.0.1", 1)+"/c%20d", tr.Listen...)
			check(t, err)
			_, err = c.Listen(testContext(t), two.URL(), tr.Listen...)
			wantError(t, err, "listen", gonng.ErrAddressInUse)

			pushA, pushB, pair := open(t, gonng.NewPush0), open(t, gonng.NewPush0), open(t, gonng.NewPair0)
			dial(t, pushA, tr, one.URL(), gonng.WithDialMode(gonng.DialWait))
			dial(t, pushB, tr, two.URL(), gonng.WithDialMode(gonng.DialWait))
			dial(t, pair, tr, origin+"/c%20d", gonng.WithDialMode(gonng.DialWait))
			roundTrip(t, pushA, a)
			roundTrip(t, pushB, b)
			roundTrip(t, pair, c)
			a.Close()
			roundTrip(t, pushB, b)
			_, err = pair.Dial(testContext(t), one.URL(), append(tr.Dial, gonng.WithDialMode(gonng.DialWait))...)
			wantError(t, err, "dial", gonng.ErrConnectionRefused)
			wantText(t, err.Error(), "404", "/one")
		})
	}
}

// TestWebSocketRefusals: clear answers, and clear lines in the log.
func TestWebSocketRefusals(t *testing.T) {
	gonngtest.NoLeaks(t)
	rec := newRecorder()
	rep := open(t, gonng.NewRep0, gonng.WithLogger(rec.logger()))
	l := listen(t, rep, transport("ws"))
	elsewhere := http.Header{"Origin": {"http://elsewhere.example"}}

	_, answer, err := wsPeer(t, l.URL()+"x", "rep.sp.nanomsg.org", nil)
	wantStatus(t, answer, err, http.StatusNotFound, "/", "x")
	rec.want(t, "not accepted", "nothing at /", l.URL())
	_, answer, err = wsPeer(t, l.URL(), "pair.sp.nanomsg.org", nil)
	wantStatus(t, answer, err, http.StatusBadRequest, "pair", "rep.sp.nanomsg.org")
	rec.want(t, "not accepted", "pair.sp.nanomsg.org", "rep.sp.nanomsg.org")
	_, answer, err = wsPeer(t, l.URL(), "", nil)
	wantStatus(t, answer, err, http.StatusBadRequest, "no subprotocol", "rep.sp.nanomsg.org")
	_, answer, err = wsPeer(t, l.URL(), "rep.sp.nanomsg.org", elsewhere)
	wantStatus(t, answer, err, http.StatusForbidden, "elsewhere.example")
	rec.want(t, "not accepted", "elsewhere.example", "level=WARN")
	page, err := http.Get("http" + strings.TrimPrefix(l.URL(), "ws"))
	check(t, err)
	page.Body.Close()
	wantStatus(t, page, errors.New("no upgrade"), http.StatusUpgradeRequired)
	rec.want(t, "not accepted", "Upgrade")
	http.DefaultClient.CloseIdleConnections()
	gonngtest.Eventually(t, func() bool {
		st := rep.Stats()
		return st.HandshakeErrors == 3 && st.RefusedProtocol == 2
	}, "all counted")
	_, _, err = wsPeer(t, l.URL(), "rep.sp.nanomsg.org", http.Header{"Origin": {"http://" + l.Addr().String()}})
	check(t, err)
}

// TestWebSocketCheckOrigin: the program's own rule takes the place of ours.
func TestWebSocketCheckOrigin(t *testing.T) {
	gonngtest.NoLeaks(t)
	rep := open(t, gonng.NewRep0)
	l, err := rep.Listen(testContext(t), "ws://127.0.0.1:0", gonng.WithCheckOrigin(func(r *http.Request) bool {
		return r.Header.Get("Origin") == "http://good.example"
	}), gonng.WithHTTPHeader(http.Header{"X-Greeting": {"hello"}}))
	check(t, err)
	_, answer, err := wsPeer(t, l.URL(), "rep.sp.nanomsg.org", http.Header{"Origin": {"http://good.example"}})
	check(t, err)
	if got := answer.Header.Get("X-Greeting"); got != "hello" {
		t.Errorf("the answer greets %q", got)
	}
	_, answer, err = wsPeer(t, l.URL(), "rep.sp.nanomsg.org", http.Header{"Origin": {"http://" + l.Addr().String()}})
	wantStatus(t, answer, err, http.StatusForbidden)
}

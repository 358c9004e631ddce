package itest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

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

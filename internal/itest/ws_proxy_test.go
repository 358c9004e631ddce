package itest

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

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

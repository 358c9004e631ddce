package spjs_test

import (
	"context"
	"crypto/sha1"
	"embed"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/spjs"
)

//go:embed cases.js
var files embed.FS

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// site is a web server with a page, sp.js, and a socket at /sp.
type site struct {
	*httptest.Server
	socket atomic.Pointer[http.Handler]
	mux    *http.ServeMux
}

func newSite(t testing.TB) *site {
	s := &site{mux: http.NewServeMux()}
	s.mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!DOCTYPE html><link rel="icon" href="data:"><title>sp.js</title>`)
	})
	s.mux.Handle("/sp.js", spjs.Script)
	s.mux.Handle("/cases.js", http.FileServerFS(files))
	s.mux.HandleFunc("/sp", func(w http.ResponseWriter, r *http.Request) {
		if h := s.socket.Load(); h != nil {
			(*h).ServeHTTP(w, r)
			return
		}
		http.Error(w, "no socket", http.StatusServiceUnavailable)
	})
	s.Server = httptest.NewServer(s.mux)
	t.Cleanup(s.Close)
	return s
}

// ws is the URL of the socket.
func (s *site) ws() string { return "ws" + s.URL[len("http"):] + "/sp" }

// put puts a listener at /sp.
func (s *site) put(t testing.TB, socket gonng.Socket, opts ...gonng.ListenOption) {
	t.Helper()
	l, err := socket.Listen(t.Context(), "ws:///", opts...)
	check(t, err)
	h := l.Handler()
	s.socket.Store(&h)
}

// serve opens a socket that is at /sp, and is closed when the test ends, if not before.
func serve[S gonng.Socket, O any](t testing.TB, s *site, newSocket func(...O) (S, error)) S {
	t.Helper()
	socket, err := newSocket()
	check(t, err)
	t.Cleanup(func() { socket.Close() })
	s.put(t, socket)
	return socket
}

// stalled puts a server at /stalled that says yes to a WebSocket, and then reads nothing until
// the test ends.
func (s *site) stalled(t testing.TB) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) }) // before the server is closed
	s.mux.HandleFunc("/stalled", func(w http.ResponseWriter, r *http.Request) {
		nc, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer nc.Close()
		fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
			acceptKey(r.Header.Get("Sec-Websocket-Key")), r.Header.Get("Sec-Websocket-Protocol"))
		rw.Flush()
		<-release
	})
}

// acceptKey is what a WebSocket server answers to the key of a client.
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func echo(_ context.Context, m *gonng.Message) ([]byte, error) { return m.Bytes(), nil }

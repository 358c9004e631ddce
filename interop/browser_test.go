package interop

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// page asks a Rep0 on the server that it comes from, and posts what came of it.
const page = `<!doctype html><title>gonng</title><script>
const post = text => fetch("/result", {method: "POST", body: text})
const ws = new WebSocket("ws://" + location.host + "/rep", "rep.sp.nanomsg.org")
ws.binaryType = "arraybuffer"
ws.onopen = () => ws.send(new Uint8Array([0x80, 0, 0, 7, ...new TextEncoder().encode("hello")]))
ws.onmessage = m => post(ws.protocol + " " + [...new Uint8Array(m.data.slice(0, 4))] + " " + new TextDecoder().decode(m.data.slice(4)))
ws.onclose = e => post("closed " + e.code + " " + e.wasClean)
</script>`

// visit shows page in Chromium, and returns when the page has its answer. What
// the page says later comes over results.
func visit(t *testing.T, rep *gonng.Rep0) (browser *process, results chan string) {
	t.Helper()
	program(t, "chromium")
	ctx := gonngtest.Context(t, time.Minute)
	l, err := rep.Listen(ctx, "ws:///")
	check(t, err)
	go rep.Serve(ctx, func(_ context.Context, m *gonng.Message) ([]byte, error) {
		return append(m.Bytes(), " yourself"...), nil
	})
	results = make(chan string, 10)
	mux := http.NewServeMux()
	mux.Handle("/rep", l.Handler())
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, page) })
	mux.HandleFunc("POST /result", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		results <- string(body)
	})
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	dir, err := os.MkdirTemp("", "gonng") // its children may still write when t.TempDir is removed
	check(t, err)
	t.Cleanup(func() {
		gonngtest.Eventually(t, func() bool { return os.RemoveAll(dir) == nil }, "the browser's files are removed")
	})
	browser = start(t, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+dir, web.URL)
	says(ctx, t, results, "rep.sp.nanomsg.org 128,0,0,7 hello yourself")
	return browser, results
}

func says(ctx context.Context, t *testing.T, results chan string, want string) {
	t.Helper()
	select {
	case got := <-results:
		if got != want {
			t.Fatalf("the page says %q, want %q", got, want)
		}
	case <-ctx.Done():
		t.Fatalf("the page has not said %q", want)
	}
}

// TestBrowser: a page asks a Rep0, and hears that it closes.
func TestBrowser(t *testing.T) {
	rep, err := gonng.NewRep0()
	check(t, err)
	defer rep.Close()
	_, results := visit(t, rep)
	check(t, rep.Close())
	says(gonngtest.Context(t, time.Minute), t, results, "closed 1000 true")
}

// TestBrowserKilled: a page that goes without a word has just disconnected.
func TestBrowserKilled(t *testing.T) {
	log := newRecorder()
	rep, err := gonng.NewRep0(gonng.WithLogger(log.logger()))
	check(t, err)
	defer rep.Close()
	closed := make(chan *gonng.Pipe, 1)
	rep.OnPipe(gonng.PipeClosed, func(p *gonng.Pipe) { closed <- p })
	browser, _ := visit(t, rep)
	browser.kill()
	select {
	case p := <-closed:
		if !errors.Is(p.Err(), gonng.ErrConnectionReset) {
			t.Errorf("the pipe ended by %v", p.Err())
		}
	case <-time.After(gonngtest.Timeout):
		t.Fatal("the pipe has not ended")
	}
	if line := log.next(t, "disconnected"); !strings.Contains(line, "level=INFO") {
		t.Errorf("logged as more than a disconnect: %s", line)
	}
	if st := rep.Stats(); st.Truncated+st.Malformed != 0 {
		t.Errorf("%d truncated and %d malformed messages are counted", st.Truncated, st.Malformed)
	}
}

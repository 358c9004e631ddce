package interop

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// page asks a Rep0 on the server that it comes from, closes, and posts what
// came of it.
const page = `<!doctype html><title>gonng</title><script>
const post = text => fetch("/result", {method: "POST", body: text})
const ws = new WebSocket("ws://" + location.host + "/rep", "rep.sp.nanomsg.org")
ws.binaryType = "arraybuffer"
ws.onopen = () => ws.send(new Uint8Array([0x80, 0, 0, 7, ...new TextEncoder().encode("hello")]))
ws.onmessage = m => post(ws.protocol + " " + [...new Uint8Array(m.data.slice(0, 4))] + " " + new TextDecoder().decode(m.data.slice(4)))
ws.onclose = e => post("closed " + e.code + " " + e.wasClean)
</script>`

// TestBrowser: a page in Chromium (Debian: chromium) asks a Rep0.
func TestBrowser(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skipf("no browser (Debian: chromium): %v", err)
	}
	rep, err := gonng.NewRep0()
	check(t, err)
	defer rep.Close()
	ctx := gonngtest.Context(t, time.Minute)
	l, err := rep.Listen(ctx, "ws:///")
	check(t, err)
	go rep.Serve(ctx, func(_ context.Context, m *gonng.Message) ([]byte, error) {
		return append(m.Bytes(), " yourself"...), nil
	})
	results := make(chan string, 10)
	mux := http.NewServeMux()
	mux.Handle("/rep", l.Handler())
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, page) })
	mux.HandleFunc("POST /result", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		results <- string(body)
	})
	web := httptest.NewServer(mux)
	defer web.Close()
	launch(t, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--user-data-dir="+t.TempDir(), web.URL)
	for i, want := range []string{"rep.sp.nanomsg.org 128,0,0,7 hello yourself", "closed 1000 true"} {
		select {
		case got := <-results:
			if got != want {
				t.Fatalf("the page says %q, want %q", got, want)
			}
		case <-ctx.Done():
			t.Fatalf("the page has not said %q", want)
		}
		if i == 0 {
			check(t, rep.Close())
		}
	}
}

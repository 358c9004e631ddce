package spjs_test

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/internal/browsertest"
)

// wasmExec is the file of Go's that runs its programs in a page.
func wasmExec(t *testing.T) string {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	check(t, err)
	return filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/wasm_exec.js")
}

// The Go client, compiled to WebAssembly, in a page.
func testWasm(t *testing.T, chromium *browsertest.Browser) {
	s := newSite(t)
	s.stalled(t)
	file := filepath.Join(t.TempDir(), "client.wasm")
	build(t, file, "./wasmclient", "GOOS=js", "GOARCH=wasm")
	loader := wasmExec(t)
	s.mux.HandleFunc("/client.wasm", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	s.mux.HandleFunc("/wasm_exec.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, loader)
	})
	s.mux.HandleFunc("/wasm", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!DOCTYPE html><link rel="icon" href="data:"><title>wasm</title><script src="/wasm_exec.js"></script><script>
			const go = new Go()
			WebAssembly.instantiateStreaming(fetch('/client.wasm'), go.importObject).then(r => go.run(r.instance))
			</script>`)
	})
	b := chromium.Tab(t, s.URL+"/wasm")
	b.Until("the program runs", "globalThis.goRun !== undefined")
	converse(t, s, func(name string, n int) string {
		return b.Text(fmt.Sprintf("goRun(%q, %q, %d)", name, s.ws(), n))
	})
	t.Run("rest", func(t *testing.T) {
		rep := serve(t, s, gonng.NewRep0)
		go rep.Serve(t.Context(), echo)
		if failed := b.Text(fmt.Sprintf("goCheck(%q, %q, %q)", s.ws()+"/nothing", s.ws(), "ws"+s.URL[4:]+"/stalled")); failed != "" {
			t.Error(failed)
		}
	})
}

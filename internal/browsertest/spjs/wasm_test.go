package spjs_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/internal/browsertest"
)

// The Go client, compiled to WebAssembly, in a page.
func testWasm(t *testing.T, chromium *browsertest.Browser) {
	s := newSite(t)
	s.stalled(t)
	file := filepath.Join(t.TempDir(), "client.wasm")
	build(t, file, "./wasmclient", "GOOS=js", "GOARCH=wasm")
	s.mux.HandleFunc("/client.wasm", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	s.mux.HandleFunc("/wasm_exec.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(runtime.GOROOT(), "lib/wasm/wasm_exec.js"))
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
		rep, err := gonng.NewRep0()
		check(t, err)
		defer rep.Close()
		s.put(t, rep)
		go rep.Serve(t.Context(), echo)
		if failed := b.Text(fmt.Sprintf("goCheck(%q, %q, %q)", s.ws()+"/nothing", s.ws(), "ws"+s.URL[4:]+"/stalled")); failed != "" {
			t.Error(failed)
		}
	})
}

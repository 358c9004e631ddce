package spjs_test

import (
	"encoding/json"
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

// wasm puts a page at /wasm that runs the program in the file. The page has ended, a promise of
// its exit code, and next, which returns a promise of the next lines that it prints, "" after the last.
func (s *site) wasm(t *testing.T, file string, env map[string]string, args ...string) {
	start, err := json.Marshal(map[string]any{"argv": append([]string{"program"}, args...), "env": env})
	check(t, err)
	for path, file := range map[string]string{"/program.wasm": file, "/wasm_exec.js": wasmExec(t)} {
		s.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	}
	s.mux.HandleFunc("/wasm", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<!DOCTYPE html><link rel="icon" href="data:"><title>wasm</title><script src="/wasm_exec.js"></script><script>
			const lines = []
			let printed
			console.log = text => { lines.push(text); printed?.() }
			const go = Object.assign(new Go(), %s)
			const ended = new Promise(resolve => { go.exit = resolve })
			const next = async () => {
				if (!lines.length) await Promise.race([ended, new Promise(resolve => { printed = resolve })])
				return lines.splice(0).map(line => line + '\n').join('')
			}
			WebAssembly.instantiateStreaming(fetch('/program.wasm'), go.importObject).then(r => go.run(r.instance))
				.catch(error => { document.body.innerText = error; console.log(String(error)); go.exit(1) })
			</script>`, start)
	})
}

// The Go client, compiled to WebAssembly, in a page.
func testWasm(t *testing.T, chromium *browsertest.Browser) {
	s := newSite(t)
	s.stalled(t)
	file := filepath.Join(t.TempDir(), "client.wasm")
	build(t, file, "./wasmclient", "GOOS=js", "GOARCH=wasm")
	s.wasm(t, file, map[string]string{})
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

// The conformance suite of gonng in a page: every test of it that one end in a page can have, with
// that end dialing and the other one in this process.
func testWasmConformance(t *testing.T, chromium *browsertest.Browser) {
	s := newSite(t)
	(&sockets{t: t}).register(s.mux)
	file := filepath.Join(t.TempDir(), "itest.wasm")
	compile(t, []string{"test", "-c", "-o", file, "github.com/gonng/gonng/internal/itest"}, "GOOS=js", "GOARCH=wasm")
	s.wasm(t, file, map[string]string{"GONNG_SOCKETS": s.URL + "/sockets"}, "-test.v", "-test.run=^TestConformance")
	b := chromium.Tab(t, s.URL+"/wasm")
	var output string
	for lines := b.Text("next()"); lines != ""; lines = b.Text("next()") {
		t.Log(lines)
		output += lines
	}
	if code := b.Text("ended.then(String)"); code != "0" {
		t.Errorf("it exits with code %s", code)
	}
	t.Logf("%d passed, %d were skipped", strings.Count(output, "--- PASS"), strings.Count(output, "--- SKIP"))
	for _, pair := range []string{"pair0", "pair1", "push0-pull0", "req0-rep0", "pub0-sub0", "surveyor0-respondent0", "bus0"} {
		for _, side := range []string{"listening", "dialing"} {
			if !strings.Contains(output, "--- PASS: TestConformanceSizes/"+pair+"/ws/"+side+"/forth ") {
				t.Errorf("nothing has gone over %s with the first %s", pair, side)
			}
		}
	}
}

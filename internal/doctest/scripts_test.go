//go:build linux

package doctest

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

var logged = regexp.MustCompile(`(?m)console\.log\(.*\)\s+// (.*)$`)

// TestPageScripts runs the blocks of JavaScript in Node, with sp.js, against the server that
// the pages speak of: prices are published at /prices, and orders answered at /orders.
func TestPageScripts(t *testing.T) {
	node := find(t, "node")
	blocks := blocksOf(t, "js")
	if len(blocks) == 0 {
		t.Fatal("the pages have no JavaScript")
	}
	gonngtest.NoLeaks(t)
	pub, err := gonng.NewPub0(gonng.WithListen("ws:///"))
	check(t, err)
	defer pub.Close()
	pub.OnPipe(gonng.PipeConnected, func(p *gonng.Pipe) { _ = pub.Send(context.Background(), []byte("EUR 1.07")) })
	orders, err := gonng.NewRep0(gonng.WithListen("ws:///"))
	check(t, err)
	defer orders.Close()
	go orders.Serve(context.Background(), func(context.Context, *gonng.Message) ([]byte, error) { return []byte(`{"state": "sent"}`), nil })
	mux := http.NewServeMux()
	mux.Handle("/prices", pub.Listeners()[0].Handler())
	mux.Handle("/orders", orders.Listeners()[0].Handler())
	server := httptest.NewServer(mux)
	defer server.Close()

	dir := t.TempDir()
	script, err := os.ReadFile(filepath.Join(module, "spjs", "sp.js"))
	check(t, err)
	check(t, os.WriteFile(filepath.Join(dir, "sp.mjs"), script, 0o644))
	head := "globalThis.location = new URL('" + server.URL + "/')\n"
	here := strings.NewReplacer("'/sp.js'", "'./sp.mjs'", "wss://example.com", "ws"+strings.TrimPrefix(server.URL, "http"))
	for _, b := range blocks {
		t.Run(b.name(), func(t *testing.T) {
			ctx, stop := context.WithCancel(gonngtest.Context(t, gonngtest.Timeout))
			defer stop() // a page goes on for ever
			file := filepath.Join(dir, b.name()+".mjs")
			check(t, os.WriteFile(file, []byte(head+here.Replace(b.text)), 0o644))
			cmd := command(ctx, node, "--no-warnings", "--experimental-websocket", file)
			out, err := cmd.StdoutPipe()
			check(t, err)
			cmd.Stderr = cmd.Stdout
			check(t, cmd.Start())
			lines := bufio.NewScanner(out)
			prints := logged.FindAllStringSubmatch(b.text, -1)
			if len(prints) == 0 {
				t.Error("no console.log has a comment that says what it prints")
			}
			for _, m := range prints {
				if !lines.Scan() || lines.Text() != m[1] {
					t.Errorf("the script printed %q, want %q", lines.Text(), m[1])
				}
			}
			stop()
			_ = cmd.Wait() // it was killed
		})
	}
}

// indented is a block of code that is indented instead of fenced.
var indented = regexp.MustCompile(`(?m)^\n {4}\S.*$`)

// TestPageBlocks: each block is of a language that these tests know, and none escapes them by
// being indented. The drawings of the pages for people who change gonng may be.
func TestPageBlocks(t *testing.T) {
	known := map[string]bool{"go": true, "console": true, "sh": true, "js": true, "ini": true}
	for _, p := range pages(t) {
		for _, b := range p.blocks() {
			if !known[b.language] {
				t.Errorf("%s: no test knows the language %q", b.name(), b.language)
			}
		}
		if p.path == "docs/wire.md" || p.path == "docs/architecture.md" {
			continue
		}
		for _, m := range indented.FindAllString(fenced.ReplaceAllString(p.text, ""), -1) {
			t.Errorf("%s: the block that begins with %q is indented: fence it", p.path, strings.TrimSpace(m))
		}
	}
}

package spjs_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/internal/browsertest"
	"github.com/gonng/gonng/internal/testport"
	"github.com/gonng/gonng/spjs"
)

// node is Node, and a directory with sp.js and cases.js.
type node struct {
	path, dir string
	flags     []string
}

func newNode(t *testing.T) node {
	n := node{path: browsertest.Find(t, "node"), dir: t.TempDir()}
	script := httptest.NewRecorder()
	spjs.Script.ServeHTTP(script, httptest.NewRequest("GET", "/", nil))
	cases, err := files.ReadFile("cases.js")
	check(t, err)
	for name, content := range map[string][]byte{"sp.js": script.Body.Bytes(), "cases.js": cases, "package.json": []byte(`{"type": "module"}`)} {
		check(t, os.WriteFile(filepath.Join(n.dir, name), content, 0o644))
	}
	for _, flags := range [][]string{nil, {"--experimental-websocket"}} { // Node 22 has it, 20 by the flag
		if exec.Command(n.path, append(flags, "-e", "new WebSocket('ws://127.0.0.1:1').onerror = () => {}")...).Run() == nil {
			n.flags = flags
			return n
		}
	}
	t.Skip("this version of Node has no WebSocket")
	return node{}
}

// command is code, with the module of cases.js, as a process.
func (n node) command(ctx context.Context, code string) *exec.Cmd {
	code = "import {run, failure, sp} from './cases.js'\n" + code
	cmd := exec.CommandContext(ctx, n.path, append(n.flags, "--no-warnings", "--input-type=module", "-e", code)...)
	cmd.Dir = n.dir
	return cmd
}

func TestNode(t *testing.T) {
	n := newNode(t)
	s := newSite(t)
	converse(t, s, func(name string, count int) string {
		out, err := n.command(t.Context(), fmt.Sprintf("await run(%q, %q, %d)", name, s.ws(), count)).CombinedOutput()
		if err != nil {
			return fmt.Sprintf("%v: %s", err, out)
		}
		return ""
	})
	t.Run("errors", func(t *testing.T) {
		gone := httptest.NewServer(nil)
		gone.Close()
		for url, want := range map[string]string{s.ws() + "/nothing": "ErrConnectionRefused 6", "ws" + gone.URL[4:]: "ErrConnectionRefused 6"} {
			out, err := n.command(t.Context(), fmt.Sprintf("const s = new sp.Req([], {log: null}); console.log(await failure(s.dial(%q, {wait: true}))); s.close()", url)).CombinedOutput()
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("%s: %s, %v; want %s", url, out, err, want)
			}
		}
	})
}

// TestNodeAgainst has sp.js in Node talk to the tools of nng and nanomsg: one message each way.
func TestNodeAgainst(t *testing.T) {
	n := newNode(t)
	const receive = "console.log(sp.text(await s.recv({timeout: 20000})))"
	const send = "const again = setInterval(() => s.send('hello'), 100); await new Promise(end => process.stdin.on('end', end).resume()); clearInterval(again)" // until the test has seen it
	for _, tool := range []struct{ program, listen string }{{"nngcat", "--listen"}, {"nanocat", "--bind"}} {
		for name, row := range map[string]struct {
			flags string // of the tool
			code  string // with the socket s
			node  bool   // what is received is printed by Node, not by the tool
		}{
			"Req":        {"--rep --data hello", "console.log(sp.text(await s.request('x', {timeout: 20000})))", true},
			"Rep":        {"--req --data x --ascii", "s.serve(() => 'hello'); await new Promise(end => process.stdin.on('end', end).resume())", false},
			"Pub":        {"--sub --ascii", send, false},
			"Sub":        {"--pub --data hello --interval 1", receive, true},
			"Push":       {"--pull --ascii", send, false},
			"Pull":       {"--push --data hello --interval 1", receive, true},
			"Pair1":      {"--pair1 --data hello --interval 1", receive, true},
			"Pair":       {"--pair --data hello --interval 1", receive, true},
			"Surveyor":   {"--respondent --data hello", "await s.waitPeers(); for await (const m of s.survey('x', {timeout: 20000})) { console.log(sp.text(m)); break }", true},
			"Respondent": {"--surveyor --data x --ascii --interval 1", "s.serve(() => 'hello'); await new Promise(end => process.stdin.on('end', end).resume())", false},
		} {
			t.Run(tool.program+"/"+name, func(t *testing.T) {
				t.Parallel()
				flags := strings.Fields(row.flags)
				switch {
				case tool.program == "nngcat" && name == "Pair":
					flags[0] = "--pair0" // the alias that its usage names does not work
				case tool.program == "nanocat" && name == "Pair1":
					t.Skip("nanomsg has no pair1")
				}
				ctx := gonngtest.Context(t, gonngtest.Timeout)
				url := "ws://127.0.0.1:" + testport.Vacant(t)
				flags = append(flags, tool.listen, url)
				if name == "Pub" {
					flags = append(flags, "--subscribe", "")
				}
				cat := exec.CommandContext(ctx, browsertest.Find(t, tool.program), flags...)
				js := n.command(ctx, fmt.Sprintf("const s = new sp.%s(%q, {topics: '', log: null})\n%s\ns.close()", name, url, row.code))
				stdin, err := js.StdinPipe()
				check(t, err)
				printer, other := cat, js
				if row.node {
					printer, other = js, cat
				}
				var complaints bytes.Buffer
				out, err := printer.StdoutPipe()
				check(t, err)
				other.Stdout, other.Stderr = nil, &complaints
				check(t, cat.Start())
				check(t, js.Start())
				buf, got := make([]byte, 4096), ""
				for err == nil && !strings.Contains(got, "hello") {
					var k int
					k, err = out.Read(buf)
					got += string(buf[:k])
				}
				stdin.Close()
				if cat.Process.Kill(); err != nil {
					js.Process.Kill()
				}
				_, _ = cat.Wait(), js.Wait()
				if !strings.Contains(got, "hello") {
					t.Errorf("received %q, %v; %s", got, err, complaints.Bytes())
				}
			})
		}
	}
}

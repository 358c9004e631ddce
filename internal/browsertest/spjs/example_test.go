package spjs_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/gonng/gonng/internal/browsertest"
)

// build builds a command, with more in the environment.
func build(t *testing.T, file, pkg string, env ...string) {
	t.Helper()
	compile(t, []string{"build", "-o", file, pkg}, env...)
}

// compile runs the go command, with more in the environment.
func compile(t *testing.T, args []string, env ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// The example of a live page: who has signed in sees prices, in JavaScript and in Go, also
// after the program has been started again.
func testFeed(t *testing.T, chromium *browsertest.Browser) {
	dir := t.TempDir()
	feed := filepath.Join(dir, "feed")
	build(t, feed, "github.com/gonng/gonng/examples/feed")
	build(t, filepath.Join(dir, "client.wasm"), "github.com/gonng/gonng/examples/wasm", "GOOS=js", "GOARCH=wasm")
	check(t, os.Symlink(wasmExec(t), filepath.Join(dir, "wasm_exec.js")))
	start := func(address string) (url string, stop func()) {
		cmd := exec.Command(feed, "-listen", address, "-wasm", dir)
		errors, err := cmd.StderrPipe()
		check(t, err)
		check(t, cmd.Start())
		line, err := bufio.NewReader(errors).ReadString('\n')
		stop = func() { cmd.Process.Kill(); cmd.Wait() }
		if err != nil {
			stop()
			t.Fatal(err)
		}
		return regexp.MustCompile(`http://\S+`).FindString(line), stop
	}
	url, stop := start("127.0.0.1:0")
	b := chromium.Tab(t, url)
	b.Until("it asks for the password", "document.querySelector('#state').innerText === 'sign in' && !document.querySelector('#login').hidden")
	b.Run(chromedp.Evaluate[chromedp.Void]("document.querySelector('[name=password]').focus()"), chromedp.KeyEvent("demo\r"))
	const prices = "document.querySelectorAll('#prices tr').length === 3"
	b.Until("prices", prices+" && document.querySelector('#login').hidden && document.querySelector('polyline').points.length > 20")
	b.Screenshot("feed", 800, 600)
	stop()
	b.Until("it notices", "document.querySelector('#state').className !== 'connected'")
	_, stop = start(url[len("http://"):])
	defer func() { stop() }()
	b.Until("it reconnects", "document.querySelector('#state').className === 'connected'")
	b.Run(chromedp.Navigate(url + "/wasm.html"))
	b.Until("prices in Go", prices)
	b.Screenshot("feed-wasm", 800, 600)
}

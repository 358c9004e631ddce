package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// browser is a page in Chromium, and what its console has said.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string
	outside  []string // requests to elsewhere
}

func openBrowser(t *testing.T, url string) *browser {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox,
		chromedp.WindowSize(1440, 1000), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1")) // the network is off
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	check(t, chromedp.Listen(ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			b.problems = append(b.problems, "exception: "+e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			b.problems = append(b.problems, fmt.Sprintf("console.%s", e.Type))
		case *log.EventEntryAdded:
			b.problems = append(b.problems, fmt.Sprintf("log %s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
		case *network.EventRequestWillBeSent:
			if u := e.Request.URL; !strings.HasPrefix(u, url) && !strings.HasPrefix(u, "data:") {
				b.outside = append(b.outside, u)
			}
		}
	}))
	b.run(command(log.Enable, cdp.Empty{}), command(network.Enable, network.EnableParams{}), chromedp.Navigate(url))
	return b
}

func (b *browser) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	check(b.t, chromedp.Do(b.ctx, actions...))
}

// command is a command of the protocol as an action.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// until waits until the expression is true.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(gonngtest.Timeout), chromedp.WithPollingInterval(20*time.Millisecond)))
	if err != nil {
		text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body.innerText"))
		b.t.Fatalf("%s: %v. The page says:\n%s", what, err, text)
	}
}

// soon is until within two samples from now, which are two seconds, however busy the machine
// is.
func (b *browser) soon(what, expression string) {
	b.t.Helper()
	samples := func() int {
		n, err := chromedp.Run(b.ctx, chromedp.Evaluate[int]("total.in.length"))
		check(b.t, err)
		return n
	}
	before := samples()
	b.until(what, expression)
	if n := samples() - before; n > 2 {
		b.t.Errorf("%s: after %d samples", what, n)
	}
}

func (b *browser) text(expression string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	check(b.t, err)
	return text
}

// screenshot saves what is seen under a name, in the directory that GONNG_SCREENSHOTS names,
// or in one of the test.
func (b *browser) screenshot(name string, width, height int64, dark bool) {
	b.t.Helper()
	dir := os.Getenv("GONNG_SCREENSHOTS")
	if dir == "" {
		dir = b.t.ArtifactDir()
	}
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.run(
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}),
		chromedp.EmulateViewport(width, height),
		chromedp.Evaluate[chromedp.Void](`new Promise(done => setTimeout(done, 400))`, chromedp.EvalAwaitPromise), // the plots are made anew after a pause in resizing
	)
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	check(b.t, err)
	if len(png) < 10<<10 {
		b.t.Errorf("the screenshot %s has %d bytes", name, len(png))
	}
	check(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}

// row is an expression for the text of the row of a table that has a text.
func row(table, text string) string {
	return fmt.Sprintf(`([...document.querySelectorAll(%q)].find(r => r.innerText.includes(%q)) || {innerText: ''})`, "#"+table+" tbody tr", text)
}

// The page of a program shows its sockets, drops in red, a peer that went, and names as text.
func TestPage(t *testing.T) {
	p := start(t)
	b := openBrowser(t, p.url)
	for _, s := range gonng.Sockets() {
		b.until("the socket "+s.Name(), row("sockets", s.Name())+".innerText.includes("+fmt.Sprintf("%q", s.Protocol())+")")
	}
	if n := b.text(`String(document.querySelectorAll('main script, main b script').length)`); n != "0" {
		t.Errorf("the name of a socket has become %s elements", n)
	}
	b.until("a dial that fails", `document.querySelector('#attention').innerText.includes('tcp://127.0.0.1:1')`)
	b.until("a subscriber without a topic", `document.querySelector('#attention').innerText.includes('No subscriptions')`)
	b.until("messages that nobody receives", `document.querySelector('#attention').innerText.includes('does it call Recv')`)

	// A slow subscriber.
	b.run(chromedp.Evaluate[chromedp.Void](row("sockets", "prices") + `.click()`))
	b.until("the socket is chosen", `document.querySelector('#chosen').innerText === 'prices'`)
	dropped := p.subscribeSlowly()
	cell := `[...(` + row("pipes", p.slow.LocalAddr().String()) + `.cells || [])].at(-1)`
	b.soon("the drops in red", fmt.Sprintf(`%s?.textContent === "%d" && %[1]s.classList.contains('drop') && getComputedStyle(%[1]s).color === 'rgb(200, 30, 30)'`, cell, dropped))
	p.still.Store(false)
	b.until("the drops in the table of sockets", row("sockets", "prices")+`.querySelector('.drop') !== null`)
	b.until("the drawing shows the drops", `document.querySelector('#drawing .link.drops') !== null`)
	b.until("advice about the slow subscriber", `document.querySelector('#advice').innerText.includes('queue was full')`)
	b.until("the event", `document.querySelector('#happened').innerText.includes('drops began')`)
	b.screenshot("monitor-light", 1440, 1000, false)
	b.screenshot("monitor-tablet-dark", 820, 1100, true)

	// A peer that goes.
	b.run(chromedp.Evaluate[chromedp.Void](row("sockets", "orders") + `.click()`))
	local := p.peer.Pipes()[0].LocalAddr().String()
	b.until("the peer", row("pipes", local)+`.innerText !== ''`)
	check(t, p.peer.Close())
	b.soon("the peer has gone, with the reason", row("pipes", local)+`.classList?.contains('gone') && `+row("pipes", local)+`.innerText.includes('the peer closed the connection')`)
	b.screenshot("monitor-dark", 1440, 1000, true)
	b.screenshot("monitor-phone", 390, 844, false)

	// The keyboard, the filter and sorting.
	b.run(chromedp.EmulateViewport(1440, 1000), chromedp.KeyEvent("/"))
	b.until("the filter has the focus", `document.activeElement.id === 'filter'`)
	b.run(chromedp.Evaluate[chromedp.Void](`document.querySelector("#filter").value = ""`), chromedp.KeyEvent("pri")) // the driver types the / though the page prevents that
	b.until("the filter", `document.querySelectorAll('#sockets tbody tr').length === 1`)
	b.run(chromedp.KeyEvent("\x1b"))
	b.until("no filter", `document.querySelectorAll('#sockets tbody tr').length > 6`)
	b.run(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll('#sockets th button')[7].click()`))
	b.until("sorted by drops", `document.querySelector('#sockets tbody tr').innerText.startsWith('prices')`)
	b.run(chromedp.KeyEvent("j"))
	b.until("another socket is chosen", `document.querySelector('#chosen').innerText !== 'orders' && document.activeElement.getAttribute('aria-selected') === 'true'`)

	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.problems) > 0 || len(b.outside) > 0 {
		t.Errorf("the console: %v; requests to elsewhere: %v", b.problems, b.outside)
	}
}

package monitor_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/internal/browsertest"
)

// browser is the page of the monitor in Chromium.
type browser struct{ *browsertest.Browser }

// soon is until within two samples from now, which are two seconds, however busy the machine
// is.
func (b *browser) soon(what, expression string) {
	b.TB.Helper()
	samples := func() int {
		n, err := chromedp.Run(b.Ctx, chromedp.Evaluate[int]("total.in.length"))
		check(b.TB, err)
		return n
	}
	before := samples()
	b.Until(what, expression)
	if n := samples() - before; n > 2 {
		b.TB.Errorf("%s: after %d samples", what, n)
	}
}

// screenshot saves what is seen under a name, in the directory that GONNG_SCREENSHOTS names,
// or in one of the test.
func (b *browser) screenshot(name string, width, height int64, dark bool) {
	b.TB.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.Run(
		browsertest.Command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}),
		chromedp.EmulateViewport(width, height),
		chromedp.Evaluate[chromedp.Void](`new Promise(done => setTimeout(done, 400))`, chromedp.EvalAwaitPromise), // the plots are made anew after a pause in resizing
	)
	b.Screenshot(name, width, height)
}

// row is an expression for the text of the row of a table that has a text.
func row(table, text string) string {
	return fmt.Sprintf(`([...document.querySelectorAll(%q)].find(r => r.innerText.includes(%q)) || {innerText: ''})`, "#"+table+" tbody tr", text)
}

// The page of a program shows its sockets, drops in red, a peer that went, and names as text.
func TestPage(t *testing.T) {
	p := start(t)
	b := browser{browsertest.Open(t, p.url)}
	for _, s := range gonng.Sockets() {
		b.Until("the socket "+s.Name(), row("sockets", s.Name())+".innerText.includes("+fmt.Sprintf("%q", s.Protocol())+")")
	}
	if n := b.Text(`String(document.querySelectorAll('main script, main b script').length)`); n != "0" {
		t.Errorf("the name of a socket has become %s elements", n)
	}
	b.Until("a dial that fails", `document.querySelector('#attention').innerText.includes('tcp://127.0.0.1:1')`)
	b.Until("a subscriber without a topic", `document.querySelector('#attention').innerText.includes('No subscriptions')`)
	b.Until("messages that nobody receives", `document.querySelector('#attention').innerText.includes('does it call Recv')`)

	// A slow subscriber.
	b.Run(chromedp.Evaluate[chromedp.Void](row("sockets", "prices") + `.click()`))
	b.Until("the socket is chosen", `document.querySelector('#chosen').innerText === 'prices'`)
	dropped := p.subscribeSlowly()
	cell := `[...(` + row("pipes", p.slow.LocalAddr().String()) + `.cells || [])].at(-1)`
	b.soon("the drops in red", fmt.Sprintf(`%s?.textContent === "%d" && %[1]s.classList.contains('drop') && getComputedStyle(%[1]s).color === 'rgb(200, 30, 30)'`, cell, dropped))
	p.still.Store(false)
	b.Until("the drops in the table of sockets", row("sockets", "prices")+`.querySelector('.drop') !== null`)
	b.Until("the drawing shows the drops", `document.querySelector('#drawing .link.drops') !== null`)
	b.Until("advice about the slow subscriber", `document.querySelector('#advice').innerText.includes('queue was full')`)
	b.Until("the event", `document.querySelector('#happened').innerText.includes('drops began')`)
	b.screenshot("monitor-light", 1440, 1000, false)
	b.screenshot("monitor-tablet-dark", 820, 1100, true)

	// A peer that goes.
	b.Run(chromedp.Evaluate[chromedp.Void](row("sockets", "orders") + `.click()`))
	local := p.peer.Pipes()[0].LocalAddr().String()
	b.Until("the peer", row("pipes", local)+`.innerText !== ''`)
	check(t, p.peer.Close())
	b.soon("the peer has gone, with the reason", row("pipes", local)+`.classList?.contains('gone') && `+row("pipes", local)+`.innerText.includes('the peer closed the connection')`)
	b.screenshot("monitor-dark", 1440, 1000, true)
	b.screenshot("monitor-phone", 390, 844, false)

	// The keyboard, the filter and sorting.
	b.Run(chromedp.EmulateViewport(1440, 1000), chromedp.KeyEvent("/"))
	b.Until("the filter has the focus", `document.activeElement.id === 'filter'`)
	b.Run(chromedp.Evaluate[chromedp.Void](`document.querySelector("#filter").value = ""`), chromedp.KeyEvent("pri")) // the driver types the / though the page prevents that
	b.Until("the filter", `document.querySelectorAll('#sockets tbody tr').length === 1`)
	b.Run(chromedp.KeyEvent("\x1b"))
	b.Until("no filter", `document.querySelectorAll('#sockets tbody tr').length > 6`)
	b.Run(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll('#sockets th button')[7].click()`))
	b.Until("sorted by drops", `document.querySelector('#sockets tbody tr').innerText.startsWith('prices')`)
	b.Run(chromedp.KeyEvent("j"))
	b.Until("another socket is chosen", `document.querySelector('#chosen').innerText !== 'orders' && document.activeElement.getAttribute('aria-selected') === 'true'`)

	if problems := b.Problems(); len(problems) > 0 {
		t.Errorf("the console, and requests to elsewhere: %v", problems)
	}
}

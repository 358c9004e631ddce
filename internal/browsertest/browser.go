// Package browsertest opens pages in Chromium for the tests below it. It is in a module of its
// own, so that gonng does not depend on what drives a browser.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/gonng/gonng/gonngtest"
)

// Find is the path of a program that the tests need. Without it the test is skipped, except
// in CI.
func Find(t testing.TB, program string) string {
	path, err := exec.LookPath(program)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(program + " is not installed")
		}
		t.Skip(program + " is not installed")
	}
	return path
}

// Browser is a page in Chromium, and what its console has said.
type Browser struct {
	testing.TB
	Ctx context.Context

	mu       sync.Mutex
	problems []string
}

// Start starts a Chromium without network, which ends when the test ends.
func Start(t testing.TB) *Browser {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(Find(t, "chromium")), chromedp.NoSandbox,
		chromedp.WindowSize(1440, 1000), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &Browser{TB: t, Ctx: ctx}
	b.Run(chromedp.Navigate("about:blank"))
	return b
}

// Open opens a page in a Chromium of its own.
func Open(t testing.TB, url string) *Browser { return Start(t).Tab(t, url) }

// Tab opens a page in another tab, which is closed when the test ends.
func (b *Browser) Tab(t testing.TB, url string) *Browser {
	ctx, cancel := chromedp.NewContext(b.Ctx)
	t.Cleanup(cancel)
	b = &Browser{TB: t, Ctx: ctx}
	problem := func(format string, args ...any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.problems = append(b.problems, fmt.Sprintf(format, args...))
	}
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			problem("exception: %s", e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			var text []string
			for _, arg := range e.Args {
				text = append(text, string(arg.Value))
			}
			problem("console.%s %s", e.Type, strings.Join(text, " "))
		case *log.EventEntryAdded:
			problem("log %s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL)
		case *network.EventRequestWillBeSent:
			if u := e.Request.URL; !strings.HasPrefix(u, url) && !strings.HasPrefix(u, "data:") {
				problem("a request to %s", u)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Run(Command(log.Enable, cdp.Empty{}), Command(network.Enable, network.EnableParams{}), chromedp.Navigate(url))
	return b
}

// Problems are what the console has said, and requests to elsewhere than the page.
func (b *Browser) Problems() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.problems)
}

// Run does what a person could do.
func (b *Browser) Run(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.Ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// Command is a command of the protocol as an action.
func Command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// Until waits until the expression is true.
func (b *Browser) Until(what, expression string) {
	b.Helper()
	_, err := chromedp.Run(b.Ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(gonngtest.Timeout), chromedp.WithPollingInterval(20*time.Millisecond)))
	if err != nil {
		text, _ := chromedp.Run(b.Ctx, chromedp.Evaluate[string]("document.body.innerText"))
		b.Fatalf("%s: %v. The page says:\n%s", what, err, text)
	}
}

// Text is the value of an expression, which is a string or a promise of one.
func (b *Browser) Text(expression string) string {
	b.Helper()
	text, err := chromedp.Run(b.Ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// Screenshot saves what is seen under a name, in the directory that GONNG_SCREENSHOTS names, or
// in one of the test.
func (b *Browser) Screenshot(name string, width, height int64) {
	b.Helper()
	dir := os.Getenv("GONNG_SCREENSHOTS")
	if dir == "" {
		dir = b.ArtifactDir()
	}
	b.Run(chromedp.EmulateViewport(width, height))
	png, err := chromedp.Run(b.Ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}
	if err != nil {
		b.Fatal(err)
	}
	if len(png) < 5<<10 {
		b.Errorf("the screenshot %s has %d bytes", name, len(png))
	}
}

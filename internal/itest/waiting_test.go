package itest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/gonng/gonng/gonngtest"
)

// waiting waits until n of the calls that this goroutine has started with
// concurrently wait for something, and whatever they have started waits, too. It
// returns how many of them wait by reading a connection themselves.
func waiting(t testing.TB, n int) (reading int) {
	t.Helper()
	gonngtest.Eventually(t, func() bool {
		var waits int
		waits, reading = waitingCalls()
		return waits >= n
	}, fmt.Sprint(n, " calls wait"))
	return reading
}

// goroutine is what the stack of a goroutine tells.
type goroutine struct {
	id, state          string
	startedBy, starter string // a function, and the id of the goroutine that ran it
}

// waits reports whether the goroutine waits for an event, and not for a lock or
// its turn on a processor.
func (g goroutine) waits() bool {
	switch g.state {
	case "select", "chan receive", "chan send", "IO wait", "sync.Cond.Wait", "sync.WaitGroup.Wait":
		return true
	}
	return false
}

// parseStack reads what package runtime prints of a goroutine:
//
//	goroutine 7 [select, 2 minutes]:
//	…
//	created by example.com/pkg.start in goroutine 1
//		/file.go:12 +0x3c
func parseStack(stack string) (g goroutine) {
	g.id, g.state, _ = strings.Cut(strings.TrimPrefix(strings.TrimLeft(stack, "\n"), "goroutine "), " [")
	g.state = g.state[:max(0, strings.IndexAny(g.state, ",(]"))]
	g.state = strings.TrimSpace(g.state)
	if i := strings.LastIndex(stack, "\ncreated by "); i >= 0 {
		line, _, _ := strings.Cut(stack[i+len("\ncreated by "):], "\n")
		g.startedBy, g.starter, _ = strings.Cut(line, " in goroutine ")
	}
	return g
}

// waitingCalls counts the calls that this goroutine has started with concurrently
// and that wait, and those of them that wait for bytes.
func waitingCalls() (waits, reading int) {
	buf := make([]byte, 1<<20)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	var all []goroutine
	for stack := range strings.SplitSeq(string(buf[:n]), "\n\n") {
		all = append(all, parseStack(stack))
	}
	started := make(map[string][]goroutine)
	for _, g := range all {
		started[g.starter] = append(started[g.starter], g)
	}
	var atRest func(g goroutine) bool
	atRest = func(g goroutine) bool {
		for _, other := range started[g.id] {
			if !atRest(other) {
				return false
			}
		}
		return g.waits()
	}
	self := all[0] // whose stack comes first
	for _, g := range started[self.id] {
		if !strings.HasSuffix(g.startedBy, "itest.concurrently") || !atRest(g) {
			continue
		}
		waits++
		if g.state == "IO wait" {
			reading++
		}
	}
	return waits, reading
}

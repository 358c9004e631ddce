package gonngtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"
)

// grace is how long what a test stopped may take to be gone.
const grace = 2 * time.Second

// NoLeaks fails the test if it leaves something behind: goroutines, whose
// stacks are printed; on Linux, sockets and pipes; Unix socket files in the
// test's temporary directories. It looks when the test and its other cleanup
// functions are done, so call it first, after t.Parallel if that is called, and
// from the test's own goroutine. What takes a moment to end has two seconds.
//
// Goroutines are told apart by a pprof label, which every goroutine inherits
// from the one that starts it. So those of tests that run in parallel, of
// TestMain and of the test runner are not mistaken for the test's. The label
// replaces labels that the test's goroutine has; a goroutine that sets labels
// of its own, or that [time.AfterFunc] started, is not attributed to a test, but
// [Main] sees it if it is gonng's. A subtest that calls NoLeaks accounts for its
// goroutines itself.
//
// Descriptors have no owner. While tests that called NoLeaks overlap, the last
// of them to end looks for all of them and names them. Tests that open
// connections in parallel without NoLeaks disturb it, and so does [io.Copy]
// between two TCP connections, which keeps a pipe for the next time.
func NoLeaks(t testing.TB) { noLeaks(t, grace) }

func noLeaks(t testing.TB, grace time.Duration, dirs ...string) {
	t.Helper()
	label := t.Name() + " " + rand.Text()
	files := newSocketFiles(t, dirs)
	descriptors.enter(t.Name())
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels(labelKey, label)))
	t.Cleanup(func() {
		t.Helper()
		var left []string
		if !poll(grace, func() bool { left = labelled(label); return len(left) == 0 }) {
			t.Errorf("%s left goroutines running:\n\n%s", t.Name(), strings.Join(left, "\n"))
		}
		if left, tests := descriptors.leave(grace); len(left) > 0 {
			t.Errorf("%s left descriptors open:\n%s", strings.Join(tests, " or "), strings.Join(left, "\n"))
		}
		if left := files.left(); len(left) > 0 {
			t.Errorf("%s left Unix sockets:\n%s", t.Name(), strings.Join(left, "\n"))
		}
	})
}

// labelKey is the pprof label of a test's goroutines.
const labelKey = "gonngtest"

// labelled returns the stacks of the goroutines with that label, except the
// one that asks. It runs on a goroutine that has the label.
func labelled(label string) (left []string) {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return []string{err.Error()}
	}
	want := strconv.Quote(labelKey) + ":" + strconv.Quote(label)
	asking := false
	for record := range strings.SplitSeq(profile.String(), "\n\n") {
		count, stack, ok := strings.Cut(record, "\n# labels: ")
		labels, stack, _ := strings.Cut(stack, "\n")
		switch {
		case !ok || !strings.Contains(labels, want):
		case strings.Contains(stack, "gonngtest.labelled+"):
			asking = true
		case strings.Contains(stack, "os/signal.loop+"): // once a process, for ever
		default:
			left = append(left, describeStack(count, stack))
		}
	}
	if !asking { // better than never to find anything
		left = append(left, "the goroutine profile does not show labels: cannot tell which goroutines are left")
	}
	return left
}

// describeStack turns a record of a goroutine profile, which counts goroutines
// with the same stack, into what a traceback looks like.
func describeStack(count, stack string) string {
	var b strings.Builder
	count, _, _ = strings.Cut(count[strings.LastIndexByte(count, '\n')+1:], " ")
	fmt.Fprintf(&b, "%s goroutine(s) at:\n", count)
	for line := range strings.Lines(stack) {
		if f := strings.Fields(line); len(f) >= 4 { // "#", address, function, file and line
			function, _, _ := strings.Cut(f[2], "+0x")
			fmt.Fprintf(&b, "%s\n\t%s\n", function, strings.Join(f[3:], " "))
		}
	}
	return b.String()
}

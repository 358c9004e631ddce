package gonngtest

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
)

// Main runs the tests of a package and exits, with a failure and the stacks if
// goroutines of gonng are still running after the last test. Unlike [NoLeaks]
// it cannot tell which test left them, but it misses none. It is for a TestMain
// that does nothing else:
//
//	func TestMain(m *testing.M) { gonngtest.Main(m) }
func Main(m *testing.M) {
	code := m.Run()
	var left []string
	if !poll(grace, func() bool { left = ours(); return len(left) == 0 }) {
		fmt.Fprintf(os.Stderr, "gonngtest: goroutines of gonng are left after all tests:\n\n%s\n", strings.Join(left, "\n\n"))
		code = max(code, 1)
	}
	os.Exit(code)
}

// ours returns the stacks of the goroutines that run gonng's code or were
// started by it, except the one that asks.
func ours() (left []string) {
	buf := make([]byte, 1<<20)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	for i, stack := range strings.Split(string(buf[:n]), "\n\n") {
		if i > 0 && strings.Contains(stack, "github.com/gonng/gonng") { // the first is this one
			left = append(left, strings.TrimSpace(stack))
		}
	}
	return left
}

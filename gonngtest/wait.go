package gonngtest

import (
	"context"
	"testing"
	"time"
)

// Timeout is how long this package waits for what a test expects before it
// fails the test. It is long because it costs time only when a test fails, and
// because a loaded machine under the race detector is slow.
const Timeout = 30 * time.Second

// Context returns a context that ends after d, and at the latest when the test
// ends, before its cleanup functions run.
func Context(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// Eventually waits until cond is true, and ends the test with msg when it is
// not within [Timeout]. It is for what has no event to wait for; where there is
// one, such as WaitPeers or OnPipe of a socket, wait for that.
func Eventually(t testing.TB, cond func() bool, msg string) {
	t.Helper()
	if !poll(Timeout, cond) {
		t.Fatalf("not within %v: %s", Timeout, msg)
	}
}

// poll reports whether cond becomes true within d. It asks at once, then ever
// less often, and one last time at the end.
func poll(d time.Duration, cond func() bool) bool {
	const often, seldom = 100 * time.Microsecond, 20 * time.Millisecond
	for end, pause := time.Now().Add(d), often; ; pause = min(2*pause, seldom) {
		switch left := time.Until(end); {
		case cond():
			return true
		case left <= 0:
			return false
		default:
			time.Sleep(min(pause, left))
		}
	}
}

package gonngtest

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestMain(m *testing.M) { Main(m) }

// fakeTB is a test that may fail: it keeps what it was told. Temporary
// directories and the context are those of the real test.
type fakeTB struct {
	testing.TB
	name string

	mu       sync.Mutex
	failures []string
	cleanups []func()
}

// try runs body as a test of its own, with its cleanup functions, and returns
// how it failed: "" if it did not.
func try(t *testing.T, body func(t testing.TB)) string {
	t.Helper()
	fake := &fakeTB{TB: t, name: t.Name() + "/fake"}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer fake.clean()
		body(fake)
	}()
	<-ended
	return strings.Join(fake.failures, "\n")
}

func (f *fakeTB) clean() {
	for len(f.cleanups) > 0 {
		last := len(f.cleanups) - 1
		cleanup := f.cleanups[last]
		f.cleanups = f.cleanups[:last]
		cleanup()
	}
}

func (f *fakeTB) Helper()                        {}
func (f *fakeTB) Name() string                   { return f.name }
func (f *fakeTB) Cleanup(fn func())              { f.cleanups = append(f.cleanups, fn) }
func (f *fakeTB) Error(args ...any)              { f.fail(fmt.Sprintln(args...)) }
func (f *fakeTB) Errorf(format string, a ...any) { f.fail(fmt.Sprintf(format, a...)) }
func (f *fakeTB) Fatal(args ...any)              { f.Error(args...); runtime.Goexit() }
func (f *fakeTB) Fatalf(format string, a ...any) { f.Errorf(format, a...); runtime.Goexit() }

func (f *fakeTB) fail(message string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures = append(f.failures, message)
}

// wantFailure checks that a failure says each of want.
func wantFailure(t *testing.T, got string, want ...string) {
	t.Helper()
	if got == "" {
		t.Fatalf("no failure, want one with %q", want)
	}
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("the failure does not say %q:\n%s", w, got)
		}
	}
}

func wantNoFailure(t *testing.T, got string) {
	t.Helper()
	if got != "" {
		t.Fatal(got)
	}
}

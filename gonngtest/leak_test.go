package gonngtest

import (
	"context"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
)

// soon is the grace of tests that do leave something.
const soon = 20 * time.Millisecond

// leak starts a goroutine that runs until stop is closed, and waits until it does.
func leak(stop chan struct{}) {
	running := make(chan struct{})
	go leakyGoroutine(running, stop)
	<-running
}

func leakyGoroutine(running, stop chan struct{}) {
	close(running)
	<-stop
}

func TestNoLeaksFindsGoroutines(t *testing.T) {
	stop, started := make(chan struct{}), make(chan struct{})
	defer close(stop)
	failure := try(t, func(t testing.TB) {
		noLeaks(t, soon)
		leak(stop)
		go func() { // that has ended when the one it starts is found
			go func() { <-stop }()
			close(started)
		}()
		<-started
	})
	wantFailure(t, failure, "fake left goroutines", "gonngtest.leakyGoroutine", "leak_test.go:", "TestNoLeaksFindsGoroutines.func1.1.1")
	if strings.Contains(failure, "labelled") {
		t.Errorf("the goroutine that looks is reported:\n%s", failure)
	}
}

func TestNoLeaksWaits(t *testing.T) {
	wantNoFailure(t, try(t, func(t testing.TB) {
		NoLeaks(t)
		stop := make(chan struct{})
		leak(stop)
		time.AfterFunc(soon, func() { close(stop) }) // after the test has ended
	}))
}

func TestNoLeaksIgnoresOthers(t *testing.T) {
	stop, started := make(chan struct{}), make(chan struct{})
	defer close(stop)
	leak(stop) // before
	parallel := make(chan string)
	go func() {
		parallel <- try(t, func(t testing.TB) {
			noLeaks(t, soon)
			leak(stop)
			close(started)
		})
	}()
	wantNoFailure(t, try(t, func(t testing.TB) {
		NoLeaks(t)
		<-started
	}))
	wantFailure(t, <-parallel, "leakyGoroutine")
}

// A subtest that looks for itself does not burden the test around it.
func TestNoLeaksOfSubtest(t *testing.T) {
	stop := make(chan struct{})
	var inner string
	outer := try(t, func(tb testing.TB) {
		noLeaks(tb, grace)
		inner = try(t, func(t testing.TB) {
			noLeaks(t, soon)
			leak(stop)
		})
		close(stop)
	})
	wantFailure(t, inner, "leakyGoroutine")
	wantNoFailure(t, outer)
}

func TestNoLeaksFindsDescriptors(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("descriptors are looked for on Linux only")
	}
	var l net.Listener
	var r, w *os.File
	failure := try(t, func(t testing.TB) {
		noLeaks(t, soon)
		var err error
		if l, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		if r, w, err = os.Pipe(); err != nil {
			t.Fatal(err)
		}
	})
	defer l.Close()
	defer r.Close()
	defer w.Close()
	wantFailure(t, failure, "fake left descriptors", "socket:[", "0100007F:", "pipe:[")
}

// Only the last of the tests that overlap can tell, and names them.
func TestNoLeaksDescriptorsOfOverlappingTests(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("descriptors are looked for on Linux only")
	}
	var l net.Listener
	var inner string
	outer := try(t, func(tb testing.TB) {
		noLeaks(tb, soon)
		inner = try(t, func(tb testing.TB) {
			tb.(*fakeTB).name = "inner"
			noLeaks(tb, soon)
			var err error
			if l, err = net.Listen("unix", shortDir(t)+"/x"); err != nil {
				tb.Fatal(err)
			}
		})
	})
	defer l.Close()
	wantNoFailure(t, inner)
	wantFailure(t, outer, "fake or inner left descriptors", l.Addr().String())
	wantNoFailure(t, try(t, NoLeaks)) // what was left before is not its own
}

func TestNoLeaksFindsSocketFiles(t *testing.T) {
	wantFailure(t, try(t, func(tb testing.TB) {
		noLeaks(tb, soon)
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: tb.TempDir() + "/left"})
		if err != nil {
			tb.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		l.Close()
	}), "left Unix sockets", "/left")
}

func TestNoLeaksFindsSocket(t *testing.T) {
	var left *gonng.Pair0
	failure := try(t, func(t testing.TB) {
		noLeaks(t, soon)
		var err error
		if left, err = gonng.NewPair0(gonng.WithListen("tcp://127.0.0.1:0")); err != nil {
			t.Fatal(err)
		}
	})
	defer left.Close()
	wantFailure(t, failure, "gonng.(*Listener)", "left goroutines")
}

// leaveRunning is set in the process that TestMainFindsGoroutines starts.
const leaveRunning = "GONNGTEST_LEAVE_RUNNING"

func TestLeaveRunning(t *testing.T) {
	if os.Getenv(leaveRunning) == "" {
		t.Skip("run by TestMainFindsGoroutines")
	}
	if _, err := gonng.NewPair0(gonng.WithListen("tcp://127.0.0.1:0")); err != nil {
		t.Fatal(err)
	}
}

func TestMainFindsGoroutines(t *testing.T) {
	run := func(env string) (string, error) {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLeaveRunning$")
		cmd.Env = append(os.Environ(), env)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run(leaveRunning + "="); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
	out, err := run(leaveRunning + "=1")
	if err == nil {
		t.Error("the process succeeded")
	}
	wantFailure(t, out, "PASS", "left after all tests", "gonng.(*Listener).run", "created by")
}

func TestEventually(t *testing.T) {
	asked := 0
	wantNoFailure(t, try(t, func(t testing.TB) {
		Eventually(t, func() bool { asked++; return asked == 3 }, "asked three times")
	}))
	if poll(soon, func() bool { return false }) {
		t.Error("poll reports what never was")
	}
}

func TestContext(t *testing.T) {
	var ctx context.Context
	wantNoFailure(t, try(t, func(t testing.TB) {
		ctx = Context(t, Timeout)
		if ctx.Err() != nil {
			t.Error("ended before the test")
		}
	}))
	if ctx.Err() == nil {
		t.Error("still there after the test")
	}
	short := Context(t, time.Nanosecond)
	<-short.Done()
}

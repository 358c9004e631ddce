package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gonng/gonng/gonngtest"
)

// gonng bench against libnng, which holds the conversations of nng's
// performance tools: Debian has no package of these.
func TestBench(t *testing.T) {
	gonngtest.NoLeaks(t)
	libnng, gonng := buildPerf(t), buildGonng(t)
	for _, test := range []string{"lat", "thr"} {
		for _, size := range []string{"0", "64", "100000"} {
			for _, transport := range []string{"ipc", "tcp"} {
				t.Run(test+"/"+size+"/"+transport, func(t *testing.T) {
					url := vacant(t, transport)
					ours := launch(t, gonng, "bench", "local_"+test, url, size, "300")
					ours.stderr.await(t, "what to start at the other side", hasLines(1, "waiting for: "))
					theirs := launch(t, libnng, "remote_"+test, url, size, "300")
					succeeds(t, theirs)
					succeeds(t, ours)
					if test == "thr" {
						reports(t, ours, "message count: 300\nthroughput: ")
					}
				})
			}
			t.Run(test+"/"+size+"/libnng listens", func(t *testing.T) {
				url := vacant(t, "ipc")
				theirs := launch(t, libnng, "local_"+test, url, size, "300")
				theirs.stdout.await(t, "that it listens", hasLines(1, "listening"))
				ours := launch(t, gonng, "bench", "remote_"+test, url, size, "300")
				succeeds(t, ours)
				succeeds(t, theirs)
				if test == "lat" {
					reports(t, ours, "round trip count: 300\naverage latency: ")
				}
			})
		}
	}
}

// succeeds waits for the end of a process.
func succeeds(t *testing.T, p *process) {
	t.Helper()
	select {
	case <-p.ended:
	case <-gonngtest.Context(t, gonngtest.Timeout).Done():
		t.Fatalf("%s did not end", p)
	}
	if !p.cmd.ProcessState.Success() {
		t.Fatalf("%s ended with %v", p, p.cmd.ProcessState)
	}
}

func reports(t *testing.T, p *process, want string) {
	t.Helper()
	if got := p.stdout.buf.String(); !strings.Contains(got, want) {
		t.Errorf("%s printed %q, want %q in it", p, got, want)
	}
}

// buildPerf compiles testdata/perf.c against libnng.
func buildPerf(t *testing.T) string { return buildC(t, "perf") }

// buildC compiles a program of testdata against libnng, or that called nanomsg against
// libnanomsg.
func buildC(t *testing.T, name string) string {
	t.Helper()
	header, library := "nng/nng.h", "nng"
	if name == "nanomsg" {
		header, library = "nanomsg/nn.h", "nanomsg"
	}
	there := exec.Command("gcc", "-fsyntax-only", "-include", header, "-x", "c", os.DevNull)
	if out, err := there.CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("lib%s must be there in CI: %v: %s", library, err, out)
		}
		t.Skipf("lib%s (Debian: gcc, lib%s-dev) is not there: %v: %s", library, library, err, out)
	}
	path := filepath.Join(t.TempDir(), name)
	build := exec.Command("gcc", "-Wall", "-Wextra", "-Werror", "-o", path, filepath.Join("testdata", name+".c"), "-l"+library)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

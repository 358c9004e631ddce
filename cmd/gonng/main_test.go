package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng/internal/maintest"
)

func TestMain(m *testing.M) { maintest.Main(m, main) }

// result is how a run ended.
type result struct {
	code     int
	out, err string
}

// gonngRun is one run of the command in this process.
func gonngRun(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out, err bytes.Buffer
	code := run(ctx, args, strings.NewReader(stdin), &out, &err)
	if ctx.Err() != nil {
		t.Fatalf("gonng %q did not end", args)
	}
	return result{code, out.String(), err.String()}
}

// nngcatPath finds the real nngcat. It is missing only outside of CI.
func nngcatPath(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("nngcat")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("nngcat is not installed, CI must have it: ", err)
		}
		t.Skip("nngcat is not installed: ", err)
	}
	return path
}

func TestRun(t *testing.T) {
	for _, test := range []struct {
		args     []string
		code     int
		out, err string // what is in there; "": nothing at all
	}{
		{nil, exitUsage, "", "Usage: gonng"},
		{[]string{"help"}, exitOK, "Usage: gonng", ""},
		{[]string{"--help"}, exitOK, "Usage: gonng", ""},
		{[]string{"dog"}, exitUsage, "", `gonng: there is no subcommand "dog"`},
		{[]string{"dmeo"}, exitUsage, "", "did you mean demo?"},
		{[]string{"help", "cat"}, exitOK, "Usage: gonng cat", ""},
		{[]string{"help", "dog"}, exitUsage, "", "gonng help: there is no subcommand"},
		{[]string{"help", "cat", "dog"}, exitUsage, "", "give one subcommand"},
		{[]string{"version", "--help"}, exitOK, "Usage: gonng version", ""},
		{[]string{"device", "--help"}, exitOK, "Usage: gonng device", ""},
		{[]string{"bench", "--help"}, exitOK, "Usage: gonng bench", ""},
		{[]string{"top", "--help"}, exitOK, "Usage: gonng top", ""},
		{[]string{"demo", "--help"}, exitOK, "Usage: gonng demo", ""},
		{[]string{"completion"}, exitUsage, "", "give one shell"},
		{[]string{"man", "dog"}, exitUsage, "", "there is no subcommand"},
		{[]string{"version"}, exitOK, runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH, ""},
		{[]string{"--version"}, exitOK, runtime.Version(), ""},
		{[]string{"version", "x"}, exitUsage, "", "gonng version: takes no arguments"},
		{[]string{"cat", "--help"}, exitOK, "Usage: gonng cat", ""},
		{[]string{"cat"}, exitError, "", "gonng cat: no address"},
		{[]string{"demo", "dog"}, exitUsage, "", `gonng demo: there is no demo "dog"`},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			got := gonngRun(t, "", test.args...)
			if got.code != test.code {
				t.Errorf("exit code %d, want %d", got.code, test.code)
			}
			checkContains(t, "stdout", got.out, test.out)
			checkContains(t, "stderr", got.err, test.err)
		})
	}
}

func checkContains(t *testing.T, what, got, want string) {
	t.Helper()
	if want == "" && got != "" || !strings.Contains(got, want) {
		t.Errorf("%s is %q, want %q in it", what, got, want)
	}
}

func TestDemo(t *testing.T) {
	const want = `pair0: two peers, each sends to the other
  alice    -> bob      "knock knock"
  bob      -> alice    "who is there?"

reqrep: a request goes to one replier, its reply comes back
  req      -> rep      "what is the answer?"
  rep      -> req      "42"
`
	got := gonngRun(t, "", "demo", "pair0", "reqrep")
	if got != (result{exitOK, want, ""}) {
		t.Errorf("got %+v", got)
	}
}

func TestDemoIsTheSameEachTime(t *testing.T) {
	first := gonngRun(t, "", "demo")
	if first.code != exitOK || first.err != "" {
		t.Fatalf("got %+v", first)
	}
	for _, d := range demos() {
		if !strings.Contains(first.out, d.name+": "+d.summary+"\n") {
			t.Errorf("%s is missing", d.name)
		}
	}
	if again := gonngRun(t, "", "demo"); again != first {
		t.Errorf("the second time it is different:\n%s\n%s", first.out, again.out)
	}
}

package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/internal/maintest"
)

// TestCompletion: the shells that are installed take the script, and it offers subcommands,
// options and words.
func TestCompletion(t *testing.T) {
	for _, test := range []struct{ shell, ask string }{
		{"bash", `eval "$1"; COMP_WORDS=(gonng ca); COMP_CWORD=1; _gonng; echo "${COMPREPLY[@]}"
			COMP_WORDS=(gonng cat --li); COMP_CWORD=2; _gonng; echo "${COMPREPLY[@]}"
			COMP_WORDS=(gonng device pu); COMP_CWORD=2; _gonng; echo "${COMPREPLY[@]}"`},
		{"zsh", `compdef() { }; compadd() { print -l -- "$@"; }; _describe() { print -l -- "${(@P)2}"; }; _files() { }
			eval "$1"; words=(gonng ca); CURRENT=2; _gonng; words=(gonng cat --li); CURRENT=3; _gonng; words=(gonng device pu); _gonng`},
		{"fish", `eval (string collect -- $argv[1]); complete -C "gonng ca"; complete -C "gonng cat --li"; complete -C "gonng device pu"`},
	} {
		t.Run(test.shell, func(t *testing.T) {
			script := gonngRun(t, "", "completion", test.shell)
			if script.code != exitOK || script.err != "" {
				t.Fatalf("got %+v", script)
			}
			path, err := exec.LookPath(test.shell)
			if err != nil {
				missing(t, test.shell)
			}
			args := []string{"-c", test.ask, test.shell, script.out}
			if test.shell == "fish" {
				args = []string{"--no-config", "-c", test.ask, script.out}
			}
			out, err := exec.CommandContext(gonngtest.Context(t, gonngtest.Timeout), path, args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for _, want := range []string{"cat", "--listen", "--lines", "pubsub"} {
				if !strings.Contains(string(out), want) {
					t.Errorf("%s is not offered, but\n%s", want, out)
				}
			}
		})
	}
}

// TestOffered: completion offers each option that has a line in the usage.
func TestOffered(t *testing.T) {
	line := regexp.MustCompile(`(?m)^ +(--[a-z0-9-]+)`)
	for _, c := range commands() {
		var text strings.Builder
		c.usage(&text)
		for _, found := range line.FindAllStringSubmatch(text.String(), -1) {
			if c.options != nil && !slices.ContainsFunc(c.offered(), func(o string) bool { return strings.HasPrefix(o, found[1]) }) {
				t.Errorf("%s is in the usage of %s, and is not offered", found[1], c.name)
			}
		}
	}
}

// missing ends a test for which a program is missing: only outside of CI.
func missing(t *testing.T, program string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed, CI must have it", program)
	}
	t.Skipf("%s is not installed", program)
}

// TestReleasePages: a release has a page of each subcommand, and nothing but pages and
// completions.
func TestReleasePages(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		missing(t, "sh")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(gonngtest.Context(t, 5*time.Minute), sh, "../../.ci/pages", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := []string{"_gonng", "gonng.1", "gonng.bash", "gonng.fish"}
	for _, name := range commandNames() {
		want = append(want, "gonng-"+name+".1")
	}
	slices.Sort(want)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(files, os.DirEntry.Name); !slices.Equal(got, want) {
		t.Errorf("the release has %v, want %v", got, want)
	}
}

// TestMan: each usage is a manual page that man renders without a warning.
func TestMan(t *testing.T) {
	man, err := exec.LookPath("man")
	if err != nil {
		missing(t, "man")
	}
	for _, c := range append([]string{""}, commandNames()...) {
		args := strings.Fields("man " + c)
		page := gonngRun(t, "", args...)
		if page.code != exitOK || !strings.HasPrefix(page.out, ".TH GONNG") {
			t.Fatalf("gonng %s: %+v", args, page)
		}
		cmd := exec.CommandContext(gonngtest.Context(t, gonngtest.Timeout), man, "--warnings", "-l", "-")
		cmd.Stdin = strings.NewReader(page.out)
		var warnings strings.Builder
		cmd.Stderr = &warnings
		if out, err := cmd.Output(); err != nil || warnings.Len() > 0 || !strings.Contains(string(out), "SYNOPSIS") {
			t.Errorf("man %s: %v: %s", c, err, warnings.String())
		}
	}
}

// TestLines: each line is a message, and each message a line, in order and none too few.
func TestLines(t *testing.T) {
	url := "inproc://" + t.Name()
	var input strings.Builder
	for range 20000 {
		input.WriteString("a line\n\n")
	}
	got := make(chan result)
	go func() { got <- gonngRun(t, "", "cat", "--pull", "--lines", "--listen", url, "--count", "40000") }()
	sent := gonngRun(t, input.String(), "cat", "--push", "--lines", "--stats", "--async", "-q", "--dial", url)
	if sent.code != exitOK || !strings.Contains(sent.err, "sent 40000 messages") {
		t.Errorf("the sender: %+v", sent)
	}
	if r := <-got; r.code != exitOK || r.out != input.String() {
		t.Errorf("the receiver ended with %d, %d bytes, %s", r.code, len(r.out), r.err)
	}
}

// TestLineWithoutEnd: endless input is refused, not collected.
func TestLineWithoutEnd(t *testing.T) {
	url := "inproc://" + t.Name()
	got := gonngRun(t, strings.Repeat("x", longestLine+1), "cat", "--pub", "--lines", "--listen", url)
	if got.code != exitError || !strings.Contains(got.err, "has a line of more than") {
		t.Errorf("got %+v", got)
	}
}

// TestExec: the answer is what the command prints of the request.
func TestExec(t *testing.T) {
	if _, err := exec.LookPath("tr"); err != nil {
		t.Skip(err)
	}
	url := "inproc://" + t.Name()
	got := make(chan result)
	go func() {
		got <- gonngRun(t, "", "cat", "--rep", "--listen", url, "--exec", "tr a-z A-Z", "--lines", "--count", "2")
	}()
	asked := gonngRun(t, "one\ntwo\n", "cat", "--req", "--async", "-q", "--dial", url, "--lines")
	if asked.code != exitOK || asked.out != "ONE\nTWO\n" {
		t.Errorf("the requester: %+v", asked)
	}
	if r := <-got; r.code != exitOK || r.out != "one\ntwo\n" {
		t.Errorf("the replier: %+v", r)
	}
}

// TestJSON: time, pipe, peer, topic and body.
func TestJSON(t *testing.T) {
	url := "tcp://127.0.0.1:0"
	p := startGonng(t, "", []string{"--sub", "--subscribe", "a", "--subscribe", "ab", "--listen", url, "-v", "--json", "--count", "1"})
	at := <-p.listening
	gonngRun(t, "", "cat", "--pub", "--dial", at, "-D", "abc")
	<-p.done
	for _, want := range []string{`{"time":"2`, `"pipe":`, `"peer":"127.0.0.1:`, `"topic":"ab"`, `"body":"abc"}` + "\n"} {
		if !strings.Contains(p.result.out, want) {
			t.Errorf("%q is not in %q", want, p.result.out)
		}
	}
}

// TestCalledNngcat: by a link of that name it is cat, with nngcat's exit code of help.
func TestCalledNngcat(t *testing.T) {
	cmd := maintest.Command(gonngtest.Context(t, gonngtest.Timeout), "--help")
	cmd.Args[0] = "/usr/local/bin/nngcat"
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != exitError || !strings.HasPrefix(string(out), "Usage: gonng cat") {
		t.Errorf("it ended with %v and printed %q", err, out)
	}
}

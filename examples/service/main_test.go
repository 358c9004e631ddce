//go:build unix

package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/internal/maintest"
)

func TestMain(m *testing.M) { maintest.Main(m, main) }

// files writes an authority, and certificates of it and of another one.
func files(t *testing.T) (ca, good, bad string) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	authority := gonngtest.NewCA(t)
	own, other := authority.Issue(t), gonngtest.NewCA(t).Issue(t)
	return write("ca.pem", authority.PEM), write("good.pem", own.Cert+own.Key), write("bad.pem", other.Cert+other.Key)
}

// started starts a server, and returns its URL and the lines that it logs from then on.
func started(t *testing.T, server *exec.Cmd) (url string, log *bufio.Scanner) {
	errors, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	log = bufio.NewScanner(errors)
	for log.Scan() {
		if m := regexp.MustCompile(`serving url=(\S+)`).FindStringSubmatch(log.Text()); m != nil {
			return m[1], log
		}
	}
	t.Fatal("the server did not begin to serve")
	return "", nil
}

// TestService: callers with a certificate are answered, one without is not, and SIGTERM
// lets the call that is under way end.
func TestService(t *testing.T) {
	ctx := gonngtest.Context(t, 6*gonngtest.Timeout)
	ca, good, bad := files(t)
	server := maintest.Command(ctx, "-ca", ca, "-cert", good, "-listen", "tls+tcp://127.0.0.1:0", "-work", "500ms")
	url, log := started(t, server)
	client := func(cert string, args ...string) *exec.Cmd {
		return maintest.Command(ctx, append([]string{"-ca", ca, "-cert", cert, "-dial", url}, args...)...)
	}

	if out, err := client(good, "-health").CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "serving ") {
		t.Errorf("health: %v, %s", err, out)
	}
	if out, err := client(good, "").CombinedOutput(); err == nil || !strings.Contains(string(out), "InvalidArgument: whom shall I greet?") {
		t.Errorf("a greeting of nobody: %v, %s", err, out)
	}
	if out, err := client(bad, "world").CombinedOutput(); err == nil || strings.Contains(string(out), "hello") {
		t.Errorf("a client with a certificate of another authority: %v, %s", err, out)
	}

	last := client(good, "world")
	var out bytes.Buffer
	last.Stdout, last.Stderr = &out, &out
	if err := last.Start(); err != nil {
		t.Fatal(err)
	}
	var rest strings.Builder // what is logged after the second greeting began, as the first was of nobody
	for greetings := 0; log.Scan(); {
		switch {
		case greetings == 2:
			rest.WriteString(log.Text() + "\n")
		case strings.Contains(log.Text(), "called method=greet caller=localhost"):
			if greetings++; greetings == 2 {
				if err := server.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := last.Wait(); err != nil || out.String() != "hello, world\n" {
		t.Errorf("the call that was under way: %v, %s", err, out.String())
	}
	if err := server.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	if !strings.Contains(rest.String(), "answered method=greet code=OK") {
		t.Errorf("the server logged %q", rest.String())
	}
}

//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

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

// TestServiceKilled: at a random moment, while calls are under way, the server is told to end
// or is killed, or a caller is killed. A server that is told to end has answered what it has
// begun; calls that a killed one has not answered go to the next server at its URL.
func TestServiceKilled(t *testing.T) {
	ca, good, _ := files(t)
	for name, kill := range map[string]func(server, caller *exec.Cmd) error{
		"server ended":  func(server, _ *exec.Cmd) error { return server.Process.Signal(syscall.SIGTERM) },
		"server killed": func(server, _ *exec.Cmd) error { return server.Process.Kill() },
		"caller killed": func(_, caller *exec.Cmd) error { return caller.Process.Kill() },
	} {
		t.Run(name, func(t *testing.T) {
			maintest.Kills(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(gonngtest.Context(t, 6*gonngtest.Timeout))
				defer cancel()
				command := func(args ...string) *exec.Cmd {
					return maintest.Command(ctx, append([]string{"-ca", ca, "-cert", good}, args...)...)
				}
				server := command("-listen", "tls+tcp://127.0.0.1:0", "-work", "200ms")
				url, log := started(t, server)
				var callers [4]*exec.Cmd
				var out [len(callers)]bytes.Buffer
				for i := range callers {
					callers[i] = command("-dial", url, "world")
					callers[i].Stdout, callers[i].Stderr = &out[i], &out[i]
					check(t, callers[i].Start())
				}
				for called := 0; called < len(callers) && log.Scan(); {
					if strings.Contains(log.Text(), "called method=greet") {
						called++
					}
				}
				maintest.RandomMoment(t, 200*time.Millisecond)
				check(t, kill(server, callers[0]))
				if name != "caller killed" {
					for log.Scan() { // to its end
					}
					if err := server.Wait(); (err != nil) != (name == "server killed") {
						t.Errorf("the server ended with %v", err)
					}
				}
				if name == "server killed" {
					server = command("-listen", url)
					_, log = started(t, server)
				}
				for i, c := range callers {
					err := c.Wait()
					if i == 0 && name == "caller killed" {
						continue
					}
					if err != nil || out[i].String() != "hello, world\n" {
						t.Errorf("caller %d ended with %v, %s", i, err, out[i].String())
					}
				}
				if name != "server ended" {
					if out, err := command("-dial", url, "-health").CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "serving ") {
						t.Errorf("health: %v, %s", err, out)
					}
					check(t, server.Process.Kill())
					for log.Scan() { // to its end
					}
					_ = server.Wait() // killed
				}
			})
		})
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package itest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// childRole is the environment variable that makes a test process a child.
const childRole = "GONNG_TEST_CHILD"

// child is a process of its own: this test binary once more, in a role of
// childRoles.
type child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string // what it prints
	ended bool
}

// childRoles run in the child until what they do is done or, where they wait,
// until standard input ends. What say prints the parent reads.
var childRoles = map[string]func(t *testing.T, url string, say func(...any)){
	// silent receives one request and does not answer it.
	"silent": func(t *testing.T, url string, say func(...any)) {
		rep := open(t, gonng.NewRep0, gonng.WithListen(url))
		say("listening")
		request, err := rep.Recv(t.Context())
		check(t, err)
		say("received", string(request))
		awaitEOF()
	},
	"echo": func(t *testing.T, url string, say func(...any)) {
		rep := open(t, gonng.NewRep0, gonng.WithListen(url))
		serving(t, rep, echo)
		say("listening")
		awaitEOF()
	},
	// answer dials and answers one request.
	"answer": func(t *testing.T, url string, say func(...any)) {
		say("dialing") // when the process has started, which may take longer than a handshake
		rep := open(t, gonng.NewRep0, gonng.WithDial(url, gonng.WithDialMode(gonng.DialWait)))
		serving(t, rep, echo)
		awaitEOF()
	},
	// activated listens where it was told by systemd, as whom the parent poses.
	"activated": func(t *testing.T, count string, say func(...any)) {
		t.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
		t.Setenv("LISTEN_FDS", count)
		t.Setenv("LISTEN_FDNAMES", "names")
		listeners, err := gonng.SystemdListeners()
		if err != nil {
			say("error", err)
			return
		}
		again, err := gonng.SystemdListeners()
		say("listeners", len(listeners), len(again), err, len(os.Getenv("LISTEN_PID")+os.Getenv("LISTEN_FDS")+os.Getenv("LISTEN_FDNAMES")))
		rep := open(t, gonng.NewRep0)
		serving(t, rep, echo)
		for _, nl := range listeners {
			l, err := rep.ListenOn(nl)
			check(t, err)
			say(l.URL())
		}
		awaitEOF()
	},
	// ask dials, as the environment says it must, and prints the answer.
	"ask": func(t *testing.T, url string, say func(...any)) {
		req := open(t, gonng.NewReq0)
		opts := []gonng.DialOption{gonng.WithDialMode(gonng.DialWait)}
		if strings.HasPrefix(url, "wss") {
			opts = append(opts, gonng.WithTLS(&tls.Config{InsecureSkipVerify: true}))
		}
		if _, err := req.Dial(testContext(t), url, opts...); err != nil {
			say(errors.Is(err, gonng.ErrPermission), err)
			return
		}
		answer, err := req.Request(testContext(t), []byte("hello"))
		say(string(answer), err)
	},
	"strangers": beStrangers,
	// push sends and closes at once.
	"push": func(t *testing.T, url string, say func(...any)) {
		push := open(t, gonng.NewPush0, gonng.WithDial(url))
		for i := range lossMessages {
			check(t, push.Send(t.Context(), body(i, mixedSize(i))))
		}
		check(t, push.Close())
	},
	// written writes a few messages to the operating system, and waits.
	"written": func(t *testing.T, url string, say func(...any)) {
		peer := gonngtest.Dial(t, url)
		peer.Handshake(gonng.ProtocolPush0)
		for i := range arrivedMessages {
			peer.SendFrame(body(i, arrivedSize))
		}
		say("written")
		awaitEOF()
	},
}

func awaitEOF() { _, _ = io.Copy(io.Discard, os.Stdin) }

// TestChild is what a child runs.
func TestChild(t *testing.T) {
	role, url, _ := strings.Cut(os.Getenv(childRole), " ")
	if role == "" {
		t.Skip("is for the children of other tests")
	}
	run := childRoles[role]
	if run == nil {
		run = systemRoles[role]
	}
	run(t, url, func(words ...any) { fmt.Println(append([]any{"child:"}, words...)...) })
}

// startChild starts a child that has files as descriptors 3, 4, …
func startChild(t testing.TB, role, url string, files ...*os.File) *child {
	t.Helper()
	return startChildIn(t, nil, role, url, files...)
}

// startChildIn is startChild in a process of special kind, with namespaces of its own for
// instance.
func startChildIn(t testing.TB, kind *syscall.SysProcAttr, role, url string, files ...*os.File) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0], "-test.run=^TestChild$"), lines: make(chan string, 10)}
	c.cmd.Env = append(os.Environ(), childRole+"="+role+" "+url)
	c.cmd.Stderr, c.cmd.ExtraFiles, c.cmd.SysProcAttr = os.Stderr, files, kind
	stdin, err := c.cmd.StdinPipe()
	check(t, err)
	c.stdin = stdin
	stdout, err := c.cmd.StdoutPipe()
	check(t, err)
	check(t, c.cmd.Start())
	go func() {
		defer close(c.lines)
		for all := bufio.NewScanner(stdout); all.Scan(); {
			if line, ok := strings.CutPrefix(all.Text(), "child: "); ok {
				c.lines <- line
			}
		}
	}()
	t.Cleanup(func() {
		if !c.ended {
			c.kill(t)
		}
	})
	return c
}

// want waits until the child says line.
func (c *child) want(t testing.TB, line string) {
	t.Helper()
	if got := c.says(t); got != line {
		t.Fatalf("the child said %q, want %q", got, line)
	}
}

// says waits for what the child says next. On a busy machine it takes a process
// long to start.
func (c *child) says(t testing.TB) (line string) {
	t.Helper()
	select {
	case line = <-c.lines:
	case <-time.After(3 * patience):
		t.Fatalf("the child said nothing in %v", 3*patience)
	}
	return line
}

// kill ends the child with SIGKILL.
func (c *child) kill(t testing.TB) {
	t.Helper()
	c.ended = true
	check(t, c.cmd.Process.Kill())
	for range c.lines {
	}
	_ = c.cmd.Wait() // says that it was killed
}

// finish lets the child end by itself.
func (c *child) finish(t testing.TB) {
	t.Helper()
	check(t, c.stdin.Close())
	overdue := time.AfterFunc(3*patience, func() { _ = c.cmd.Process.Kill() })
	defer overdue.Stop()
	for range c.lines {
	}
	c.ended = true
	if err := c.cmd.Wait(); err != nil {
		t.Fatalf("the child failed: %v", err)
	}
}

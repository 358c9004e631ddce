package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/internal/maintest"
	"github.com/gonng/gonng/monitor"
)

// watched is a program to look at, with a busy pair of sockets and one that cannot connect.
func watched(t *testing.T) (address string) {
	server := httptest.NewServer(monitor.Handler())
	t.Cleanup(server.Close)
	pub, err := gonng.NewPub0(gonng.WithName("prices\x1b[2J"), gonng.WithListen("inproc://top"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pub.Close() })
	sub, err := gonng.NewSub0(gonng.SubOption(gonng.WithName("reader")), gonng.WithTopics(""), gonng.SubOption(gonng.WithRecvBuffer(3)),
		gonng.SubOption(gonng.WithDial("inproc://top")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sub.Close() })
	if err := pub.WaitPeers(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := pub.Send(t.Context(), []byte("price")); err != nil {
			t.Fatal(err)
		}
	}
	gonngtest.Eventually(t, func() bool { return sub.Stats().DroppedFull == 7 }, "7 messages are dropped")
	lonely, err := gonng.NewPair0(gonng.WithName("lonely"), gonng.WithDial("inproc://nobody", gonng.WithDialMode(gonng.DialBackground)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lonely.Close() })
	gonngtest.Eventually(t, func() bool { return lonely.Dialers()[0].LastError() != nil }, "a failure")
	return strings.TrimPrefix(server.URL, "http://")
}

func TestTopOnce(t *testing.T) {
	gonngtest.NoLeaks(t)
	address := watched(t)
	r := gonngRun(t, "", "top", "--once", address)
	if r.code != exitOK || r.err != "" {
		t.Fatalf("it ended with %d: %s", r.code, r.err)
	}
	for _, want := range []string{"SOCKET", "reader", "lonely", "prices·[2J", "Dialing inproc://nobody failed"} {
		checkContains(t, "the text", r.out, want)
	}
	if strings.Contains(r.out, "\x1b") {
		t.Errorf("what a peer may have written reaches the terminal: %q", r.out)
	}
	r = gonngRun(t, "", "top", "--once", "--json", "http://"+address+"/x", address)
	var all []monitor.Snapshot
	if err := json.Unmarshal([]byte(r.out), &all); err != nil || len(all) != 2 || len(all[1].Sockets) < 3 || all[1].Version != monitor.Version {
		t.Errorf("the JSON of two programs is %v %s", err, r.out)
	}
}

func TestTopRefuses(t *testing.T) {
	without := httptest.NewServer(http.NotFoundHandler())
	defer without.Close()
	for _, test := range []struct {
		args []string
		code int
		err  string
	}{
		{[]string{"top"}, exitUsage, "no URL"},
		{[]string{"top", "--json", "localhost:1"}, exitUsage, "--json is for --once"},
		{[]string{"top", "ftp://localhost"}, exitUsage, "is not the URL of a monitor"},
		{[]string{"top", "--once", "127.0.0.1:1"}, exitError, "refused: does a program serve package monitor there"},
		{[]string{"top", "--once", without.URL}, exitError, "404 Not Found: there is no monitor at this URL"},
		{[]string{"device", "bus", "--front-listen", "inproc://x", "--monitor", "here"}, exitUsage, "is no address"},
	} {
		r := gonngRun(t, "", test.args...)
		if r.code != test.code || !strings.Contains(r.err, test.err) {
			t.Errorf("%v: %d %s", test.args, r.code, r.err)
		}
	}
}

// On a pipe top prints plain lines, with rates, again and again.
func TestTopPlain(t *testing.T) {
	gonngtest.NoLeaks(t)
	address := watched(t)
	d := start(t, "top", address)
	for range 3 {
		gonngtest.Eventually(t, func() bool {
			select {
			case text := <-d.out:
				return strings.Contains(text, "lonely") && strings.Contains(text, "trouble") && !strings.Contains(text, "\x1b")
			default:
				return false
			}
		}, "plain lines")
	}
	d.stop()
	for range d.out { // until it has ended
	}
}

// TestScreenSize: a screen of any size is drawn, and one whose size nobody knows.
func TestScreenSize(t *testing.T) {
	s := &screen{sorted: make([]int, len(topViews()))}
	for _, size := range []struct{ width, height, lines int }{{0, 0, 24}, {1, 1, 1}, {10, 2, 2}, {200, 50, 50}} {
		if !s.resize(size.width, size.height) || s.resize(size.width, size.height) {
			t.Errorf("the size %v is not taken once", size)
		}
		if lines := s.draw(); len(lines) != size.lines {
			t.Errorf("%dx%d: the screen has %d lines, want %d", size.width, size.height, len(lines), size.lines)
		}
	}
}

// On a terminal top shows a screen, which obeys keys and resizes.
func TestTopScreen(t *testing.T) {
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("tmux is not installed, CI must have it: ", err)
		}
		t.Skip("tmux is not installed: ", err)
	}
	gonngtest.NoLeaks(t)
	address := watched(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	server := fmt.Sprint("gonng-test-", os.Getpid())
	tmux := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(ctx, "tmux", append([]string{"-L", server, "-f", os.DevNull}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	command := maintest.Command(ctx, "top", address, address)
	script := command.Env[len(command.Env)-1] + " " + strings.Join(command.Args, " ") + "; echo pid: it ended with $?; cat"
	tmux("new-session", "-d", "-s", "top", "-x", "110", "-y", "24", script)
	defer exec.Command("tmux", "-L", server, "kill-server").Run()
	shows := func(what string, words ...string) {
		t.Helper()
		var screen string
		for deadline := time.Now().Add(patience); ; {
			screen = tmux("capture-pane", "-p", "-t", "top")
			all := true
			for _, w := range words {
				all = all && strings.Contains(screen, w)
			}
			if all {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s does not show %q:\n%s", what, words, screen)
			}
		}
	}
	shows("the first screen", "goroutines", "PROGRAM", "lonely", "trouble", "reader", "q quit", "as they come")
	tmux("send-keys", "-t", "top", ">", ">")
	shows("the sockets by name", "by socket")
	tmux("send-keys", "-t", "top", "a")
	shows("the advice", "WHAT TO LOOK AT", "Nobody is connected")
	tmux("send-keys", "-t", "top", "e")
	shows("the events", "dial failed", "drops began")
	tmux("send-keys", "-t", "top", "p")
	shows("the peers", "SENDQ", "reader")
	tmux("send-keys", "-t", "top", "s")
	tmux("resize-window", "-t", "top", "-x", "60", "-y", "12")
	shows("the small screen", "s sockets", "PROGRAM")
	tmux("send-keys", "-t", "top", "q")
	shows("the end", "it ended with 0")
}

// cat, device and bench serve the page, which top can look at.
func TestMonitorOption(t *testing.T) {
	gonngtest.NoLeaks(t)
	d := startDevice(t, "bus", "--front-listen", "tcp://127.0.0.1:0", "--monitor", ":0")
	line := <-d.err
	_, address, ok := strings.Cut(strings.TrimSpace(line), "at http://127.0.0.1:")
	if !ok {
		t.Fatalf("it says %q", line)
	}
	d.url(t)
	r := gonngRun(t, "", "top", "--once", "127.0.0.1:"+strings.TrimSuffix(address, "/"))
	checkContains(t, "the screen", r.out, "front")
	d.stop()
}

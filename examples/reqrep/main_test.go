//go:build unix

package main

import (
	"bufio"
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/internal/maintest"
)

func TestMain(m *testing.M) { maintest.Main(m, main) }

// TestTerminated: a replier that is told to end answers what it has begun to answer.
func TestTerminated(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	url := "ipc://" + filepath.Join(t.TempDir(), "x")
	server := maintest.Command(ctx, "-listen", url, "-work", "500ms")
	log, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	req, err := gonng.NewReq0(gonng.WithDial(url, gonng.WithDialMode(gonng.DialBackground)))
	if err != nil {
		t.Fatal(err)
	}
	defer req.Close()
	replied := make(chan string, 1)
	go func() {
		reply, err := req.Request(ctx, []byte("hello"))
		if err != nil {
			reply = []byte(err.Error())
		}
		replied <- string(reply)
	}()
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "answering") {
			if err := server.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := <-replied; got != "HELLO" {
		t.Errorf("the reply is %q, want HELLO", got)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("the replier ended with %v", err)
	}
}

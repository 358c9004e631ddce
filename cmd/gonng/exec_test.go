//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// TestExecLeavesProcess: a process that the command of --exec has started keeps neither an
// answer back nor, when cat is interrupted, the end.
func TestExecLeavesProcess(t *testing.T) {
	for _, test := range []struct{ name, then string }{{"answer", "echo done"}, {"interrupt", "wait"}} {
		t.Run(test.name, func(t *testing.T) {
			gonngtest.NoLeaks(t)
			file := filepath.Join(t.TempDir(), "pid")
			url := "inproc://" + t.Name()
			ctx, interrupt := context.WithCancel(gonngtest.Context(t, gonngtest.Timeout))
			defer interrupt()
			ended := make(chan int, 1)
			go func() {
				ended <- run(ctx, []string{"cat", "--rep", "--listen", url, "--exec", "sleep 600 & echo $! >" + file + "; " + test.then}, nil, new(bytes.Buffer), new(bytes.Buffer))
			}()
			req, err := gonng.NewReq0(gonng.WithDial(url, gonng.WithDialMode(gonng.DialBackground)))
			if err != nil {
				t.Fatal(err)
			}
			defer req.Close()
			if err := req.Send(ctx, []byte("question")); err != nil {
				t.Fatal(err)
			}
			if test.name == "answer" {
				if b, err := req.Recv(ctx); err != nil || string(b) != "done\n" {
					t.Errorf("the answer is %q, %v", b, err)
				}
			}
			pid := 0
			gonngtest.Eventually(t, func() bool {
				text, _ := os.ReadFile(file)
				pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
				return err == nil
			}, "the command runs")
			defer syscall.Kill(pid, syscall.SIGKILL)
			interrupt()
			select {
			case <-ended:
			case <-time.After(gonngtest.Timeout):
				t.Error("it does not end")
			}
			if err := syscall.Kill(pid, 0); err != nil {
				t.Errorf("the process that is left has ended: %v", err)
			}
		})
	}
}

// TestExecFails: a command that fails answers nothing, and the next request is answered.
func TestExecFails(t *testing.T) {
	gonngtest.NoLeaks(t)
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	url := "inproc://" + t.Name()
	var stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"cat", "--rep", "--listen", url, "--exec", `read x; [ "$x" = good ] && echo yes`, "--count", "2"}, nil, new(bytes.Buffer), &stderr)
	}()
	req, err := gonng.NewReq0(gonng.WithDial(url, gonng.WithDialMode(gonng.DialBackground)))
	if err != nil {
		t.Fatal(err)
	}
	defer req.Close()
	bad, err := req.NewContext()
	if err != nil {
		t.Fatal(err)
	}
	if err := bad.Send(ctx, []byte("bad\n")); err != nil {
		t.Fatal(err)
	}
	if b, err := req.Request(ctx, []byte("good\n")); err != nil || string(b) != "yes\n" {
		t.Errorf("the answer is %q, %v", b, err)
	}
	if b, err := bad.TryRecv(); !errors.Is(err, gonng.ErrTryAgain) {
		t.Errorf("the answer of the command that failed is %q, %v", b, err)
	}
	if code := <-ended; code != exitOK || !strings.Contains(stderr.String(), "exit status 1: this request is not answered") {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
}

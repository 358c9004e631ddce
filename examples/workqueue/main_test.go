//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/internal/maintest"
)

func TestMain(m *testing.M) { maintest.Main(m, main) }

// TestWorkerKilled: one of three workers is killed when it has done a job and has not
// said so. All jobs are done, that one twice.
func TestWorkerKilled(t *testing.T) {
	const jobs = 300
	ctx, cancel := context.WithCancel(gonngtest.Context(t, 6*gonngtest.Timeout))
	defer cancel()
	dir, url := t.TempDir(), "ipc://"+filepath.Join(t.TempDir(), "x")
	worker := func(work string) *exec.Cmd { return maintest.Command(ctx, "-dial", url, "-dir", dir, "-work", work) }

	doomed := worker("1h")
	log, err := doomed.StderrPipe()
	check(t, err)
	check(t, doomed.Start())
	for range 2 {
		other := worker("1ms")
		check(t, other.Start())
		defer other.Wait() // killed by cancel
	}
	defer cancel()
	queue := maintest.Command(ctx, "-listen", url, "-jobs", fmt.Sprint(jobs), "-workers", "3")
	var printed strings.Builder
	queue.Stdout, queue.Stderr = &printed, os.Stderr
	check(t, queue.Start())

	for lines := bufio.NewScanner(log); lines.Scan(); {
		if strings.Contains(lines.Text(), "wrote") {
			check(t, doomed.Process.Kill())
		}
	}
	_ = doomed.Wait() // killed
	if err := queue.Wait(); err != nil {
		t.Errorf("the queue ended with %v", err)
	}
	if want := fmt.Sprintf("%d of %d jobs, 1 of them twice\n", jobs, jobs); printed.String() != want {
		t.Errorf("the queue printed %q, want %q", printed.String(), want)
	}
	files, err := filepath.Glob(filepath.Join(dir, "job-???"))
	if err != nil || len(files) != jobs {
		t.Errorf("%d jobs have their files, %v", len(files), err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

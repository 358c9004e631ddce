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
	"time"

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
	if n := len(jobsIn(t, dir)); n != jobs {
		t.Errorf("%d jobs have their files", n)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestWorkersKilled: workers are killed at random moments, and others take their place. All
// jobs are done, and only those can have been done twice that a worker had when it was killed.
func TestWorkersKilled(t *testing.T) {
	maintest.Kills(t, func(t *testing.T) {
		const jobs, kills = 300, 2
		ctx, cancel := context.WithCancel(gonngtest.Context(t, 6*gonngtest.Timeout))
		dir, url := t.TempDir(), "ipc://"+filepath.Join(t.TempDir(), "x")
		var workers []*exec.Cmd
		hire := func() *exec.Cmd {
			w := maintest.Command(ctx, "-dial", url, "-dir", dir, "-work", "3ms")
			check(t, w.Start())
			workers = append(workers, w)
			return w
		}
		defer func() {
			cancel() // kills them
			for _, w := range workers {
				_ = w.Wait()
			}
		}()
		doomed := []*exec.Cmd{hire(), hire()}
		hire()
		queue := maintest.Command(ctx, "-listen", url, "-jobs", fmt.Sprint(jobs), "-workers", "3")
		var printed strings.Builder
		queue.Stdout, queue.Stderr = &printed, os.Stderr
		check(t, queue.Start())
		for len(jobsIn(t, dir)) == 0 { // the first is done
			maintest.RandomMoment(t, 10*time.Millisecond)
		}
		for _, w := range doomed {
			maintest.RandomMoment(t, 100*time.Millisecond)
			check(t, w.Process.Kill())
			hire()
		}
		if err := queue.Wait(); err != nil {
			t.Errorf("the queue ended with %v", err)
		}
		var done, all, twice int
		if _, err := fmt.Sscanf(printed.String(), "%d of %d jobs, %d of them twice\n", &done, &all, &twice); err != nil || done != jobs || all != jobs || twice > kills*outstanding {
			t.Errorf("the queue printed %q", printed.String())
		}
		if n := len(jobsIn(t, dir)); n != jobs {
			t.Errorf("%d jobs have their files", n)
		}
	})
}

// jobsIn are the files of the jobs that are done.
func jobsIn(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "job-???"))
	check(t, err)
	return files
}

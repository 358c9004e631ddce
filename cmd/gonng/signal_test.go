//go:build unix

package main

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gonng/gonng/internal/maintest"
)

// The process dies of the signal itself, like nngcat, and unlike it leaves no
// socket file behind.
func TestSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			url := listenURL(t, "ipc")
			got := killed(t, maintest.Command(t.Context(), "cat", "--pull", "-v", "--listen", url), "Listening at: "+url, sig)
			if got != sig {
				t.Errorf("it died of %v, want %v", got, sig)
			}
			checkNoFile(t, url)
		})
	}
	t.Run("device", func(t *testing.T) {
		url := listenURL(t, "ipc")
		got := killed(t, maintest.Command(t.Context(), "device", "bus", "--front-listen", url), url, syscall.SIGINT)
		if got != syscall.SIGINT {
			t.Errorf("it died of %v", got)
		}
		checkNoFile(t, url)
	})
	t.Run("nngcat", func(t *testing.T) {
		nngcat := exec.CommandContext(t.Context(), "stdbuf", "-oL", nngcatPath(t), "--pull", "-v", "--listen", listenURL(t, "ipc"))
		if got := killed(t, nngcat, "Listening at: ", syscall.SIGINT); got != syscall.SIGINT {
			t.Errorf("nngcat died of %v", got)
		}
	})
}

func checkNoFile(t *testing.T, url string) {
	t.Helper()
	if _, err := os.Stat(strings.TrimPrefix(url, "ipc://")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket's file: %v, want that it is gone", err)
	}
}

// killed starts cmd, sends it sig when it has printed a line that starts with
// greeting, and returns what it died of.
func killed(t *testing.T, cmd *exec.Cmd, greeting string, sig syscall.Signal) syscall.Signal {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, greeting) {
		t.Errorf("it printed %q, %v", line, err)
	}
	if err := cmd.Process.Signal(sig); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait()
	return cmd.ProcessState.Sys().(syscall.WaitStatus).Signal()
}

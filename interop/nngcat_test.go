package interop

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gonng/gonng/gonngtest"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

// nngcat is a running nngcat.
type nngcat struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer // to be read when it has ended

	mu      sync.Mutex
	stdout  bytes.Buffer
	printed chan struct{} // closed at each output
	ended   chan struct{}
}

// start starts nngcat, and ends it when the test ends.
func start(t *testing.T, args ...string) *nngcat {
	t.Helper()
	c := &nngcat{cmd: exec.Command(program(t), args...), printed: make(chan struct{}), ended: make(chan struct{})}
	c.cmd.Stdout, c.cmd.Stderr = c, &c.stderr
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.cmd.Wait() // mostly that it was killed
		close(c.ended)
	}()
	t.Cleanup(func() {
		c.kill()
		if t.Failed() {
			t.Logf("%q printed %d bytes; on standard error: %s", c.cmd.Args, c.stdout.Len(), c.stderr.Bytes())
		}
	})
	return c
}

// program is the path of nngcat.
func program(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("nngcat")
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("nngcat must be there in CI: %v", err)
	default:
		t.Skipf("nngcat (Debian: nng-utils) is not there: %v", err)
	}
	return path
}

// Write takes what nngcat prints.
func (c *nngcat) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.printed)
	c.printed = make(chan struct{})
	return c.stdout.Write(p)
}

// kill ends it, if it has not ended, and waits for that.
func (c *nngcat) kill() {
	_ = c.cmd.Process.Kill()
	<-c.ended
}

// want waits until nngcat has printed want, ends it, and fails the test if it
// printed anything else.
func (c *nngcat) want(t *testing.T, want []byte) {
	t.Helper()
	over := time.After(gonngtest.Timeout)
	for {
		c.mu.Lock()
		n, printed := c.stdout.Len(), c.printed
		c.mu.Unlock()
		if n >= len(want) {
			break
		}
		select {
		case <-printed:
		case <-over:
			t.Fatalf("nngcat has printed %d bytes, want %d", n, len(want))
		}
	}
	c.kill()
	if got := c.stdout.Bytes(); !bytes.Equal(got, want) {
		t.Fatalf("nngcat printed %d bytes (%.16x…), want %d (%.16x…)", len(got), got, len(want), want)
	}
}

// file is a file with that content, for --file.
func file(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

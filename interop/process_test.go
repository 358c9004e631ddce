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

// process is a running nngcat, nanocat or gonng.
type process struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer // to be read when it has ended

	mu      sync.Mutex
	stdout  bytes.Buffer
	printed chan struct{} // closed at each output
	ended   chan struct{}
}

// start starts nngcat, and ends it when the test ends.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return launch(t, program(t, "nngcat"), args...)
}

// launch starts the program at path, and ends it when the test ends.
func launch(t *testing.T, path string, args ...string) *process {
	t.Helper()
	c := &process{cmd: exec.Command(path, args...), printed: make(chan struct{}), ended: make(chan struct{})}
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

// packages are what Debian has the programs in.
var packages = map[string]string{"nngcat": "nng-utils", "nanocat": "nanomsg-utils"}

// program is the path of nngcat or nanocat.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("%s must be there in CI: %v", name, err)
	default:
		t.Skipf("%s (Debian: %s) is not there: %v", name, packages[name], err)
	}
	return path
}

// Write takes what it prints.
func (c *process) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.printed)
	c.printed = make(chan struct{})
	return c.stdout.Write(p)
}

// kill ends it, if it has not ended, and waits for that.
func (c *process) kill() {
	_ = c.cmd.Process.Kill()
	<-c.ended
}

// want waits until it has printed want, ends it, and fails the test if it
// printed anything else.
func (c *process) want(t *testing.T, want []byte) {
	t.Helper()
	c.begins(t, want)
	c.kill()
	if n := c.stdout.Len(); n > len(want) {
		t.Fatalf("%s printed %d bytes, want %d", c, n, len(want))
	}
}

// begins waits until it has printed as much as want, and fails the test if that
// is not want.
func (c *process) begins(t *testing.T, want []byte) {
	t.Helper()
	over := time.After(gonngtest.Timeout)
	for {
		c.mu.Lock()
		n, printed := c.stdout.Len(), c.printed
		got := bytes.Clone(c.stdout.Bytes()[:min(n, len(want))])
		c.mu.Unlock()
		if n >= len(want) {
			if !bytes.Equal(got, want) {
				t.Fatalf("%s printed %.16x…, want %.16x…", c, got, want)
			}
			return
		}
		select {
		case <-printed:
		case <-over:
			t.Fatalf("%s has printed %d bytes, want %d", c, n, len(want))
		}
	}
}

// String is the name of the program.
func (c *process) String() string { return filepath.Base(c.cmd.Path) }

// file is a file with that content, for --file.
func file(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

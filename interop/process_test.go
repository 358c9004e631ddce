package interop

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gonng/gonng/gonngtest"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

// process is a running nngcat, nanocat, gonng or chromium.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr output
	ended          chan struct{}
}

// start starts nngcat, nanocat or chromium, and ends it when the test ends.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	return launch(t, program(t, name), args...)
}

// launch starts the program at path, and ends it when the test ends.
func launch(t *testing.T, path string, args ...string) *process {
	t.Helper()
	c := &process{cmd: exec.Command(path, args...), ended: make(chan struct{})}
	c.cmd.Stdout, c.cmd.Stderr = &c.stdout, &c.stderr
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
			t.Logf("%q printed %d bytes; on standard error: %s", c.cmd.Args, c.stdout.buf.Len(), c.stderr.buf.Bytes())
		}
	})
	return c
}

// packages are what Debian has the programs in.
var packages = map[string]string{"nngcat": "nng-utils", "nanocat": "nanomsg-utils", "chromium": "chromium"}

// program is the path of nngcat, nanocat or chromium.
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

// output is what a process prints.
type output struct {
	mu   sync.Mutex
	buf  bytes.Buffer  // without mu only when the process has ended
	more chan struct{} // closed at the next Write
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.more != nil {
		close(o.more)
		o.more = nil
	}
	return o.buf.Write(p)
}

// await waits until enough is printed, and returns what is.
func (o *output) await(t *testing.T, what string, enough func(printed []byte) bool) []byte {
	t.Helper()
	over := time.After(gonngtest.Timeout)
	for {
		o.mu.Lock()
		if enough(o.buf.Bytes()) {
			defer o.mu.Unlock()
			return bytes.Clone(o.buf.Bytes())
		}
		if o.more == nil {
			o.more = make(chan struct{})
		}
		more := o.more
		o.mu.Unlock()
		select {
		case <-more:
		case <-over:
			t.Fatalf("not printed: %s", what)
		}
	}
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
	if n := c.stdout.buf.Len(); n > len(want) {
		t.Fatalf("%s printed %d bytes, want %d", c, n, len(want))
	}
}

// begins waits until it has printed as much as want, and fails the test if that
// is not want.
func (c *process) begins(t *testing.T, want []byte) {
	t.Helper()
	got := c.stdout.await(t, fmt.Sprintf("%d bytes by %s", len(want), c), func(printed []byte) bool { return len(printed) >= len(want) })
	if !bytes.HasPrefix(got, want) {
		t.Fatalf("%s printed %.16x…, want %.16x…", c, got, want)
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

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

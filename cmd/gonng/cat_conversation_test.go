package main

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gonng/gonng/gonngtest"
)

// concurrently runs subtests side by side: they wait for seconds to pass, not
// for the processor, and so may be more than t.Parallel would start.
func concurrently(t *testing.T, n int, test func(int) (string, func(*testing.T))) {
	var all sync.WaitGroup
	slots := make(chan struct{}, 12)
	for i := range n {
		name, body := test(i)
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			t.Run(name, body)
		})
	}
	all.Wait()
}

// program is gonng cat or nngcat.
type program func(t *testing.T, stdin string, args []string) *process

// process is a running program.
type process struct {
	listening chan string // the URLs of "Listening at: " lines
	done      chan struct{}
	out       output
	result    result // after done
}

// output takes the lines about addresses out of what is printed. Both programs
// print each of them with one write.
type output struct {
	process *process
	mu      sync.Mutex
	buf     bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if url, ok := strings.CutPrefix(string(b), "Listening at: "); ok {
		o.process.listening <- strings.TrimSuffix(url, "\n")
		return len(b), nil
	}
	return o.buf.Write(b)
}

func newProcess() *process {
	p := &process{listening: make(chan string, 8), done: make(chan struct{})}
	p.out.process = p
	return p
}

func startGonng(t *testing.T, stdin string, args []string) *process {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	p := newProcess()
	var stderr bytes.Buffer
	go func() {
		defer cancel()
		defer close(p.done)
		p.result.code = run(ctx, append([]string{"cat"}, args...), strings.NewReader(stdin), &p.out, &stderr)
		p.result.out, p.result.err = p.out.buf.String(), stderr.String()
	}()
	return p
}

// startNngcat starts the real one, with its output by the line even though
// that is no terminal.
func startNngcat(t *testing.T, stdin string, args []string) *process {
	cmd := exec.CommandContext(t.Context(), "stdbuf", append([]string{"-oL", nngcatPath(t)}, args...)...)
	p := newProcess()
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &p.out, &stderr
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	go func() {
		defer overdue.Stop()
		defer close(p.done)
		err := cmd.Wait()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			stderr.WriteString(err.Error())
		}
		p.result = result{cmd.ProcessState.ExitCode(), p.out.buf.String(), stderr.String()}
	}()
	return p
}

// end waits for the end of the process.
func (p *process) end() result {
	<-p.done
	return p.result
}

// url waits until the process listens.
func (p *process) url(t *testing.T) string {
	t.Helper()
	select {
	case url := <-p.listening:
		return url
	case <-p.done:
		t.Fatalf("it ended before it listened: %+v", p.result)
	}
	return ""
}

// sides are who listens and who dials in a conversation, and at what.
type sides struct {
	name         string
	listen, dial program
	transports   []string
}

var allSides = []sides{
	{"gonng to gonng", startGonng, startGonng, []string{"ipc", "tcp", "inproc"}},
	{"nngcat to gonng", startGonng, startNngcat, []string{"ipc", "tcp"}},
	{"gonng to nngcat", startNngcat, startGonng, []string{"ipc", "tcp"}},
}

func listenURL(t *testing.T, transport string) string {
	for _, tr := range gonngtest.Transports {
		if tr.Name == transport {
			return tr.URL(t)
		}
	}
	t.Fatalf("there is no transport %s", transport)
	return ""
}

// converse has a listener and a dialer talk until both have ended.
func (s sides) converse(t *testing.T, transport string, listen, dial []string, stdin string) (listener, dialer result) {
	l := s.listen(t, "", append([]string{"--verbose", "--listen", listenURL(t, transport)}, listen...))
	d := s.dial(t, stdin, append([]string{"--dial", l.url(t)}, dial...))
	return l.end(), d.end()
}

// checkResult leaves out what gonng logs.
func checkResult(t *testing.T, who string, got result, code int, out string) {
	t.Helper()
	if got.code != code {
		t.Errorf("%s: exit code %d, want %d", who, got.code, code)
	}
	if got.out != out {
		t.Errorf("%s printed %.300q, want %.300q", who, got.out, out)
	}
	if t.Failed() {
		t.Logf("%s: %s", who, got.err)
	}
}

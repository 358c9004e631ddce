package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// A process is a child that plays one role or several.
type process struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	marks  bool // answers a mark
	serves bool // the others
	// What it tells: figures that it measured, or what it did until it was
	// told to be quiet.
	measures, accounts bool
	stdin              io.WriteCloser
	lines              *bufio.Scanner
	stderr             *bytes.Buffer
}

// start runs the contestant's program, on a core as cores.pin returns it. The child ends when
// ctx does.
func start(ctx context.Context, c contestant, j job, core int) (*process, error) {
	ctx, cancel := context.WithCancel(ctx)
	p := &process{cancel: cancel, stderr: new(bytes.Buffer), serves: j.role() == "server"}
	if j.contestant == strangerName {
		c = stranger{}
	}
	_, p.marks = c.(hosted)
	for _, name := range j.roles {
		p.measures = p.measures || roles[name].measures
		p.accounts = p.accounts || roles[name].accounts && p.marks
	}
	if err := p.start(ctx, c, j, core); err != nil {
		cancel()
		return nil, err
	}
	return p, nil
}

func (p *process) start(ctx context.Context, c contestant, j job, core int) error {
	cmd, err := c.Command(ctx, j)
	if err != nil {
		return err
	}
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = p.stderr
	cmd.WaitDelay = 2 * grace // then it is killed
	cmd.Cancel = func() error {
		// A failure is a child that has already gone.
		_ = p.stdin.Close()
		// Any other value makes Wait call a clean end an error.
		return os.ErrProcessDone
	}
	p.cmd, p.lines = cmd, bufio.NewScanner(stdout)
	if core >= 0 {
		return startPinned(cmd, core)
	}
	return cmd.Start()
}

// expect reads lines up to the one that begins with the word, and returns the
// rest of it.
func (p *process) expect(word string) (string, error) {
	for p.lines.Scan() {
		if rest, ok := strings.CutPrefix(p.lines.Text(), word+" "); ok {
			return rest, nil
		}
	}
	return "", fmt.Errorf("ended without a %q", word)
}

// An event is a line that a process printed, or its end: no word.
type event struct {
	from       *process
	word, rest string
}

// tell passes on what the process prints, until it ends or stop is closed.
func (p *process) tell(events chan<- event, stop <-chan struct{}) {
	for more := true; more; {
		more = p.lines.Scan()
		word, rest, _ := strings.Cut(p.lines.Text(), " ")
		if !more {
			word = ""
		}
		select {
		case events <- event{p, word, rest}:
		case <-stop:
			return
		}
	}
}

// stop ends the child and waits until it has gone.
func (p *process) stop() error {
	p.cancel()
	err := p.cmd.Wait()
	if said := strings.TrimSpace(p.stderr.String()); err != nil && said != "" {
		return fmt.Errorf("%w: %s", err, said)
	}
	return err
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// A process is a child that plays one peer, or both.
type process struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	lines  *bufio.Scanner
	stderr *bytes.Buffer
}

// start runs the contestant's program. The child ends when ctx does.
func start(ctx context.Context, c contestant, j job, pinned bool) (*process, error) {
	ctx, cancel := context.WithCancel(ctx)
	p := &process{cancel: cancel, stderr: new(bytes.Buffer)}
	if err := p.start(ctx, c, j, pinned); err != nil {
		cancel()
		return nil, err
	}
	return p, nil
}

func (p *process) start(ctx context.Context, c contestant, j job, pinned bool) error {
	cmd, err := c.Command(ctx, j)
	if err != nil {
		return err
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
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
		_ = stdin.Close()
		// Any other value makes Wait call a clean end an error.
		return os.ErrProcessDone
	}
	p.cmd, p.lines = cmd, bufio.NewScanner(stdout)
	if pinned {
		return startPinned(cmd)
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

func (p *process) result() (figures, error) {
	line, err := p.expect("result")
	if err != nil {
		return nil, err
	}
	var f figures
	if err := json.Unmarshal([]byte(line), &f); err != nil {
		return nil, fmt.Errorf("result %q: %w", line, err)
	}
	return f, nil
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

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"time"

	"github.com/gonng/gonng"
)

// longestLine bounds a line of --lines, in bytes.
const longestLine = 16 << 20

// converseByLine is converse with --lines: each line of the standard input is a message, and
// the end of the input is the end.
func (c *cat) converseByLine(ctx context.Context) error {
	if c.protocol.role != talks {
		return c.eachLine(ctx)
	}
	// What comes is printed until all lines are sent, or --count have come.
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	sent := make(chan error, 1)
	go func() {
		err := c.eachLine(ctx)
		if err != nil || c.count == 0 {
			stop()
		}
		sent <- err
	}()
	err := c.receive(ctx, c.count)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return <-sent // or it was interrupted, which the exit code tells
	}
	return err // the other goroutine may wait for the standard input
}

// eachLine sends the lines, at most --count unless these are to be received, and prints the
// answers where there are any.
func (c *cat) eachLine(ctx context.Context) error {
	input := bufio.NewScanner(c.stdin)
	input.Buffer(nil, longestLine)
	for n := 1; input.Scan(); n++ {
		if err := c.socket.(gonng.Sender).Send(ctx, input.Bytes()); err != nil {
			return err
		}
		if c.protocol.role == asks {
			want := 0 // until the survey is over
			if c.protocol.name == "req0" {
				want = 1
			}
			if err := c.receive(ctx, want); err != nil {
				return err
			}
			if err := c.pending.Flush(); err != nil {
				return outputError(err)
			}
		}
		if n == c.count && c.protocol.role != talks {
			return nil
		}
	}
	if errors.Is(input.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("the standard input has a line of more than %d bytes: --lines sends lines, --file sends it whole", longestLine)
	}
	return input.Err()
}

// execWait is how long a process that the command of --exec has started may hold the output of
// the command open, after the command has ended.
const execWait = time.Second

// answer runs the command of --exec with the request as its input, and returns its output: nil
// if it failed, which it says on standard error.
func (c *cat) answer(ctx context.Context, request []byte) ([]byte, error) {
	shell := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C"}
	}
	cmd := exec.CommandContext(ctx, shell[0], shell[1], c.exec)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(request), c.err
	cmd.WaitDelay = execWait
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		fmt.Fprintf(c.err, "gonng cat: --exec: %v: this request is not answered\n", err)
		return nil, nil
	}
	return append([]byte{}, out...), nil
}

// printStats is --stats.
func (c *cat) printStats() {
	if !c.stats {
		return
	}
	st := c.socket.Stats()
	fmt.Fprintf(c.err, "sent %d messages, %d bytes; received %d, %d bytes", st.Sent, st.SentBytes, st.Received, st.ReceivedBytes)
	for _, lost := range []struct {
		n    uint64
		what string
	}{
		{st.Unsent, "unsent"}, {st.DroppedFull, "dropped at full queues"}, {st.NoPeer, "for peers that had gone"},
		{st.Filtered, "filtered"}, {st.LateReplies, "late"}, {st.TooLarge, "too large"}, {st.Resends, "sent again"},
	} {
		if lost.n > 0 {
			fmt.Fprintf(c.err, "; %d %s", lost.n, lost.what)
		}
	}
	fmt.Fprintln(c.err)
}

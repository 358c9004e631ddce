package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// grace is what a child has left after its standard input was closed.
const grace = 3 * time.Second

// peerMain is the child process. It prints "ready URL" once it listens or has
// dialled and, if its role measures, "result JSON". It ends when its standard
// input does, which also happens when the parent dies.
func peerMain(args []string) error {
	j, err := parseJob(args)
	if err != nil {
		return err
	}
	c, err := findHosted(j.contestant)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go watchStdin(cancel)

	ends := make([]end, len(j.roles))
	url := j.url
	for i, name := range j.roles {
		if ends[i], err = c.Open(j.as(name, url)); err != nil {
			return fmt.Errorf("%s at %s: %w", name, url, err)
		}
		url = ends[i].URL()
		fmt.Println("ready", url)
	}

	errs := make([]error, len(ends))
	var wg sync.WaitGroup
	for i, e := range ends {
		wg.Go(func() {
			if errs[i] = play(ctx, e, j.as(j.roles[i], url)); errs[i] != nil {
				cancel() // the other end of this process must not wait for it
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func watchStdin(cancel context.CancelFunc) {
	// Whatever the outcome, there is no parent to listen to any more.
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
	time.Sleep(grace)
	fmt.Fprintln(os.Stderr, "did not end in", grace)
	os.Exit(2)
}

// play runs the loop of one role and holds the end open until ctx is over,
// so that the other side never sees it go.
func play(ctx context.Context, e end, j job) error {
	if err := e.Join(ctx); err != nil {
		return unlessDone(ctx, fmt.Errorf("%s waiting for its peer: %w", j.role(), err))
	}
	closed := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(closed)
		// The process is about to end; an error would change nothing.
		_ = e.Close()
	})
	f, err := roles[j.role()].loop(e, j)
	if err != nil {
		return unlessDone(ctx, fmt.Errorf("%s: %w", j.role(), err))
	}
	b, err := json.Marshal(f)
	if err != nil {
		return err
	}
	fmt.Println("result", string(b))
	<-closed
	return nil
}

// unlessDone drops what is only the echo of the end being closed.
func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

// grace is what a child has left after its standard input was closed.
const grace = 10 * time.Second

// peerMain is the child process. It prints "ready URL" once it listens or has
// dialled and, if it measures, "begin" and "over" around the time that it
// takes, and "result JSON". For each "mark" that it reads it prints "mallocs"
// and how many there were until then. At "quiet" it sends no more, if its role
// accounts for what it sends. It ends when its standard input does,
// which also happens when the parent dies.
func peerMain(args []string) error {
	j, err := parseJob(args)
	if err != nil {
		return err
	}
	h, err := findHosted(j.contestant)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := &report{total: figures{}, quiet: make(chan struct{})}
	go r.readStdin(cancel)

	parts, err := openParts(h, j, r)
	if err != nil {
		return err
	}
	errs := make([]error, len(parts))
	var wg sync.WaitGroup
	for i, p := range parts {
		wg.Go(func() {
			if errs[i] = p.play(ctx); errs[i] != nil {
				cancel() // the others in this process must not wait for it
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// openParts opens an end for each role of the process. One that dials finds
// the last one before it that listens.
func openParts(h hosted, j job, r *report) ([]part, error) {
	parts := make([]part, len(j.roles))
	url, listeners := j.url, 0
	for i, name := range j.roles {
		if roles[name].measures || roles[name].accounts {
			r.pending++
		}
		if roles[name].listens {
			url = another(j.url, listeners)
			listeners++
		}
		p := part{job: j.as(name, url), host: h, report: r}
		if name == "hold" {
			p.before = takeMemory()
		}
		if err := p.open(); err != nil {
			return nil, fmt.Errorf("%s at %s: %w", name, url, err)
		}
		url = p.URL()
		parts[i] = p
		fmt.Println("ready", url)
	}
	return parts, nil
}

func (p *part) open() (err error) {
	if roles[p.role()].opens {
		p.end = manyEnds{p.url, make(chan struct{})}
		return nil
	}
	p.end, err = p.host.Open(p.job)
	return err
}

func (r *report) readStdin(cancel context.CancelFunc) {
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if in.Text() == "quiet" {
			close(r.quiet)
			continue
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Println("mallocs", m.Mallocs)
	}
	// Whatever the outcome, there is no parent to listen to any more.
	cancel()
	time.Sleep(grace)
	fmt.Fprintln(os.Stderr, "did not end in", grace)
	os.Exit(2)
}

// play runs the loop of the role and holds the end open until ctx is over,
// so that the other side never sees it go.
func (p part) play(ctx context.Context) error {
	if err := p.Join(ctx); err != nil {
		return unlessDone(ctx, fmt.Errorf("%s waiting for its peer: %w", p.role(), err))
	}
	closed := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(closed)
		// The process is about to end; an error would change nothing.
		_ = p.Close()
	})
	f, err := roles[p.role()].loop(p)
	if err == nil {
		err = p.report.add(f)
	}
	if err != nil {
		return unlessDone(ctx, fmt.Errorf("%s: %w", p.role(), err))
	}
	for p.role() == "sub" && err == nil { // else it would hold up the others
		_, err = p.Recv()
	}
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

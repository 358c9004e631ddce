package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// startup is how long children may take beyond the time they measure.
const startup = 15 * time.Second

// A bench runs a plan and keeps what came out.
type bench struct {
	plan             plan
	rounds           int
	warmup, duration time.Duration
	progress         *progress
}

// run does the rounds. A cell that fails is noted and the rest goes on; the
// error is that of ctx.
func (b *bench) run(ctx context.Context) (*results, error) {
	res := newResults()
	for round := range b.rounds {
		for _, c := range b.plan.cells(round) {
			f, err := b.measure(ctx, c)
			if ctx.Err() != nil {
				return res, ctx.Err()
			}
			if err != nil {
				res.fail(c, err)
			} else {
				res.add(c, f)
			}
			b.progress.done(c, round, f, err)
		}
	}
	return res, nil
}

// measure does one cell in fresh processes.
func (b *bench) measure(ctx context.Context, c cell) (figures, error) {
	ctx, cancel := context.WithTimeout(ctx, b.warmup+b.duration+startup)
	defer cancel()
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)

	var s session
	f, last, err := s.run(ctx, c, b.jobs(c, dir))
	return f, errors.Join(err, s.stop(last))
}

// jobs are those of the processes of one cell; the first one listens.
func (b *bench) jobs(c cell, dir string) []job {
	j := job{
		contestant: c.contestant.Name(),
		roles:      []string{c.row.pattern.listen, c.row.pattern.dial},
		size:       c.row.size,
		warmup:     b.warmup,
		duration:   b.duration,
	}
	switch c.row.transport {
	case "inproc":
		j.url = "inproc://bench"
		return []job{j}
	case "ipc":
		j.url = "ipc://" + filepath.Join(dir, "s")
	default:
		j.url = "tcp://127.0.0.1:0"
	}
	return []job{j.as(j.roles[0], j.url), j.as(j.roles[1], j.url)}
}

// A session is the processes of one cell.
type session []*process

// run starts the processes one after the other, each with the address that
// the one before it gave, and waits for the figures. It also returns the
// process that is to be stopped last, if any.
func (s *session) run(ctx context.Context, c cell, jobs []job) (figures, *process, error) {
	url := jobs[0].url
	for _, j := range jobs {
		j.url = url
		p, err := start(ctx, c.contestant, j, c.row.pinned)
		if err != nil {
			return nil, nil, err
		}
		*s = append(*s, p)
		if url, err = p.expect("ready"); err != nil {
			return nil, nil, err
		}
	}
	type outcome struct {
		f   figures
		p   *process
		err error
	}
	// Only one process has figures to tell. Should the other one come
	// first, it ended too early.
	first := make(chan outcome, len(*s))
	for _, p := range *s {
		go func() {
			f, err := p.result()
			first <- outcome{f, p, err}
		}()
	}
	o := <-first
	return o.f, o.p, o.err
}

// stop ends every process. The last one is the one that measured: the others
// may be sending to it, and would take its end for a failure.
func (s session) stop(last *process) error {
	var errs []error
	for _, p := range s {
		if p != last {
			errs = append(errs, p.stop())
		}
	}
	if last != nil {
		errs = append(errs, last.stop())
	}
	return errors.Join(errs...)
}

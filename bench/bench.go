package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// startup is how long children may take beyond the time they measure.
const startup = 15 * time.Second

// A bench runs a plan and keeps what came out.
type bench struct {
	plan             plan
	rounds           int
	warmup, duration time.Duration
	connections      int // idle ones
	certs            string
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
	limit := b.warmup + b.duration + startup
	if c.row.pattern.listen == "hold" {
		limit += time.Duration(b.connections) * 5 * time.Millisecond
	}
	if c.row.pattern.grows != "" {
		limit += 2 * startup // for thousands of peers, and for bodies of 128 MiB
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)

	var s session
	f, measured, err := s.run(ctx, c, b.jobs(c, dir))
	if m := c.row.pattern.metrics[0]; err == nil && f[m.name] == 0 {
		err = errors.New("nothing came of it")
	}
	return f, errors.Join(err, s.stop(measured))
}

// addresses are where the first process listens, by transport.
var addresses = map[string]string{
	"tcp":    "tcp://" + loopback() + ":0",
	"inproc": "inproc://bench",
	"tls":    "tls+tcp://localhost:0", // the name in the certificate
	"ws":     "ws://" + loopback() + ":0/bench",
}

// loopback is an address of its own where the system has more than one: a program
// that still dials a port of 127.0.0.1 which was another's before would be taken for the
// peer of a raw contestant, which has no handshake to tell.
func loopback() string {
	if runtime.GOOS == "linux" {
		return "127.0.77.1"
	}
	return "127.0.0.1"
}

// jobs are those of the processes of one cell; the first one listens.
func (b *bench) jobs(c cell, dir string) []job {
	pt := c.row.pattern
	j := job{
		contestant:  c.contestant.Name(),
		url:         addresses[c.row.transport],
		size:        c.row.size,
		warmup:      b.warmup,
		duration:    b.duration,
		peers:       pt.dialers,
		n:           concurrency,
		perSecond:   c.row.perSecond,
		lengths:     c.row.lengths,
		connections: b.connections,
		messages:    1,
		receive:     c.row.receive,
		certs:       b.certs,
	}
	if pt.grows != "" {
		j = j.growing(c.row)
	}
	if c.row.transport == "ipc" {
		j.url = "ipc://" + filepath.Join(dir, "s")
	}
	if c.row.used {
		j.messages = b.connections
	}
	listen, dial := []string{pt.listen}, slices.Repeat([]string{pt.dial}, pt.dialers)
	var jobs []job
	if b, ok := c.contestant.(brokered); ok && b.Brokered(c.row) {
		jobs = append(jobs, j.playing([]string{"server"}))
	}
	if c.row.together {
		all := slices.Concat(listen, dial)
		if c.row.floods {
			all = append(all, slices.Repeat([]string{"sink", "pump"}, c.row.n)...)
		}
		return append(jobs, j.playing(all))
	}
	if c.row.transport == "inproc" || c.row.pairs > 0 {
		both := slices.Concat(listen, dial)
		return append(jobs, j.playing(slices.Repeat(both, max(c.row.pairs, 1))))
	}
	jobs = append(jobs, j.playing(listen))
	if pt.stranger != "" && c.row.n > 0 {
		jobs = append(jobs, j.stranger(c).playing([]string{pt.stranger}))
	}
	if pt.dialers == 0 {
		return jobs
	}
	for i := range max(c.row.processes, 1) {
		jobs = append(jobs, j.sharing(i, c.row.processes).playing(dial))
	}
	return jobs
}

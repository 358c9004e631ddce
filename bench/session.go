package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// A session is the processes of one cell.
type session []*process

// run starts the processes one after the other, each with the address that
// the one before it gave, and waits for the figures. It also returns the
// process that measured, if it came to that.
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
	return s.watch()
}

// watch waits for the figures, and takes what the processes used between the
// words "begin" and "over".
func (s session) watch() (figures, *process, error) {
	events := make(chan event)
	stop := make(chan struct{})
	defer close(stop)
	for _, p := range s {
		go p.tell(events, stop)
	}
	var f figures
	var from *process
	used := newUsage()
	for {
		e := <-events
		switch e.word {
		case "begin", "over":
			if err := s.sample(used); err != nil {
				return nil, e.from, err
			}
		case "mallocs":
			if err := used.addMallocs(e.from, e.rest); err != nil {
				return nil, e.from, err
			}
		case "result":
			from = e.from
			if err := json.Unmarshal([]byte(e.rest), &f); err != nil {
				return nil, from, fmt.Errorf("result %q: %w", e.rest, err)
			}
		case "":
			// Only one process has figures to tell. Should another come
			// first, it ended too early.
			return nil, e.from, errors.New(`ended without a "result"`)
		}
		if f != nil && used.complete() {
			used.addTo(f)
			return f, from, nil
		}
	}
}

// sample takes the time that the processes have used, and asks them for what
// only they know.
func (s session) sample(u *usage) error {
	for _, p := range s {
		if err := u.addTime(p); err != nil {
			return err
		}
		if p.marks {
			u.asked++
			if _, err := fmt.Fprintln(p.stdin, "mark"); err != nil {
				return err
			}
		}
	}
	return nil
}

// stop ends every process: first those that may be sending to the one that
// measured, which would take its end for a failure, then that one, and then
// the server of all.
func (s session) stop(measured *process) error {
	rank := func(p *process) int {
		switch {
		case p.serves:
			return 2
		case p == measured:
			return 1
		}
		return 0
	}
	var errs []error
	for _, p := range slices.SortedFunc(slices.Values(s), func(a, b *process) int { return rank(a) - rank(b) }) {
		errs = append(errs, p.stop())
	}
	return errors.Join(errs...)
}

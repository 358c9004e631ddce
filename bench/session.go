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
	for i, j := range jobs {
		j.url = url
		p, err := start(ctx, c.contestant, j, c.row.on.pin(i))
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
	var begun, over, results int
	measuring, telling := s.count()
	for {
		e := <-events
		switch e.word {
		case "begin":
			if begun++; begun > 1 {
				continue
			}
			if err := s.sample(used); err != nil {
				return nil, e.from, err
			}
		case "over":
			if over++; over < measuring {
				continue
			}
			if err := errors.Join(s.sample(used), s.quiet()); err != nil {
				return nil, e.from, err
			}
		case "mallocs":
			if err := used.addMallocs(e.from, e.rest); err != nil {
				return nil, e.from, err
			}
		case "result":
			if from == nil || e.from.measures {
				from = e.from
			}
			var one figures
			if err := json.Unmarshal([]byte(e.rest), &one); err != nil {
				return nil, from, fmt.Errorf("result %q: %w", e.rest, err)
			}
			if f == nil {
				f = figures{}
			}
			f.add(one)
			results++
		case "":
			// Every process stays until all is told.
			return nil, e.from, errors.New(`ended without a "result"`)
		}
		if results == telling && used.complete() {
			used.addTo(f)
			f.derive()
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

// count returns how many processes measure, and how many tell something.
func (s session) count() (measuring, telling int) {
	for _, p := range s {
		if p.measures {
			measuring++
		}
		if p.measures || p.accounts {
			telling++
		}
	}
	return measuring, telling
}

// quiet tells those that account for what they send to send no more.
func (s session) quiet() error {
	for _, p := range s {
		if p.accounts {
			if _, err := fmt.Fprintln(p.stdin, "quiet"); err != nil {
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

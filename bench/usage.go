package main

import (
	"strconv"
	"strings"
	"time"
)

// usage is what processes used between their first and their last sample.
type usage struct {
	times   map[*process]span[time.Duration]
	mallocs map[*process]span[uint64]
	asked   int // for the mallocs
	told    int
}

// A span is the difference of two samples of what only grows.
type span[T time.Duration | uint64] struct{ first, last T }

func observe[T time.Duration | uint64](m *map[*process]span[T], p *process, v T) {
	s, seen := (*m)[p]
	if !seen {
		s.first = v
		if *m == nil {
			*m = map[*process]span[T]{}
		}
	}
	s.last = v
	(*m)[p] = s
}

func (u *usage) addTime(p *process) error {
	t, err := cpuTime(p.cmd.Process.Pid)
	if err == nil && t > 0 {
		observe(&u.times, p, t)
	}
	return err
}

func (u *usage) addMallocs(p *process, s string) error {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 64)
	u.told++
	observe(&u.mallocs, p, n)
	return err
}

// complete reports whether everyone who was asked has answered.
func (u *usage) complete() bool { return u.asked == u.told }

// addTo says what a message cost, where that is known.
func (u *usage) addTo(f figures) {
	n := f["messages"]
	if n == 0 {
		return
	}
	if len(u.times) > 0 {
		f["cpu"] = 0
	}
	for _, s := range u.times {
		f["cpu"] += micros(s.last-s.first) / n
	}
	if len(u.mallocs) > 0 {
		f["allocs"] = 0
	}
	for _, s := range u.mallocs {
		f["allocs"] += float64(s.last-s.first) / n
	}
}

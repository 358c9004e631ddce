package main

import (
	"strconv"
	"strings"
)

// usage is what processes used between their first and their last sample.
type usage struct {
	times   map[*process]span // in microseconds
	mallocs map[*process]span
	asked   int // for the mallocs
	told    int
}

func newUsage() *usage {
	return &usage{times: map[*process]span{}, mallocs: map[*process]span{}}
}

// A span is two samples of what only grows.
type span struct{ first, last float64 }

func observe(m map[*process]span, p *process, v float64) {
	s, seen := m[p]
	if !seen {
		s.first = v
	}
	s.last = v
	m[p] = s
}

func (u *usage) addTime(p *process) error {
	t, err := cpuTime(p.cmd.Process.Pid)
	if err == nil && t > 0 {
		observe(u.times, p, micros(t))
	}
	return err
}

func (u *usage) addMallocs(p *process, s string) error {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 64)
	u.told++
	observe(u.mallocs, p, float64(n))
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
	for name, spans := range map[string]map[*process]span{"cpu": u.times, "allocs": u.mallocs} {
		for _, s := range spans {
			f[name] += (s.last - s.first) / n
		}
	}
}

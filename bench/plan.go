package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A cell is one measurement: a row done by a contestant.
type cell struct {
	row        row
	contestant contestant
}

// A filter keeps what matches every expression; a nil one matches everything.
type filter struct {
	rows, contestants, transports *regexp.Regexp
	quick                         bool // unless rows are named
	growth                        bool
}

func (f filter) keepContestant(c contestant) bool { return matches(f.contestants, c.Name()) }

func (f filter) keepRow(r row) bool {
	if f.quick && f.rows == nil && !f.growth && !r.quick() {
		return false
	}
	return matches(f.rows, r.String()) && matches(f.transports, r.transport)
}

func matches(re *regexp.Regexp, s string) bool { return re == nil || re.MatchString(s) }

// A plan is what one run measures.
type plan struct {
	rows        []row
	contestants []contestant
	growth      bool
}

func newPlan(f filter) plan {
	p := plan{growth: f.growth}
	all := rows()
	if p.growth {
		all = growthRows(f.quick)
	}
	for _, r := range all {
		if f.keepRow(r) {
			p.rows = append(p.rows, r)
		}
	}
	for _, c := range contestants() {
		if f.keepContestant(c) {
			p.contestants = append(p.contestants, c)
		}
	}
	return p
}

// name is that of the files.
func (p plan) name() string {
	if p.growth {
		return "growth"
	}
	return "figures"
}

// cells lists one round. Each round begins with another contestant, so that
// none always follows the same one.
func (p plan) cells(round int) []cell {
	var cs []cell
	for _, r := range p.rows {
		for i := range p.contestants {
			c := p.contestants[(i+round)%len(p.contestants)]
			if r.wants(c) && c.Supports(r) {
				cs = append(cs, cell{r, c})
			}
		}
	}
	return cs
}

// wants reports whether the row is about the contestant.
func (r row) wants(c contestant) bool {
	if r.pattern.grows != "" {
		return slices.Contains(r.pattern.with, c.Name())
	}
	return r.receive == "" || c.Name() == subject
}

// withoutMissing leaves out of the plan what cannot be built; the error says
// why.
func (p plan) withoutMissing() (plan, error) {
	var reasons []string
	kept := p
	kept.contestants = nil
	for _, c := range p.contestants {
		if b, ok := c.(built); ok {
			if err := b.Build(); err != nil {
				reasons = append(reasons, fmt.Sprintf("%s: %v", c.Name(), err))
				continue
			}
		}
		kept.contestants = append(kept.contestants, c)
	}
	if reasons == nil {
		return kept, nil
	}
	return kept, errors.New(strings.Join(reasons, "; "))
}

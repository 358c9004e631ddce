package main

import (
	"fmt"
	"slices"
)

// results are the figures of every round, by what they measure.
type results struct {
	values map[key][]float64
	errs   map[string]int // what went wrong, and how often
	order  []string       // the errors, first seen first
}

// A key is one figure of the table.
type key struct {
	row        row
	contestant string
	metric     string
}

func newResults() *results {
	return &results{values: map[key][]float64{}, errs: map[string]int{}}
}

func (rs *results) add(c cell, f figures) {
	for _, m := range c.row.pattern.metrics {
		k := key{c.row, c.contestant.Name(), m.name}
		rs.values[k] = append(rs.values[k], f[m.name])
	}
}

func (rs *results) fail(c cell, err error) {
	s := fmt.Sprintf("%s, %s, %s: %v", c.row, c.row.transport, c.contestant.Name(), err)
	if rs.errs[s]++; rs.errs[s] == 1 {
		rs.order = append(rs.order, s)
	}
}

func (rs *results) summary(r row, contestant, metric string) summary {
	return summarize(rs.values[key{r, contestant, metric}])
}

// A line is one metric of one row, with a summary for each contestant.
type line struct {
	row       row
	metric    metric
	summaries []summary // in the order of the contestants
}

// lines are those of the rows of one pattern.
func (rs *results) lines(p plan, of *pattern) []line {
	var ls []line
	for _, r := range p.rows {
		if r.pattern != of {
			continue
		}
		for _, m := range of.metrics {
			l := line{row: r, metric: m}
			for _, c := range p.contestants {
				l.summaries = append(l.summaries, rs.summary(r, c.Name(), m.name))
			}
			ls = append(ls, l)
		}
	}
	return ls
}

// patterns are those of the plan, each once.
func (p plan) patterns() []*pattern {
	var ps []*pattern
	for _, r := range p.rows {
		if !slices.Contains(ps, r.pattern) {
			ps = append(ps, r.pattern)
		}
	}
	return ps
}

// subjectIndex is the column of the subject, or -1 when it is not in the plan.
func (p plan) subjectIndex() int {
	return slices.IndexFunc(p.contestants, func(c contestant) bool { return c.Name() == subject })
}

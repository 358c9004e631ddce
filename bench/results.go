package main

import (
	"fmt"
	"math"
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
		if v, ok := f[m.name]; ok {
			k := key{c.row, c.contestant.Name(), m.name}
			rs.values[k] = append(rs.values[k], v)
		}
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

// A table is the rows of one pattern over one transport.
type table struct {
	pattern   *pattern
	transport string
	lines     []line
}

// A line is what one contestant did in one row.
type line struct {
	row        row
	contestant string
	summaries  []summary // in the order of the pattern's metrics
}

// tables are in the order of the rows; a contestant that has no figure of a
// row has no line there.
func (rs *results) tables(p plan) []*table {
	var ts []*table
	for _, r := range p.rows {
		i := slices.IndexFunc(ts, func(t *table) bool { return t.pattern == r.pattern && t.transport == r.transport })
		if i < 0 {
			i = len(ts)
			ts = append(ts, &table{pattern: r.pattern, transport: r.transport})
		}
		for _, c := range p.contestants {
			l := line{row: r, contestant: c.Name()}
			for _, m := range r.pattern.metrics {
				l.summaries = append(l.summaries, rs.summary(r, c.Name(), m.name))
			}
			if slices.ContainsFunc(l.summaries, func(s summary) bool { return s.rounds > 0 }) {
				ts[i].lines = append(ts[i].lines, l)
			}
		}
	}
	return ts
}

// begins reports whether the ith line is the first of its row.
func (t *table) begins(i int) bool { return i == 0 || t.lines[i].row != t.lines[i-1].row }

// first is the median of the first metric of a row, NaN if the contestant has
// none.
func (t *table) first(r row, contestant string) float64 {
	for _, l := range t.lines {
		if l.row == r && l.contestant == contestant {
			return l.summaries[0].median
		}
	}
	return math.NaN()
}

// ratios are how many times this line gonng does, and what part of the limit
// this line is.
func (t *table) ratios(l line) (gonng, toLimit float64) {
	own := l.summaries[0].median
	return ratio(t.first(l.row, subject), own), ratio(own, t.first(l.row, limit))
}

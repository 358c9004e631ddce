package main

import (
	"fmt"
	"regexp"
)

// A pattern is a conversation between two roles, one of which measures it.
type pattern struct {
	name         string
	listen, dial string // roles
	metrics      []metric
}

// A metric is one figure of a measurement, and one line of the table.
type metric struct {
	name   string // the key in figures
	unit   string
	format func(float64) string
}

var (
	pushPull = &pattern{
		name: "push/pull", listen: "pull", dial: "push",
		metrics: []metric{{"rate", "messages/s, more is better", formatCount}},
	}
	reqRep = &pattern{
		name: "req/rep", listen: "rep", dial: "req",
		metrics: []metric{
			{"p50", "µs, less is better", formatMicros},
			{"p99", "µs, less is better", formatMicros},
		},
	}
)

// A row is what every contestant is asked to do.
type row struct {
	pattern   *pattern
	size      int
	transport string
	pinned    bool // both processes on one core
}

func (r row) String() string {
	s := fmt.Sprintf("%s %s", r.pattern.name, formatSize(r.size))
	if r.pinned {
		s += ", one core"
	}
	return s
}

// rows are in the order of the table.
func rows() []row {
	var rs []row
	for _, t := range []string{"tcp", "ipc", "inproc"} {
		for _, size := range []int{64, 1 << 10, 64 << 10, 1 << 20} {
			rs = append(rs, row{pattern: pushPull, size: size, transport: t})
		}
	}
	for _, t := range []string{"tcp", "ipc", "inproc"} {
		rs = append(rs, row{pattern: reqRep, size: 64, transport: t})
		if canPin && t != "inproc" {
			rs = append(rs, row{pattern: reqRep, size: 64, transport: t, pinned: true})
		}
	}
	return rs
}

// A cell is one measurement: a row done by a contestant.
type cell struct {
	row        row
	contestant contestant
}

// A filter keeps what matches every expression; a nil one matches everything.
type filter struct {
	rows, contestants, transports *regexp.Regexp
}

func (f filter) keepContestant(c contestant) bool { return matches(f.contestants, c.Name()) }

func (f filter) keepRow(r row) bool {
	return matches(f.rows, r.String()) && matches(f.transports, r.transport)
}

func matches(re *regexp.Regexp, s string) bool { return re == nil || re.MatchString(s) }

// A plan is what one run measures.
type plan struct {
	rows        []row
	contestants []contestant
}

func newPlan(f filter) plan {
	var p plan
	for _, r := range rows() {
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

// cells lists one round. Each round begins with another contestant, so that
// none always follows the same one.
func (p plan) cells(round int) []cell {
	var cs []cell
	for _, r := range p.rows {
		for i := range p.contestants {
			c := p.contestants[(i+round)%len(p.contestants)]
			if c.Supports(r) {
				cs = append(cs, cell{r, c})
			}
		}
	}
	return cs
}

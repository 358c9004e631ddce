package main

import (
	"fmt"
	"strings"
)

// growth is what a pattern says of its rows when they differ in how many of
// something there are. The cost of one message must not grow with that.
type growth struct {
	grows    string    // there are n of these; empty for every other pattern
	with     []string  // the contestants that can do it
	crowd    bool      // the role that listens waits for n peers
	stranger string    // role of a process between the other two
	size     int       // bytes in a message; 0 is n
	steps    []int     // the values of n
	quick    int       // the largest n of a quick run
	variants []variant // how all of it is done; nil is once
}

// A variant is one way to do the rows of a growth pattern.
type variant struct {
	name      string
	processes int    // of the role that dials, which share n; 0 is one
	perSecond int    // messages; 0 is as many as possible
	lengths   int    // that topics have
	together  bool   // all roles in one process
	floods    bool   // and beside n pairs that flood
	min       int    // the smallest n for which it is done
	method    string // how gonng sends and receives, see gonngEnd
}

// Those who take part.
var (
	alone     = []string{subject}
	everybody = []string{subject, limit, goroutines, "nng", "libzmq", "nats"}
	fanning   = []string{subject, limit, "libzmq", "nats"}
	speaking  = []string{subject, limit, "nng"} // the same protocol
)

var (
	sent      = metric{name: "send", title: "ns a Send", format: digits, less: true}
	uncounted = metric{name: "uncounted", title: "lost, not counted", format: formatWhole, less: true}
	share     = metric{name: "share", title: "share of the slowest", format: digits}
	silence   = metric{name: "silence", title: "longest silence ms", format: digits, less: true}
	paced     = metric{name: "each", title: "delivered/s to each", format: digits, cost: "ns between two deliveries"}
)

// growing are in the order of the tables.
var growing = []*pattern{
	{
		name: "pub as fast as it can", listen: "publish", dial: "audience", dialers: 1,
		metrics: []metric{delivered, lost, uncounted, share, silence, cpu},
		growth: growth{
			grows: "subscribers", with: fanning, crowd: true, size: 64, steps: []int{1, 8, 100, 1000}, quick: 100,
			variants: []variant{{name: "in one process"}, {name: "in eight", processes: 8, min: 8}},
		},
	},
	{
		name: "pub 200 times a second", listen: "publish", dial: "audience", dialers: 1,
		metrics: []metric{paced, lost, uncounted, share, silence, cpu},
		growth: growth{
			grows: "subscribers", with: fanning, crowd: true, size: 64, steps: []int{1000}, quick: 1000,
			variants: []variant{{perSecond: 200}},
		},
	},
	{
		name: "push beside pullers that read nothing", listen: "deal",
		metrics: []metric{sent},
		growth: growth{
			grows: "stalled pullers", with: []string{subject, "nng", "libzmq"}, crowd: true, stranger: "stalled",
			size: 64, steps: []int{1, 100, 1000, 5000}, quick: 100,
		},
	},
	{
		name: "bodies of push/pull", listen: "pull", dial: "push", dialers: 1,
		metrics: []metric{rate, lost, cpu, allocs},
		growth: growth{
			grows: "bytes", with: []string{subject, limit, "nng pair0", "libzmq"},
			steps: []int{0, 1, 4, 8, 64, 1 << 10, 16<<10 + 1, 64 << 10, 1 << 20, 16 << 20, 64 << 20, 128 << 20}, quick: 1 << 20,
		},
	},
	{
		name: "ways to send 1 MiB", listen: "pull", dial: "push", dialers: 1,
		metrics: []metric{rate, cpu, allocs},
		growth: growth{
			grows: "bytes", with: alone, steps: []int{1 << 20}, quick: 1 << 20,
			variants: []variant{
				{name: "Send", method: "Send"},
				{name: "SendMsg of a clone", method: "RecvMsg"},
				{name: "SendMsg of AllocMessage", method: "AllocMessage"},
				{name: "SendMsg of a new slice", method: "NewMessage"},
			},
		},
	},
	{
		name: "outstanding requests", listen: "serve", dial: "requests", dialers: 1,
		metrics: []metric{answered, cpu, allocs},
		growth: growth{
			grows: "requests", with: everybody, size: 64, steps: []int{1, 10, 64, 1000, 10_000}, quick: 1000,
		},
	},
	{
		name: "contexts of a Sub0 under a flood", listen: "publish", dial: "contexts", dialers: 1,
		metrics: []metric{
			{name: "p99", title: "another call p99 µs", format: digits, less: true},
			p50, p999, delivered,
		},
		growth: growth{
			grows: "contexts", with: alone, size: 64, steps: []int{1, 10, 100, 1000}, quick: 100,
			variants: []variant{{name: "publisher elsewhere"}, {name: "all in one process", together: true}},
		},
	},
	{
		name: "topics", listen: "announce", dial: "topics", dialers: 1,
		metrics: []metric{rate, cpu},
		growth: growth{
			grows: "topics", with: []string{subject, limit, "nng", "libzmq", "nats"}, size: 1 << 10,
			steps: []int{1, 100, 1000, 10_000, 1_000_000}, quick: 1000,
			variants: []variant{{name: "of one length", lengths: 1}, {name: "of up to 1000 lengths", lengths: 1000, min: 2}},
		},
	},
	{
		name: "rep beside workers whose peer reads nothing", listen: "crew", dial: "req", dialers: 1,
		metrics: []metric{p50, p99, cpu},
		growth: growth{
			grows: "such workers", with: []string{subject, "nng"}, stranger: "stuck", size: 64,
			steps: []int{0, 100, 1000, 4000}, quick: 100,
		},
	},
	{
		name: "a survey with all its responses", listen: "survey",
		metrics: []metric{
			{name: "p50", title: "p50 µs a response", format: digits, less: true},
			{name: "whole", title: "p50 ms a survey", format: digits, less: true},
			cpu,
		},
		growth: growth{
			grows: "respondents", stranger: "chorus", with: speaking, crowd: true, size: 64, steps: []int{10, 100, 1000, 5000}, quick: 100,
		},
	},
	{
		name: "connections that come and go", listen: "door",
		metrics: []metric{
			{name: "leave", title: "µs to leave", format: digits, less: true},
			{name: "come", title: "µs to come", format: digits, less: true},
			cpu,
		},
		growth: growth{
			grows: "connections", stranger: "visitors", with: speaking, size: 64, steps: []int{100, 1000, 10_000}, quick: 1000,
		},
	},
	{
		name: "req/rep beside floods in the process", listen: "rep", dial: "req", dialers: 1,
		metrics: []metric{
			{name: "p99", title: "p99 µs", format: digits, less: true},
			p50, p999,
		},
		growth: growth{
			grows: "floods", with: []string{subject, limit, "nng", "libzmq", "nats"}, size: 64, steps: []int{0, 1, 4}, quick: 1,
			variants: []variant{{together: true, floods: true}},
		},
	},
	{
		name: "idle connections by number", listen: "hold", dial: "crowd", dialers: 1,
		metrics: idle.metrics,
		growth: growth{
			grows: "idle connections", with: speaking, size: 64, steps: []int{100, 1000, 9000}, quick: 1000,
		},
	},
}

// growthRows are those of a run with -growth, all over tcp.
func growthRows(quick bool) (rs []row) {
	for _, pt := range growing {
		for _, v := range pt.allVariants() {
			for _, n := range pt.steps {
				if v.min > n || quick && n > pt.quick {
					continue
				}
				r := row{pattern: pt, size: pt.size, transport: "tcp", n: n, variant: v}
				if r.size == 0 {
					r.size = n
				}
				rs = append(rs, r)
			}
		}
	}
	return rs
}

func (g *growth) allVariants() []variant {
	if g.variants == nil {
		return []variant{{}}
	}
	return g.variants
}

// label is the name of the row in a table of its pattern.
func (r row) label() string {
	if r.pattern.grows != "" {
		return r.grown()
	}
	return r.String()
}

// grown says how many there are, as a row is named.
func (r row) grown() string {
	s := fmt.Sprintf("%d %s", r.n, r.pattern.grows)
	switch {
	case r.n == 1:
		s = strings.TrimSuffix(s, "s")
	case r.pattern.grows == "bytes" && r.n >= 1<<10:
		s = formatSize(r.n)
	}
	if r.variant.name != "" {
		s += ", " + r.variant.name
	}
	return s
}

// growing is the job with what the row says.
func (j job) growing(r row) job {
	j.n = r.n
	if r.pattern.crowd {
		j.peers = r.n
	}
	if r.pattern.listen == "hold" {
		j.connections = r.n
	}
	if r.method != "" {
		j.receive = r.method
	}
	return j
}

// sharing is the job of the ith process that does a part of it.
func (j job) sharing(i, processes int) job {
	if processes > 1 {
		j.n = (i+1)*j.n/processes - i*j.n/processes
	}
	return j
}

// stranger is the job of the process between the other two. It speaks the
// protocol of the contestants without a library, unless the contestant has
// its own.
func (j job) stranger(c cell) job {
	if f, ok := c.contestant.(foreign); !ok || !f.Foreign() {
		j.contestant = strangerName
	}
	return j
}

// A foreign contestant speaks another protocol, and plays strangers itself.
type foreign interface{ Foreign() bool }

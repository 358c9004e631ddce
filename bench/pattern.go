package main

// A pattern is a conversation between a role that listens and one that dials,
// one of which measures it.
type pattern struct {
	name         string
	listen, dial string // roles
	dialers      int    // how many dial
	message      string // what is counted
	metrics      []metric
}

// A metric is one figure of a measurement, and one column of the table. The
// first one of a pattern is what it is about.
type metric struct {
	name   string // the key in figures
	title  string
	format func(float64) string
}

var (
	rate = metric{"rate", "messages/s", formatCount}
	lost = metric{"lost", "lost", formatPercent}
	// What a message costs, in all processes together.
	cpu    = metric{"cpu", "CPU µs", digits}
	allocs = metric{"allocs", "allocations", formatAllocs}
)

var (
	pushPull = &pattern{
		name: "push/pull", listen: "pull", dial: "push", dialers: 1, message: "message",
		metrics: []metric{rate, lost, cpu, allocs},
	}
	reqRep = &pattern{
		name: "req/rep", listen: "rep", dial: "req", dialers: 1, message: "round trip",
		metrics: []metric{
			{"p50", "p50 µs", digits}, {"p99", "p99 µs", digits}, {"p999", "p99.9 µs", digits},
			cpu, allocs,
		},
	}
)

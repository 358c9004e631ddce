package main

// A pattern is a conversation between a role that listens and one that dials,
// one of which measures it.
type pattern struct {
	name         string
	listen, dial string // roles
	dialers      int    // how many dial
	metrics      []metric
}

// A metric is one figure of a measurement, and one column of the table. The
// first one of a pattern is what it is about.
type metric struct {
	name   string // the key in figures
	title  string
	format func(float64) string
	less   bool // is better
}

var (
	rate = metric{"rate", "messages/s", formatCount, false}
	lost = metric{"lost", "lost", formatPercent, true}
	// What a message costs, in all processes together.
	cpu    = metric{"cpu", "CPU µs", digits, true}
	allocs = metric{"allocs", "allocations", formatAllocs, true}
)

var (
	pushPull = &pattern{"push/pull", "pull", "push", 1, []metric{rate, lost, cpu, allocs}}
	byMethod = &pattern{"methods of gonng", "pull", "push", 1, []metric{rate, cpu, allocs}}
	pairs    = &pattern{"push/pull in one process", "pull", "push", 1, []metric{rate, lost, cpu, allocs}}
	pubSub   = &pattern{
		"pub to 8 subscribers", "pub", "sub", 8,
		[]metric{{"rate", "delivered/s", formatCount, false}, lost, cpu, allocs},
	}
	reqRep = &pattern{"req/rep", "rep", "req", 1, []metric{
		{"p50", "p50 µs", digits, true}, {"p99", "p99 µs", digits, true}, {"p999", "p99.9 µs", digits, true},
		cpu, allocs,
	}}
	concurrent = &pattern{
		"64 concurrent requests", "serve", "requests", 1,
		[]metric{{"rate", "requests/s", formatCount, false}, cpu, allocs},
	}
	connecting = &pattern{
		"connect, request, close", "greet", "connect", 1,
		[]metric{{"rate", "times/s", formatCount, false}, cpu, allocs},
	}
	idle = &pattern{"idle connections", "hold", "crowd", 1, []metric{
		{"resident", "resident B", formatWhole, true},
		{"heap", "heap and stacks B", formatWhole, true},
		{"goroutines", "goroutines", formatAllocs, true},
	}}
)

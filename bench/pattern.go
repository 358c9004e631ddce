package main

// A pattern is a conversation between a role that listens and one that dials,
// one of which measures it.
type pattern struct {
	name         string
	listen, dial string // roles
	dialers      int    // how many dial
	metrics      []metric
	growth       // of the rows that ask what a cost does as something grows
}

// A metric is one figure of a measurement, and one column of the table. The
// first one of a pattern is what it is about.
type metric struct {
	name   string // the key in figures
	title  string
	format func(float64) string
	less   bool   // is better
	cost   string // the name of a billion divided by it: the nanoseconds of one
}

var (
	rate      = metric{name: "rate", title: "messages/s", format: formatCount, cost: "ns a message"}
	delivered = metric{name: "rate", title: "delivered/s", format: formatCount, cost: "ns a delivery"}
	answered  = metric{name: "rate", title: "requests/s", format: formatCount, cost: "ns a request"}
	lost      = metric{name: "lost", title: "lost", format: formatPercent, less: true}
	p50       = metric{name: "p50", title: "p50 µs", format: digits, less: true}
	p99       = metric{name: "p99", title: "p99 µs", format: digits, less: true}
	p999      = metric{name: "p999", title: "p99.9 µs", format: digits, less: true}
	// What a message costs, in all processes together.
	cpu    = metric{name: "cpu", title: "CPU µs", format: digits, less: true}
	allocs = metric{name: "allocs", title: "allocations", format: formatAllocs, less: true}
)

var (
	pushPull = &pattern{name: "push/pull", listen: "pull", dial: "push", dialers: 1, metrics: []metric{rate, lost, cpu, allocs}}
	byMethod = &pattern{name: "methods of gonng", listen: "pull", dial: "push", dialers: 1, metrics: []metric{rate, cpu, allocs}}
	pairs    = &pattern{name: "push/pull in one process", listen: "pull", dial: "push", dialers: 1, metrics: []metric{rate, lost, cpu, allocs}}
	pubSub   = &pattern{
		name: "pub to 8 subscribers", listen: "pub", dial: "sub", dialers: 8,
		metrics: []metric{delivered, lost, cpu, allocs},
	}
	reqRep = &pattern{
		name: "req/rep", listen: "rep", dial: "req", dialers: 1,
		metrics: []metric{p50, p99, p999, cpu, allocs},
	}
	concurrent = &pattern{
		name: "64 concurrent requests", listen: "serve", dial: "requests", dialers: 1,
		metrics: []metric{answered, cpu, allocs},
	}
	connecting = &pattern{
		name: "connect, request, close", listen: "greet", dial: "connect", dialers: 1,
		metrics: []metric{{name: "rate", title: "times/s", format: formatCount}, cpu, allocs},
	}
	idle = &pattern{
		name: "idle connections", listen: "hold", dial: "crowd", dialers: 1,
		metrics: []metric{
			{name: "resident", title: "resident B", format: formatWhole, less: true},
			{name: "heap", title: "heap and stacks B", format: formatWhole, less: true},
			{name: "goroutines", title: "goroutines", format: formatAllocs, less: true},
		},
	}
)

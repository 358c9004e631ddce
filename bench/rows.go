package main

import (
	"fmt"
	"runtime"
	"slices"
)

// A row is what every contestant is asked to do.
type row struct {
	pattern   *pattern
	size      int // bytes in a message
	transport string
	on        cores  // that the processes may use
	pairs     int    // of roles, side by side in one process; 0 is one, in two processes
	receive   string // how a message is received, see gonngEnd
	used      bool   // idle connections have each delivered a message before
	n         int    // of what grows, in the rows of a growth pattern
	variant
}

// cores are those that the processes of a row may use.
type cores uint8

const (
	anyCores cores = iota
	oneCore        // all on the same
	oneCoreEach
)

// pin returns the core for the i-th process, counted from the last one; -1: any.
func (c cores) pin(i int) int {
	switch c {
	case oneCore:
		return 0
	case oneCoreEach:
		return i
	}
	return -1
}

// quick reports whether a quick run has time for the row.
func (r row) quick() bool {
	if r.transport == "tcp" {
		return r.pairs == 0 || r.pairs == 2 || r.pairs == 8
	}
	common := r.transport == "ipc" || r.transport == "inproc"
	switch {
	case r.pattern == pushPull:
		return r.size == 64 || r.size == 64<<10 && common
	case r.on != anyCores:
		return common
	}
	return r.pattern != byMethod && r.pairs == 0 && !r.used
}

func (r row) String() string {
	s := r.pattern.name
	if r.pattern.grows != "" {
		return s + ", " + r.grown()
	}
	if r.pattern != idle && r.pattern != connecting {
		s += " " + formatSize(r.size)
	}
	switch {
	case r.pairs > 0:
		s += fmt.Sprintf(", pairs: %d", r.pairs)
	case r.used:
		s += ", after a message"
	case r.receive != "":
		s += ", " + methods[r.receive]
	case r.on == oneCore:
		s += ", one core"
	case r.on == oneCoreEach:
		s += ", one core each"
	}
	return s
}

// methods are those that go with a way to receive.
var methods = map[string]string{
	"RecvInto": "Send and RecvInto",
	"RecvMsg":  "SendMsg and RecvMsg",
	"Recv":     "Send and Recv",
}

// networks are the transports between processes and within one.
var networks = []string{"tcp", "ipc", "inproc"}

// rows are in the order of the tables.
func rows() []row {
	rs := slices.Concat(pushPullRows(), reqRepRows())
	for _, pt := range []*pattern{concurrent, pubSub} {
		for _, t := range networks {
			rs = append(rs, row{pattern: pt, size: 64, transport: t})
		}
	}
	for _, t := range networks {
		for _, n := range []int{1, 2, 4, 8} {
			rs = append(rs, row{pattern: pairs, size: 64, transport: t, pairs: n})
		}
	}
	for _, t := range networks {
		for _, method := range []string{"RecvInto", "RecvMsg", "Recv"} {
			rs = append(rs, row{pattern: byMethod, size: 64, transport: t, receive: method})
		}
	}
	for _, t := range networks {
		rs = append(rs, row{pattern: connecting, size: 64, transport: t})
	}
	for _, t := range networks {
		rs = append(rs,
			row{pattern: idle, size: 64, transport: t},
			row{pattern: idle, size: 64, transport: t, used: true})
	}
	return rs
}

func pushPullRows() (rs []row) {
	for _, t := range slices.Concat(networks, []string{"tls", "ws"}) {
		for _, size := range []int{64, 1 << 10, 64 << 10, 1 << 20} {
			rs = append(rs, row{pattern: pushPull, size: size, transport: t})
		}
		if canPin && runtime.NumCPU() > 1 && (t == "tcp" || t == "ipc") {
			rs = append(rs, row{pattern: pushPull, size: 1 << 20, transport: t, on: oneCoreEach})
		}
	}
	return rs
}

func reqRepRows() (rs []row) {
	for _, t := range slices.Concat(networks, []string{"tls", "ws"}) {
		rs = append(rs, row{pattern: reqRep, size: 64, transport: t})
		if canPin && t != "inproc" {
			rs = append(rs, row{pattern: reqRep, size: 64, transport: t, on: oneCore})
		}
	}
	return rs
}

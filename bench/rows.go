package main

import (
	"fmt"
	"slices"
)

// A row is what every contestant is asked to do.
type row struct {
	pattern   *pattern
	size      int // bytes in a message
	transport string
	pinned    bool   // both processes on one core
	pairs     int    // of roles, side by side in one process; 0 is one, in two processes
	receive   string // how a message is received, see gonngEnd
}

func (r row) String() string {
	s := r.pattern.name
	if r.size > 0 {
		s += " " + formatSize(r.size)
	}
	switch {
	case r.pairs > 0:
		s += fmt.Sprintf(", %d at once", r.pairs)
	case r.receive != "":
		s += ", " + r.receive
	case r.pinned:
		s += ", one core"
	}
	return s
}

// networks are the transports between processes and within one.
var networks = []string{"tcp", "ipc", "inproc"}

// rows are in the order of the tables.
func rows() []row {
	return slices.Concat(pushPullRows(), reqRepRows())
}

func pushPullRows() (rs []row) {
	for _, t := range slices.Concat(networks, []string{"tls", "ws"}) {
		for _, size := range []int{64, 1 << 10, 64 << 10, 1 << 20} {
			rs = append(rs, row{pattern: pushPull, size: size, transport: t})
		}
	}
	return rs
}

func reqRepRows() (rs []row) {
	for _, t := range slices.Concat(networks, []string{"tls", "ws"}) {
		rs = append(rs, row{pattern: reqRep, size: 64, transport: t})
		if canPin && t != "inproc" {
			rs = append(rs, row{pattern: reqRep, size: 64, transport: t, pinned: true})
		}
	}
	return rs
}

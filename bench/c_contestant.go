package main

import (
	"context"
	"os/exec"
)

// A cContestant is a library in C, played by a program of this package that
// is compiled when it is first needed.
type cContestant struct {
	name     string
	library  *cLibrary
	supports func(row) bool
}

var (
	libnng = &cLibrary{source: "nng.c", name: "nng", header: "nng/nng.h", debian: "libnng-dev"}
	libzmq = &cLibrary{source: "zmq.c", name: "zmq", header: "zmq.h", debian: "libzmq3-dev"}
)

func cContestants() []contestant {
	return []contestant{
		// Its subscriptions are a list.
		cContestant{"nng", libnng, func(r row) bool { return r.lengths == 0 || r.n <= 1000 }},
		// At its best: push and pull of nng have no buffer.
		cContestant{"nng pair0", libnng, func(r row) bool { return r.pattern.listen == "pull" && r.pattern != byMethod }},
		cContestant{"libzmq", libzmq, func(r row) bool {
			return r.transport != "tls" && r.transport != "ws" && (r.pattern.stranger != "stalled" || r.n <= 1000)
		}},
	}
}

func (c cContestant) Name() string { return c.name }

func (c cContestant) Supports(r row) bool { return c.supports(r) }

// Foreign reports whether it speaks a protocol of its own.
func (c cContestant) Foreign() bool { return c.library == libzmq }

// Build compiles the program; the error says what to install.
func (c cContestant) Build() error {
	_, err := c.library.program()
	return err
}

func (c cContestant) Command(ctx context.Context, j job) (*exec.Cmd, error) {
	exe, err := c.library.program()
	if err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, exe, j.args()...), nil
}

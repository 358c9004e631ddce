package main

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"

	"github.com/gonng/gonng/internal/tool"
)

// bench is one run of "gonng bench" after its arguments were understood.
type bench struct {
	benchConfig
	out, err io.Writer
	log      *slog.Logger
}

// benchMode is what one process does: one side of a conversation, or both.
type benchMode struct {
	name, args, summary string
	counted             string // what there is a count of
	local, remote       func(*benchSide) error
}

// benchModes have the names of nng's and nanomsg's tools, and their
// conversations.
func benchModes() []benchMode {
	return []benchMode{
		{"local_lat", "<url> <size> <roundtrips>", "listen, and send back what remote_lat sends", roundTrips, echoAll, nil},
		{"remote_lat", "<url> <size> <roundtrips>", "dial local_lat, and measure the latency", roundTrips, nil, measureLatency},
		{"local_thr", "<url> <size> <count>", "listen, and measure how fast remote_thr sends", messages, measureThroughput, nil},
		{"remote_thr", "<url> <size> <count>", "dial local_thr, and send", messages, nil, sendAll},
		{"inproc_lat", "<size> <roundtrips>", "both sides of the latency test in this process", roundTrips, echoAll, measureLatency},
		{"inproc_thr", "<size> <count>", "both sides of the throughput test in this process", messages, measureThroughput, sendAll},
	}
}

const (
	roundTrips = "round trips"
	messages   = "messages"
)

// bothSides reports whether the mode needs no other process.
func (m *benchMode) bothSides() bool { return m.local != nil && m.remote != nil }

// test is lat or thr.
func (m *benchMode) test() string {
	_, test, _ := strings.Cut(m.name, "_")
	return test
}

// partner is the mode of the other process.
func (m *benchMode) partner() string {
	if m.local != nil {
		return "remote_" + m.test()
	}
	return "local_" + m.test()
}

func runBench(ctx context.Context, args []string, std streams) int {
	cfg, err := parseBench(args)
	if err != nil {
		return std.refuse(ctx, "bench", err, benchUsage)
	}
	// In one process the sides only see each other leave.
	silent := cfg.silent || cfg.mode.bothSides()
	b := &bench{cfg, std.out, std.err, tool.Logger(std.err, false, silent)}
	return std.outcome(ctx, "bench", b.run(ctx), exitError)
}

// run opens the sides of the mode and returns when both have ended, with the
// first error.
func (b *bench) run(ctx context.Context) error {
	stop, err := tool.ServeMonitor(ctx, b.monitor, b.err)
	if err != nil {
		return err
	}
	defer stop()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var running sync.WaitGroup
	start := func(connect, test func(*benchSide) error) {
		if test == nil || ctx.Err() != nil {
			return
		}
		s, err := b.openSide(ctx)
		if err != nil {
			fail(err)
			return
		}
		if err := connect(s); err != nil {
			fail(err)
			s.close()
			return
		}
		running.Go(func() {
			defer s.close()
			if err := test(s); err != nil {
				fail(err)
			}
		})
	}
	url := b.url
	start(func(s *benchSide) (err error) {
		url, err = s.listen(ctx, url)
		return err
	}, b.mode.local)
	start(func(s *benchSide) error { return s.dial(ctx, url) }, b.mode.remote)
	running.Wait()
	return context.Cause(ctx)
}

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// soak is a run of many rounds. Some hundred run at a time; after a while all of them end,
// and what they have left behind is counted.
type soak struct {
	seed     uint64
	only     uint64 // the seed of the only round; 0: each has another
	parallel int
	out      io.Writer
	mu       sync.Mutex // of out

	rounds, sockets, messages, hostile, problems atomic.Int64
	peak                                         atomic.Int64 // sockets at a time
	open                                         atomic.Int64
}

const (
	generation = 30 * time.Second // after which all rounds end
	roundTime  = 2 * time.Second  // at most
	// stuckTime is how long a round may take to end, on a machine that is busy.
	stuckTime = 2 * time.Minute
	// heapSlack is by how much the heap may differ when nothing is in use.
	heapSlack = 16 << 20
)

func (s *soak) problem(seed uint64, format string, args ...any) {
	s.problems.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "round %d: %s\n", seed, fmt.Sprintf(format, args...))
}

func (s *soak) summary() string {
	return fmt.Sprintf("%d rounds, %d sockets (%d at a time), %d messages received, %d hostile peers, %d problems",
		s.rounds.Load(), s.sockets.Load(), s.peak.Load(), s.messages.Load(), s.hostile.Load(), s.problems.Load())
}

func (s *soak) run(d time.Duration) {
	end := time.Now().Add(d)
	s.generation(time.Now().Add(min(d/4, roundTime))) // fills pools, and whatever stays for good
	before := usage()
	for left := time.Until(end); left > 0; left = time.Until(end) {
		s.generation(time.Now().Add(min(left, generation)))
		s.compare(before)
	}
}

// generation runs rounds until end, and waits for the last of them.
func (s *soak) generation(end time.Time) {
	ctx, cancel := context.WithDeadline(context.Background(), end)
	defer cancel()
	var all sync.WaitGroup
	for range s.parallel {
		all.Go(func() {
			for ctx.Err() == nil {
				s.round(ctx, s.nextSeed())
			}
		})
	}
	all.Wait()
}

// nextSeed counts a round and returns its seed. No two rounds of a run have the same, since
// the seed decides the name that a round listens on.
func (s *soak) nextSeed() uint64 {
	n := s.rounds.Add(1) - 1
	if s.only != 0 {
		return s.only
	}
	return s.seed + uint64(n)
}

// round does one round, and says so when it does not end.
func (s *soak) round(ctx context.Context, seed uint64) {
	ctx, cancel := context.WithTimeout(ctx, roundTime)
	defer cancel()
	stuck := time.AfterFunc(roundTime+stuckTime, func() {
		buf := make([]byte, 1<<20)
		s.problem(seed, "does not end:\n%s", buf[:runtime.Stack(buf, true)])
		os.Exit(1) // nothing would ever end
	})
	defer stuck.Stop()
	newRound(s, seed).run(ctx)
}

// used is what the process uses.
type used struct{ goroutines, descriptors, heap int }

func usage() used {
	runtime.GC()
	runtime.GC() // what was in a pool
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	entries, _ := os.ReadDir("/proc/self/fd") // there is none elsewhere than on Linux
	return used{runtime.NumGoroutine(), len(entries), int(m.HeapAlloc)}
}

// compare waits until no more is used than before.
func (s *soak) compare(before used) {
	var now used
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		now = usage()
		if now.goroutines <= before.goroutines && now.descriptors <= before.descriptors && now.heap <= before.heap+heapSlack {
			return
		}
		if time.Now().After(deadline) {
			break
		}
	}
	buf := make([]byte, 64<<10)
	s.problem(s.seed, "left behind: %+v, before %+v\n%s", now, before, buf[:runtime.Stack(buf, true)])
}

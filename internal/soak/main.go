// Command soak runs sockets of all protocols over all transports, which dial, send, answer
// and close at random, with hostile peers among them:
//
//	go run ./internal/soak -for 1h
//
// It prints what must not be: a message that is damaged or received twice, a reply to
// another request, books that do not balance, a call that does not end, and goroutines,
// descriptors or memory that are left. Each line has the seed of its round, and
//
//	go run ./internal/soak -round SEED -for 1m
//
// does that round again and again. The exit status is then 1.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	d := flag.Duration("for", time.Hour, "how long")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "decides what the rounds do")
	round := flag.Uint64("round", 0, "the seed of the only round to do, again and again; 0: all kinds")
	parallel := flag.Int("parallel", 400, "how many rounds at a time; each has up to a dozen sockets")
	flag.Parse()
	fmt.Printf("seed %d\n", *seed)
	if *round != 0 {
		*parallel = 1
	}
	s := &soak{seed: *seed, only: *round, parallel: *parallel, out: os.Stdout}
	s.run(*d)
	fmt.Println(s.summary())
	if s.problems.Load() > 0 {
		os.Exit(1)
	}
}

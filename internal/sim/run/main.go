// Command run simulates networks of sockets for as many steps as one likes:
//
//	go run ./internal/sim/run -steps 1000000000
//
// When it finds something that must not be it prints the seed and the shortest program
// that shows it, and exits with status 1.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gonng/gonng/internal/sim"
)

func main() {
	steps := flag.Int("steps", 1_000_000, "how many steps, each protocol")
	seed := flag.Uint64("seed", 1, "the seed of the first program")
	protocol := flag.String("protocol", "all", "what talks: all, or one of "+strings.Join(sim.Patterns(), ", "))
	flag.Parse()
	names := sim.Patterns()
	if *protocol != "all" {
		if !slices.Contains(names, *protocol) {
			fmt.Fprintf(os.Stderr, "there is no protocol %q; there are %s\n", *protocol, strings.Join(names, ", "))
			os.Exit(2)
		}
		names = []string{*protocol}
	}
	found := false
	for _, name := range names {
		begin := time.Now()
		if err := sim.Run(name, *seed, *steps); err != nil {
			fmt.Println(err)
			found = true
			continue
		}
		fmt.Printf("%s: %d steps in %v\n", name, *steps, time.Since(begin).Round(time.Millisecond))
	}
	if found {
		os.Exit(1)
	}
}

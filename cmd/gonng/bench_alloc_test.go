//go:build !race

package main

import (
	"context"
	"testing"
)

// A round trip and a message cost nothing at either side, whose work is counted
// too.
func TestBenchAllocations(t *testing.T) {
	for _, test := range []string{"inproc_lat", "inproc_thr"} {
		cost := func(count int) float64 {
			b := quietBench(t, test, "inproc://"+t.Name(), count)
			return testing.AllocsPerRun(3, func() {
				if err := b.run(context.Background()); err != nil {
					t.Fatal(err)
				}
			})
		}
		if few, many := cost(1000), cost(11000); many-few > 1000 { // what grows once is none
			t.Errorf("%s: 10000 more cost %.f allocations more", test, many-few)
		}
	}
}

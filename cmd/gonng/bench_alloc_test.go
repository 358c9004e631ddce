//go:build !race

package main

import (
	"context"
	"io"
	"log/slog"
	"testing"
)

// A round trip and a message cost nothing at either side, whose work is counted
// too.
func TestBenchAllocations(t *testing.T) {
	for _, test := range []string{"inproc_lat", "inproc_thr"} {
		mode, err := findBenchMode(test)
		if err != nil {
			t.Fatal(err)
		}
		cost := func(count int) float64 {
			cfg := benchConfig{mode: mode, url: "inproc://" + t.Name(), size: 64, count: count, silent: true}
			b := &bench{cfg, io.Discard, io.Discard, slog.New(slog.DiscardHandler)}
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

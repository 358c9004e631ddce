package sim

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gonng/gonng/internal/sp"
)

// TestSimulation: a million steps of each pattern break no invariant; under the race
// detector, which has nothing to find in one goroutine, and with -short a tenth.
func TestSimulation(t *testing.T) {
	steps := 1_000_000
	if raceDetector || testing.Short() {
		steps /= 10
	}
	for _, name := range Patterns() {
		t.Run(name, func(t *testing.T) {
			if err := Run(name, 1, steps); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestReplays: the same seed does the same; no result depends on the order of a map.
func TestReplays(t *testing.T) {
	for i := range patterns {
		for seed := uint64(1); seed <= 3; seed++ {
			var traces [2][]string
			for turn := range traces {
				run(&patterns[i], seed, generate(seed, programLength), fullCheck, func(what string) { traces[turn] = append(traces[turn], what) })
			}
			if !slices.Equal(traces[0], traces[1]) {
				t.Errorf("%s, seed %d: the second run did something else", patterns[i].name, seed)
			}
			if n := len(traces[0]); n < programLength/8 {
				t.Errorf("%s, seed %d: only %d of %d steps did something", patterns[i].name, seed, n, programLength)
			}
		}
	}
}

// TestFinding: what does not hold is found, and shrinks to a few lines.
func TestFinding(t *testing.T) {
	wrong := &pattern{name: "wrong", sides: []side{
		{make: func() sp.Protocol { return sp.NewPush() }, out: toAll}, // it sends to one
		{make: func() sp.Protocol { return sp.NewPull() }, in: fairly},
	}}
	var f *Finding
	for seed := uint64(1); f == nil && seed < 100; seed++ {
		f = runSeed(wrong, seed, programLength)
	}
	if f == nil {
		t.Fatal("nothing was found")
	}
	if n := len(f.Program); n > 10 {
		t.Errorf("the program has %d lines", n)
	}
	if text := f.Error(); !strings.Contains(text, "wrong, seed ") || !strings.Contains(text, f.Problem) {
		t.Errorf("the finding says %q", text)
	}
}

// TestPanicIsFound: a panic of a state machine is a finding.
func TestPanicIsFound(t *testing.T) {
	broken := &pattern{name: "broken", sides: []side{
		{make: func() sp.Protocol { return new(sp.Push) }, out: toOne}, // never made by NewPush
	}}
	if f := runSeed(broken, 1, 100); f == nil || !strings.Contains(f.Problem, "panic") {
		t.Errorf("found %v", f)
	}
}

// TestShrink: steps that do not matter go, in whatever place those are that do.
func TestShrink(t *testing.T) {
	program := make([]step, 1000)
	for i := range program {
		program[i].a = uint32(i)
	}
	short := shrink(program, func(candidate []step) (int, bool) {
		want := []uint32{7, 500, 501, 990}
		for i, s := range candidate {
			if s.a == want[0] {
				if want = want[1:]; len(want) == 0 {
					return i + 1, true
				}
			}
		}
		return 0, false
	})
	if len(short) != 4 || short[0].a != 7 || short[3].a != 990 {
		t.Errorf("shrunk to %v", short)
	}
}

// TestUnknownPattern: a name that does not exist is an error and no finding.
func TestUnknownPattern(t *testing.T) {
	var f *Finding
	if err := Run("x", 1, 1); err == nil || errors.As(err, &f) {
		t.Errorf("the error is %v", err)
	}
}

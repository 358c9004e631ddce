// Package sim runs networks of the state machines of package sp, with links, callers, devices
// and time, in one goroutine. A seed decides everything; after each step
// the package checks what must hold. What it finds is shrunk to the shortest
// program that shows it, and the seed replays it.
package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
)

// programLength is the steps of one program: enough for a network to get into every state,
// and short enough to shrink.
const programLength = 4000

// fullCheck is after how many steps everything is checked.
const fullCheck = 100

// Finding is a program that breaks an invariant.
type Finding struct {
	Pattern string
	Seed    uint64
	Problem string
	Program []string // what the steps of the shortest program do
}

func (f *Finding) Error() string {
	return fmt.Sprintf("%s, seed %d: %s\n\t%s", f.Pattern, f.Seed, f.Problem, strings.Join(f.Program, "\n\t"))
}

// Patterns are the names of the networks: sockets that talk to each other, cooked and raw.
func Patterns() (names []string) {
	for _, p := range patterns {
		names = append(names, p.name)
	}
	return names
}

// Run runs programs of a pattern, about that many steps together, and returns the first
// finding, or nil. The programs have the seeds from the given one on.
func Run(pattern string, seed uint64, steps int) error {
	for i := range patterns {
		if p := &patterns[i]; p.name == pattern {
			for ; steps > 0; steps -= programLength {
				if f := runSeed(p, seed, min(steps, programLength)); f != nil {
					return f
				}
				seed++
			}
			return nil
		}
	}
	return fmt.Errorf("there is no pattern %q", pattern)
}

// runSeed runs the program of one seed and shrinks it if it finds something.
func runSeed(p *pattern, seed uint64, length int) *Finding {
	program := generate(seed, length)
	ran, problem := run(p, seed, program, fullCheck, nil)
	if problem == nil {
		return nil
	}
	program = shrink(program[:ran], func(candidate []step) (int, bool) {
		ran, found := run(p, seed, candidate, 1, nil)
		return ran, found != nil && kind(found) == kind(problem)
	})
	f := &Finding{Pattern: p.name, Seed: seed}
	_, problem = run(p, seed, program, 1, func(what string) { f.Program = append(f.Program, what) })
	f.Problem = problem.Error()
	return f
}

// violation is an invariant that does not hold.
type violation struct {
	kind string // the same for all of its kind
	text string
}

func (v *violation) Error() string { return v.kind + v.text }

func kind(err error) string {
	var v *violation
	if errors.As(err, &v) {
		return v.kind
	}
	return err.Error()
}

// run runs a program and checks everything after every so many steps. It returns how many steps it took to the problem, which is nil if
// there was none.
func run(p *pattern, seed uint64, program []step, every int, trace func(string)) (ran int, problem error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *violation:
			problem = r
		default:
			problem = &violation{kind: fmt.Sprint("panic: ", r)}
		}
	}()
	w := &world{pattern: p, clock: 1, random: rand.New(rand.NewPCG(seed, 2)), trace: trace}
	w.begin()
	for _, s := range program {
		ran++
		w.do(s)
		if ran%every == 0 {
			w.checkAll()
		}
	}
	w.settle()
	return ran, nil
}

// step is one step of a program: what to do, and numbers by which to choose. They mean
// something in any state, so that any part of a program is a program.
type step struct {
	do      action
	a, b, c uint32
}

// generate makes the program of a seed.
func generate(seed uint64, length int) []step {
	random := rand.New(rand.NewPCG(seed, 1))
	program := make([]step, length)
	for i := range program {
		n := random.IntN(totalWeight)
		var do action
		for n -= actions[do].weight; n >= 0; n -= actions[do].weight {
			do++
		}
		program[i] = step{do, random.Uint32(), random.Uint32(), random.Uint32()}
	}
	return program
}

// shrink leaves steps out as long as the problem stays. The function says after how many
// steps a candidate shows the problem.
func shrink(program []step, shows func([]step) (ran int, yes bool)) []step {
	for size := (len(program) + 1) / 2; size > 0; {
		shorter := false
		for at := 0; at < len(program); {
			candidate := append(append([]step(nil), program[:at]...), program[min(at+size, len(program)):]...)
			if ran, yes := shows(candidate); yes {
				program, shorter = candidate[:ran], true
			} else {
				at += size
			}
		}
		if size > 1 || !shorter {
			size /= 2
		}
	}
	return program
}

package main

import (
	"errors"
	"flag"
	"fmt"
	"regexp"
	"time"
)

// options are what the command line says.
type options struct {
	bench *bench
	dir   string // for the files, none if empty
	named bool   // the contestants are named
}

func parseFlags(args []string) (options, error) {
	b := &bench{}
	o := options{bench: b}
	var f filter
	fs := flag.NewFlagSet("bench", flag.ExitOnError)
	fs.IntVar(&b.rounds, "rounds", 5, "measurements of each cell")
	fs.DurationVar(&b.duration, "duration", time.Second, "time of one measurement")
	fs.IntVar(&b.connections, "connections", 10_000, "idle connections")
	fs.BoolVar(&f.quick, "quick", false, "under two minutes: fewer rows, and -rounds 2 -duration 100ms -connections 1000 where not given")
	fs.BoolVar(&f.growth, "growth", false, "what a cost does as something grows, instead of the other rows; -rounds 3 -duration 300ms where not given, and with -quick in two minutes")
	fs.StringVar(&o.dir, "o", "", "`directory` for figures.md, figures.csv and the plots")
	regex(fs, &f.rows, "rows", "regular `expression` of rows, such as 'push/pull 64 B'")
	regex(fs, &f.contestants, "contestants", "regular `expression` of contestants, such as 'gonng|raw'")
	regex(fs, &f.transports, "transports", "regular `expression` of transports: tcp, ipc, inproc, tls, ws")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if f.growth && !given["duration"] {
		b.duration = 300 * time.Millisecond
	}
	if f.quick && !given["duration"] {
		b.duration = 100 * time.Millisecond
	}
	switch {
	case given["rounds"]:
	case f.quick && f.growth:
		b.rounds = 1
	case f.growth:
		b.rounds = 3
	case f.quick:
		b.rounds = 2
	}
	if f.quick && !given["connections"] {
		b.connections = 1000
	}
	o.named = given["contestants"]
	b.warmup = max(b.duration/5, 50*time.Millisecond)
	b.plan = newPlan(f)
	switch {
	case fs.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	case len(b.plan.cells(0)) == 0:
		return o, errors.New("nothing to measure: the filters leave no cell")
	case b.rounds < 1 || b.duration <= 0 || b.connections < 1:
		return o, errors.New("-rounds, -duration and -connections must be positive")
	}
	return o, nil
}

func regex(fs *flag.FlagSet, re **regexp.Regexp, name, usage string) {
	fs.Func(name, usage, func(s string) (err error) {
		*re, err = regexp.Compile(s)
		return err
	})
}

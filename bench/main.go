// Command bench measures gonng side by side with other ways to move messages
// between Go programs. README.md says what it measures and how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"time"
)

func main() {
	run := benchMain
	if len(os.Args) > 1 && os.Args[1] == peerCommand {
		run = func(args []string) error { return peerMain(args[1:]) }
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func benchMain(args []string) error {
	b, format, err := parseFlags(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	begun := time.Now()
	if format == "markdown" {
		writeMachine(os.Stdout, begun, b)
	}
	b.progress = newProgress(os.Stderr, b.plan, b.rounds)
	res, err := b.run(ctx)
	b.progress.end()
	if err != nil {
		return err
	}
	if format == "csv" {
		err = writeCSV(os.Stdout, b.plan, res)
	} else {
		writeMarkdown(os.Stdout, b.plan, res)
	}
	if err == nil && len(res.order) > 0 {
		err = errors.New("some cells failed")
	}
	return err
}

func parseFlags(args []string) (*bench, string, error) {
	b := &bench{}
	var f filter
	fs := flag.NewFlagSet("bench", flag.ExitOnError)
	fs.IntVar(&b.rounds, "rounds", 5, "measurements of each cell")
	fs.DurationVar(&b.duration, "duration", time.Second, "time of one measurement")
	quick := fs.Bool("quick", false, "under two minutes: -rounds 3 -duration 250ms where not given")
	format := fs.String("format", "markdown", "markdown or csv")
	regex(fs, &f.rows, "rows", "regular `expression` of rows, such as 'push/pull 64 B'")
	regex(fs, &f.contestants, "contestants", "regular `expression` of contestants, such as 'gonng|raw'")
	regex(fs, &f.transports, "transports", "regular `expression` of transports: tcp, ipc, inproc")
	if err := fs.Parse(args); err != nil {
		return nil, "", err
	}
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if *quick && !given["rounds"] {
		b.rounds = 3
	}
	if *quick && !given["duration"] {
		b.duration = 250 * time.Millisecond
	}
	b.warmup = max(b.duration/5, 50*time.Millisecond)
	b.plan = newPlan(f)
	switch {
	case fs.NArg() > 0:
		return nil, "", fmt.Errorf("unexpected argument %q", fs.Arg(0))
	case *format != "markdown" && *format != "csv":
		return nil, "", fmt.Errorf("unknown -format %q", *format)
	case len(b.plan.cells(0)) == 0:
		return nil, "", errors.New("nothing to measure: the filters leave no cell")
	case b.rounds < 1 || b.duration <= 0:
		return nil, "", errors.New("-rounds and -duration must be positive")
	}
	return b, *format, nil
}

func regex(fs *flag.FlagSet, re **regexp.Regexp, name, usage string) {
	fs.Func(name, usage, func(s string) (err error) {
		*re, err = regexp.Compile(s)
		return err
	})
}

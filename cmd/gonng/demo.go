package main

import (
	"context"
	"fmt"
	"io"
	"time"
)

// demo is a short conversation in one protocol. It talks to itself over
// inproc://<name>, one message after the other, so that its output is always
// the same.
type demo struct {
	name, summary string
	run           func(ctx context.Context, url string, say say) error
}

// say tells who says what to whom.
type say func(from, to string, message []byte)

func demos() []demo {
	return []demo{
		{"pair0", "two peers, each sends to the other", demoPair0},
		{"pair1", "one peer, or, polyamorous, several, each known by its pipe", demoPair1},
		{"reqrep", "a request goes to one replier, its reply comes back", demoReqRep},
		{"pipeline", "what is pushed goes to one puller each, in turn", demoPipeline},
		{"pubsub", "every subscriber gets what is published on its topics", demoPubSub},
		{"survey", "a question goes to everybody, the answers come back", demoSurvey},
		{"bus", "what one says all the others hear", demoBus},
	}
}

func runDemo(ctx context.Context, args []string, std streams) int {
	chosen, err := chooseDemos(args)
	if err != nil {
		return std.outcome(ctx, "demo", err, exitUsage)
	}
	// Nothing here waits for anybody else: a minute means a defect.
	bounded, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for i, d := range chosen {
		if i > 0 {
			fmt.Fprintln(std.out)
		}
		fmt.Fprintf(std.out, "%s: %s\n", d.name, d.summary)
		if err := d.run(bounded, "inproc://gonng-demo-"+d.name, sayTo(std.out)); err != nil {
			return std.outcome(ctx, "demo", fmt.Errorf("%s: %w", d.name, err), exitError)
		}
	}
	return exitOK
}

func demoUsage(w io.Writer) {
	fmt.Fprint(w, "Usage: gonng demo [<demo>...]\n\nIt shows conversations inside this process; without a name, all:\n\n")
	for _, d := range demos() {
		fmt.Fprintf(w, "  %-10s%s\n", d.name, d.summary)
	}
}

func chooseDemos(names []string) ([]demo, error) {
	all := demos()
	if len(names) == 0 {
		return all, nil
	}
	var chosen []demo
	for _, name := range names {
		d, err := find(all, func(d demo) string { return d.name }, "demo", name)
		if err != nil {
			return nil, fmt.Errorf("%w; without a name all are shown", err)
		}
		chosen = append(chosen, *d)
	}
	return chosen, nil
}

func sayTo(w io.Writer) say {
	return func(from, to string, message []byte) {
		fmt.Fprintf(w, "  %-8s -> %-8s %q\n", from, to, message)
	}
}

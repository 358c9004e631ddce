// Command gonng talks to Scalability Protocols peers from the shell.
//
//	gonng cat      send and receive messages, as nngcat does
//	gonng replay   send or print what cat has recorded
//	gonng device   join two networks by forwarding between them
//	gonng bench    measure latency and throughput, as nng's tools do
//	gonng bridge   join sockets and NATS, by gonng-bridge
//	gonng top      look inside running programs
//	gonng demo     show every protocol inside this process
//	gonng version  say what this program was built from
//
// "gonng help", and "gonng help cat" or "gonng cat --help" for each of them, say more. Called
// nngcat, by a link of that name, the program is "gonng cat".
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Exit codes. nngcat knows only 0 and 1, and cat keeps to these two.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitInterrupted = 130 // what a shell makes of SIGINT
)

// streams are the standard streams of one run.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// command is a subcommand: a line in commands and a file of its own. The usage is also its
// manual page, and completion offers the options and the words.
type command struct {
	name, summary string
	run           func(ctx context.Context, args []string, std streams) int
	usage         func(io.Writer)
	options       func() []option
	words         func() []string // that may follow the name; nil: none
}

func commands() []command {
	return []command{
		{"cat", "send and receive messages, with the options and output of nngcat", runCat, catUsage,
			func() []option { return new(catConfig).options(nil) }, nil},
		{"replay", "send or print the messages of a recording of cat", runReplay, replayUsage,
			func() []option { return new(replayConfig).options(nil) }, nil},
		{"device", "forward messages between two sides, as broker or proxy", runDevice, deviceUsage,
			func() []option { return new(deviceConfig).options(nil) },
			func() []string { return names(deviceKinds(), func(k deviceKind) string { return k.name }) }},
		{"bench", "measure latency and throughput, also against nng's tools", runBench, benchUsage,
			allBenchOptions,
			func() []string { return names(benchModes(), func(m benchMode) string { return m.name }) }},
		{"bridge", "join sockets and NATS (runs gonng-bridge, which is installed by itself)", runBridge, bridgeUsage, nil, nil},
		{"top", "look inside running programs: their sockets, peers, drops and events", runTop, topUsage,
			func() []option { return new(topConfig).options() }, nil},
		{"demo", "show every protocol inside this process, without a network", runDemo, demoUsage,
			nil, func() []string { return names(demos(), func(d demo) string { return d.name }) }},
		{"version", "print the version, the commit, that of Go, and the platform", runVersion, versionUsage, nil, nil},
		{"completion", "print a script that completes this command in a shell", runCompletion, completionUsage,
			nil, func() []string { return names(shells(), func(s shell) string { return s.name }) }},
		{"man", "print the manual page of this command, or of a subcommand", runMan, manUsage, nil, commandNames},
		{"help", "print this, or what --help prints of a subcommand", runHelp, helpUsage, nil, commandNames},
	}
}

// commandNames are the names of the subcommands.
func commandNames() []string { return names(commands(), func(c command) string { return c.name }) }

// names are the names of the rows of a table.
func names[T any](rows []T, name func(T) string) (all []string) {
	for _, row := range rows {
		all = append(all, name(row))
	}
	return all
}

func main() {
	os.Exit(untilSignal(func(ctx context.Context) int {
		if strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") == "nngcat" {
			return runCatAs(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}, exitError)
		}
		return run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	}))
}

// run is the whole program except for its process. It ends soon after ctx.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		usage(stderr)
		return exitUsage
	}
	switch args[0] {
	case "-h", "-help", "--help":
		args = []string{"help"}
	case "-V", "-version", "--version":
		args = []string{"version"}
	}
	std := streams{stdin, stdout, stderr}
	c, err := find(commands(), func(c command) string { return c.name }, "subcommand", args[0])
	if err != nil {
		fmt.Fprintf(stderr, "gonng: %v; \"gonng help\" says more\n", err)
		return exitUsage
	}
	// Those without options of their own have --help.
	if c.options == nil && len(args) == 2 && (args[1] == "-h" || args[1] == "--help") {
		c.usage(stdout)
		return exitOK
	}
	return c.run(ctx, args[1:], std)
}

func usage(w io.Writer) {
	fmt.Fprint(w, "Usage: gonng <subcommand> [arguments]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-12s%s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\n\"gonng help cat\" and so on list the arguments of each.\n")
}

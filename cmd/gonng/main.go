// Command gonng talks to Scalability Protocols peers from the shell.
//
//	gonng cat      send and receive messages, as nngcat does
//	gonng device   join two networks by forwarding between them
//	gonng bench    measure latency and throughput, as nng's tools do
//	gonng bridge   join sockets and NATS, by gonng-bridge
//	gonng top      look inside running programs
//	gonng demo     show every protocol inside this process
//	gonng version  say what this program was built from
//
// "gonng help", and --help behind cat, device, bench and top, say more.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
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

// command is a subcommand: a line in commands and a file of its own.
type command struct {
	name, summary string
	run           func(ctx context.Context, args []string, std streams) int
}

func commands() []command {
	return []command{
		{"cat", "send and receive messages, with the options and output of nngcat", runCat},
		{"device", "forward messages between two sides, as broker or proxy", runDevice},
		{"bench", "measure latency and throughput, also against nng's tools", runBench},
		{"bridge", "join sockets and NATS (runs gonng-bridge, which is installed by itself)", runBridge},
		{"top", "look inside running programs: their sockets, peers, drops and events", runTop},
		{"demo", "show every protocol inside this process, without a network", runDemo},
		{"version", "print the version of the module, of Go and the platform", runVersion},
	}
}

func main() {
	os.Exit(untilSignal(func(ctx context.Context) int {
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
	case "help", "-h", "-help", "--help":
		usage(stdout)
		return exitOK
	case "-V", "-version", "--version":
		args = []string{"version"}
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], streams{stdin, stdout, stderr})
		}
	}
	fmt.Fprintf(stderr, "gonng: there is no subcommand %q\n\n", args[0])
	usage(stderr)
	return exitUsage
}

func usage(w io.Writer) {
	fmt.Fprint(w, "Usage: gonng <subcommand> [arguments]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-9s%s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "  help     print this\n\n--help behind cat, device, bench or top lists the options.\n")
}

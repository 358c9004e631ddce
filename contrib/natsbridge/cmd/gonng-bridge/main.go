// Command gonng-bridge joins Scalability Protocols and NATS: sockets on one side, core NATS or
// JetStream on the other. "gonng bridge" runs it, too. Its --help lists the options.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/gonng/gonng/internal/tool"
)

// Exit codes.
const (
	exitOK    = 0 // also after a signal, when all was finished
	exitError = 1
	exitUsage = 2
)

func main() {
	ctx, stop := untilSignal()
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// untilSignal ends ctx at the first signal. The second kills.
func untilSignal() (ctx context.Context, stop func()) {
	var signals []os.Signal
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // by a shell, or nohup
			signals = append(signals, s)
		}
	}
	if len(signals) == 0 { // NotifyContext would take all of them
		return context.WithCancel(context.Background())
	}
	ctx, stop = signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// run is the whole program except for its process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c, err := parse(args)
	switch {
	case errors.Is(err, errHelp):
		fmt.Fprint(stdout, usage)
		return exitOK
	case errors.Is(err, errVersion):
		fmt.Fprintln(stdout, "gonng-bridge", version())
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "gonng-bridge: %v\n", err)
		return exitUsage
	}
	c.bridge.Logger = tool.Logger(stderr, c.verbose, c.silent)
	printed := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.bridge.Ready = func(urls []string) {
		for _, u := range urls {
			if _, err := fmt.Fprintln(stdout, u); err != nil {
				printed <- fmt.Errorf("cannot write to the standard output: %w", err)
				cancel()
				return
			}
		}
	}
	err = bridge(ctx, c, stderr)
	select {
	case e := <-printed:
		err = errors.Join(err, e)
	default:
	}
	if err != nil {
		fmt.Fprintf(stderr, "gonng-bridge: %s\n", strings.TrimPrefix(err.Error(), "gonng: bridge: "))
		return exitError
	}
	return exitOK
}

func bridge(ctx context.Context, c *config, stderr io.Writer) error {
	if err := c.load(); err != nil {
		return err
	}
	stop, err := tool.ServeMonitor(ctx, c.monitor, stderr)
	if err != nil {
		return err
	}
	defer stop()
	return c.bridge.Run(ctx)
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

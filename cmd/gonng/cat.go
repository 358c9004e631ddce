package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/internal/tool"
)

// cat is one run of "gonng cat" after its options were understood.
type cat struct {
	catConfig
	socket gonng.Socket
	out    io.Writer
	err    io.Writer
	buf    []byte // for print, again and again

	pending *bufio.Writer // lines that are printed before the next wait
	colored bool          // out is a terminal
	record  *recorder     // nil: nothing is recorded
}

func runCat(ctx context.Context, args []string, std streams) int {
	return runCatAs(ctx, args, std, exitOK)
}

// runCatAs keeps to nngcat's exit codes: 1 for whatever goes wrong, also in the usage; 0 also
// when a receive timeout ends the run. That of --help is helpCode, which nngcat has as 1.
func runCatAs(ctx context.Context, args []string, std streams, helpCode int) int {
	cfg, rest, err := parseCat(args, std.in)
	switch {
	case errors.Is(err, errHelp):
		catUsage(std.out)
		return helpCode
	case errors.Is(err, errVersion):
		fmt.Fprintln(std.out, moduleVersion())
		return exitOK
	case err == nil:
		if len(rest) > 0 && !cfg.silent {
			// nngcat ignores them without a word, so this is no error.
			fmt.Fprintf(std.err, "gonng cat: %q is not an option: it and what follows is ignored\n", rest[0])
		}
		err = runCatConfig(ctx, cfg, std)
	}
	return std.outcome(ctx, "cat", err, exitError)
}

func newCat(cfg catConfig, std streams) *cat {
	return &cat{catConfig: cfg, out: std.out, err: std.err, pending: bufio.NewWriter(std.out)}
}

func runCatConfig(ctx context.Context, cfg catConfig, std streams) (err error) {
	if err := cfg.check(); err != nil {
		return err
	}
	stop, err := tool.ServeMonitor(ctx, cfg.monitor, std.err)
	if err != nil {
		return err
	}
	defer stop()
	c := newCat(cfg, std)
	c.colored = isTerminal(std.out) && os.Getenv("NO_COLOR") == "" && c.format != nil &&
		slices.Contains([]string{"quoted", "hex", "json"}, c.format.name)
	if c.socket, err = cfg.protocol.open(); err != nil {
		return err
	}
	defer func() {
		err = c.close(ctx, err)
		if flushed := c.pending.Flush(); err == nil {
			err = outputError(flushed)
		}
		c.printStats()
	}()
	if cfg.record != "" {
		if c.record, err = openRecorder(cfg.record, std.err); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.endRecord(err)) }()
	}
	if err := c.configure(tool.Logger(std.err, cfg.verbose, cfg.silent)); err != nil {
		return err
	}
	for _, a := range cfg.addrs {
		if err := c.connect(ctx, a); err != nil {
			return err
		}
	}
	return c.converse(ctx)
}

func (c *cat) configure(log *slog.Logger) error {
	// nngcat sets no limit of its own, and libnng's default is none either,
	// whatever its manual says: a limit here would lose what it receives.
	opts := []gonng.SocketOption{gonng.WithLogger(log), gonng.WithRecvMaxSize(c.recvMaxSize)}
	if c.recvTimeout > 0 {
		opts = append(opts, gonng.WithRecvTimeout(c.recvTimeout))
	}
	if c.sendTimeout > 0 {
		opts = append(opts, gonng.WithSendTimeout(c.sendTimeout))
	}
	if err := gonng.Set(c.socket, opts...); err != nil {
		return err
	}
	if sub, ok := c.socket.(interface{ Subscribe(...string) error }); ok {
		return sub.Subscribe(c.topics...)
	}
	return nil
}

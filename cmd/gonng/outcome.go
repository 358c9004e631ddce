package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// outcome says what went wrong in a subcommand, if anything did, and returns
// the exit code, which is code for an error.
func (std streams) outcome(ctx context.Context, subcommand string, err error, code int) int {
	switch {
	case ctx.Err() != nil:
		return exitInterrupted
	case err != nil:
		fmt.Fprintf(std.err, "gonng %s: %s\n", subcommand, strings.TrimPrefix(err.Error(), "gonng: "))
		return code
	}
	return exitOK
}

// refuse is the outcome of arguments that parsing has refused, or stopped at
// because they ask for help.
func (std streams) refuse(ctx context.Context, subcommand string, err error, usage func(io.Writer)) int {
	if errors.Is(err, errHelp) {
		usage(std.out)
		return exitOK
	}
	return std.outcome(ctx, subcommand, err, exitUsage)
}

func outputError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot write to the standard output: %w", err)
}

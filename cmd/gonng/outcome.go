package main

import (
	"context"
	"fmt"
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

func outputError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot write to the standard output: %w", err)
}

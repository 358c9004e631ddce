//go:build !unix

package main

import (
	"context"
	"errors"
	"os/exec"
)

// become runs the program until it ends. An interrupt of the terminal reaches both.
func become(_ context.Context, path string, args []string, std streams) (int, error) {
	cmd := exec.Command(path, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = std.in, std.out, std.err
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return exitError, err
	}
	return exitOK, nil
}

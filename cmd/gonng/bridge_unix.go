//go:build unix

package main

import (
	"context"
	"os"
	"syscall"
)

// become replaces this process, so that signals and the exit code are those of the program.
func become(_ context.Context, path string, args []string, _ streams) (int, error) {
	return exitError, syscall.Exec(path, append([]string{path}, args...), os.Environ())
}

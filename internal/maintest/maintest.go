// Package maintest tests a command as a process of its own: the test binary, run again, is
// the command.
package maintest

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/gonng/gonng/gonngtest"
)

// asCommand in the environment makes the test binary the command.
const asCommand = "GONNG_TEST_AS_COMMAND"

// Main is what TestMain does: it calls command, the function main of the package, in a
// process that Command has made, and else runs the tests.
func Main(m *testing.M, command func()) {
	if os.Getenv(asCommand) != "" {
		command()
		return
	}
	gonngtest.Main(m)
}

// Command is the command as a process, which is killed when ctx ends.
func Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	return cmd
}

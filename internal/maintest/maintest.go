// Package maintest tests a command as a process of its own: the test binary, run again, is
// the command.
package maintest

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

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

// Kills runs a test in which processes are killed at random moments: once, or as often
// as GONNG_KILLS in the environment says.
func Kills(t *testing.T, run func(t *testing.T)) {
	times := 1
	if text := os.Getenv("GONNG_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		times = n
	}
	for n := range times {
		if !t.Run(strconv.Itoa(n), run) {
			return
		}
	}
}

// RandomMoment returns after a random time of up to most.
func RandomMoment(t *testing.T, most time.Duration) {
	d := rand.N(most)
	t.Logf("a random moment: %v", d)
	time.Sleep(d)
}

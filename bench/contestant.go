package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
)

// A contestant is one way to move messages between two peers. A program
// written in another language implements this interface alone; it takes the
// flags of [job.args] and prints the lines that [peerMain] prints.
type contestant interface {
	Name() string
	Supports(r row) bool
	// Command is the program that plays the job's roles.
	Command(ctx context.Context, j job) (*exec.Cmd, error)
}

// A hosted contestant is written in Go and runs inside this program.
type hosted interface {
	contestant
	// Open listens or dials, as the job's role wants, without waiting for
	// the other side.
	Open(j job) (end, error)
}

// An end is one side of a conversation between two peers. One goroutine uses
// it, except for Close.
type end interface {
	// URL is where the other side can dial.
	URL() string
	// Join waits for the other side.
	Join(ctx context.Context) error
	// Send may hold the message back until the next Send or Recv; the slice
	// is the caller's again on return.
	Send(body []byte) error
	// Recv returns a message that is good until the next Recv.
	Recv() ([]byte, error)
	// Close makes a blocked Send or Recv return.
	Close() error
}

// A brokered contestant wants the role "server" played in a process of its
// own, and the others to be given its address.
type brokered interface {
	contestant
	Brokered(r row) bool
}

// A built contestant has a program that may be missing.
type built interface {
	contestant
	Build() error
}

// The names that the table of results is about: every ratio has the subject
// above the line, and the limit is the best that a Go program could do.
const (
	subject = "gonng"
	limit   = "raw batched"
)

// contestants are in the order of the lines.
func contestants() []contestant {
	return slices.Concat(
		[]contestant{gonngContestant{}, &rawBatched{}, rawSingle{}, &rawGoroutines{}},
		cContestants(),
		[]contestant{&natsContestant{}, zmq4Contestant{}, websocketContestant{}},
	)
}

// findHosted returns the contestant of that name if it runs in this program.
func findHosted(name string) (hosted, error) {
	for _, c := range append(contestants(), stranger{}) {
		if h, ok := c.(hosted); ok && c.Name() == name {
			return h, nil
		}
	}
	return nil, fmt.Errorf("no contestant %q in this program", name)
}

// inThisProgram is embedded by hosted contestants.
type inThisProgram struct{}

func (inThisProgram) Command(ctx context.Context, j job) (*exec.Cmd, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, exe, append([]string{peerCommand}, j.args()...)...), nil
}

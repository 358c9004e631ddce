package gonng

import (
	"fmt"
	"slices"
)

// PipeEvent is what a hook is called for. nng: nng_pipe_ev.
type PipeEvent int

const (
	// PipeConnecting is a new connection before any message. A hook that closes the
	// pipe refuses the peer; a listener has not answered the peer yet, and has to
	// within 5 seconds. So a hook that waits for a lock which the caller of the
	// peer's Dial holds ends in a timeout. nng: NNG_PIPE_EV_ADD_PRE.
	PipeConnecting PipeEvent = iota
	// PipeConnected is a connection that messages can be sent to. No message
	// from it is received before its hooks have returned. nng:
	// NNG_PIPE_EV_ADD_POST.
	PipeConnected
	// PipeClosed is a connection that was connected and has ended. While the program
	// is busy with the only message that a receiver waited for, nobody reads the
	// connection, because the receiver is expected to come back and read it; so the end
	// may be noticed some 40 ms later. nng: NNG_PIPE_EV_REM_POST.
	PipeClosed
)

// String is the event's name: connecting, connected or closed.
func (e PipeEvent) String() string {
	switch e {
	case PipeConnecting:
		return "connecting"
	case PipeConnected:
		return "connected"
	case PipeClosed:
		return "closed"
	}
	return fmt.Sprintf("PipeEvent(%d)", int(e))
}

// hooks are functions of the program that are called at an event, in the order in which they
// were added. A list is never changed, only replaced: whoever has one may call it without a
// lock.
type hooks[X any] []*func(X)

func (h hooks[X]) with(fn *func(X)) hooks[X] { return append(slices.Clip(h), fn) }

func (h hooks[X]) without(fn *func(X)) hooks[X] {
	return slices.DeleteFunc(slices.Clone(h), func(x *func(X)) bool { return x == fn })
}

func (h hooks[X]) call(x X) {
	for _, fn := range h {
		(*fn)(x)
	}
}

// checkHook refuses what would fail later, on a goroutine of a connection.
func checkHook(name string, event PipeEvent, missing bool) error {
	switch {
	case missing:
		return errorf(ErrInvalid, "%s(%v, nil): the hook is nil", name, event)
	case event < PipeConnecting || event > PipeClosed:
		return errorf(ErrInvalid, "%s(%d): no such event", name, int(event))
	}
	return nil
}

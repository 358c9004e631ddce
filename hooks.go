package gonng

import (
	"fmt"
	"slices"

	"github.com/gonng/gonng/internal/task"
)

// PipeEvent is what a hook is called for.
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

// hook is a function of the program, and the event that it is called for.
type hook struct {
	event PipeEvent
	fn    func(*Pipe)
}

func (h *hook) call(event PipeEvent, p *Pipe) {
	if h.event == event {
		h.fn(p)
	}
}

// OnPipe calls fn at each event of that kind from now on, until remove is called. A
// socket may have any number of hooks; it calls them in the order in which they were
// added, without a lock, so that a hook may use the socket and close it. The pipe waits
// for its hooks, other pipes do not. OnPipe panics when fn is nil, or the event none of
// the three. nng: nng_pipe_notify.
func (s *socket) OnPipe(event PipeEvent, fn func(*Pipe)) (remove func()) {
	if err := checkHook("OnPipe", event, fn); err != nil {
		panic("gonng: " + err.Error())
	}
	h := &hook{event, fn}
	s.lock()
	s.hooks = append(slices.Clip(s.hooks), h)
	s.unlock()
	return func() {
		s.lock()
		s.hooks = slices.DeleteFunc(slices.Clone(s.hooks), func(x *hook) bool { return x == h })
		s.unlock()
	}
}

// checkHook refuses what would fail later, on a goroutine of a connection.
func checkHook(name string, event PipeEvent, hook func(*Pipe)) error {
	switch {
	case hook == nil:
		return errorf(ErrInvalid, "%s(%v, nil): the hook is nil", name, event)
	case event < PipeConnecting || event > PipeClosed:
		return errorf(ErrInvalid, "%s(%d): no such event", name, int(event))
	}
	return nil
}

// runHooks calls the hooks of event for p, on the goroutine t.
func (s *socket) runHooks(t *task.Task, event PipeEvent, p *Pipe) {
	s.lock()
	hooks := s.hooks
	s.unlock()
	t.Hook(true)
	defer t.Hook(false)
	for _, h := range hooks {
		h.call(event, p)
	}
}

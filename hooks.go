package gonng

import (
	"fmt"
	"slices"

	"github.com/gonng/gonng/internal/task"
)

// PipeEvent is what a hook is called for.
type PipeEvent int

const (
	// PipeConnecting is a new connection before any message: a hook that
	// closes the pipe refuses the peer. A listener answers the peer, whose Dial may
	// wait, after its hooks have returned; that has to be within 5 seconds of the
	// connection. So a hook that waits for a lock which the caller of that Dial
	// holds ends in a timeout. nng: NNG_PIPE_EV_ADD_PRE.
	PipeConnecting PipeEvent = iota
	// PipeConnected is a connection that messages can be sent to. No message
	// from it is received before its hooks have returned. nng:
	// NNG_PIPE_EV_ADD_POST.
	PipeConnected
	// PipeClosed is a connection that was connected and has ended. Where a
	// receiver has just got the message that it alone waited for, it may come up to
	// 40 ms late: the socket waits that long for the receiver to come back and read the
	// connection itself. nng: NNG_PIPE_EV_REM_POST.
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

type hook struct {
	event PipeEvent
	fn    func(*Pipe)
}

// OnPipe calls fn at each event of that kind from now on, until remove is
// called; any number of hooks, in the order added. No lock is held: a hook may
// use the socket, and close it. The pipe waits meanwhile, other pipes do not.
// It panics when fn is nil, or the event none of the three. nng: nng_pipe_notify.
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

// runHooks runs on the goroutine t.
func (s *socket) runHooks(t *task.Task, event PipeEvent, p *Pipe) {
	s.lock()
	hooks := s.hooks
	s.unlock()
	t.Hook(true)
	defer t.Hook(false)
	for _, h := range hooks {
		if h.event == event {
			h.fn(p)
		}
	}
}

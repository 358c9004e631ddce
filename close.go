package gonng

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/gonng/gonng/internal/pollfd"
	"github.com/gonng/gonng/internal/task"
)

// Shutdown is Close that takes as long as ctx allows. See [Socket].
func (s *socket) Shutdown(ctx context.Context) error { return s.close(ctx, ctx) }

// Close writes what was sent, for at most the linger, and closes the socket.
// See [Socket].
func (s *socket) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.Config().Linger)
	defer cancel()
	now, end := context.WithCancel(ctx)
	end()
	return s.close(ctx, now)
}

// close closes the socket in five phases, which wait until ctx ends. The handlers of
// Serve may go on until grace ends. Several calls may run at the same time; the one
// whose ctx ends first ends the waiting of all.
func (s *socket) close(ctx, grace context.Context) error {
	s.tasks.Release()
	first, pipes := s.shut()
	s.answer(ctx, grace)
	s.drain(ctx, pipes)
	unconfirmed := s.part(ctx, pipes)
	hanging := s.end(ctx, pipes)
	return s.closeError(first, unconfirmed, hanging)
}

// shut is the first phase: calls that wait return ErrClosed, sends are refused, and
// dialers and listeners stop. What peers send from now on is read and discarded: unread
// data would reset a connection.
func (s *socket) shut() (first bool, pipes []*Pipe) {
	s.lock()
	first = !s.closed
	s.closed = true
	s.proto.Close()
	s.core.FailAll(&s.peers, 0)
	s.endDirectReadLocked()
	pipes = s.pipes.all()
	dialers, listeners := s.dialers, s.listeners
	s.dialers, s.listeners = nil, nil
	s.unlock()
	registry.remove(s)
	s.serving.stop()
	s.alarm.stop()
	s.losses.stop()
	s.direct.close()
	for _, d := range dialers {
		d.stop()
	}
	task.AtOnce(listeners, (*Listener).stop) // not their pipes, which may have something to send
	for _, p := range pipes {
		p.readOut()
	}
	return first, pipes
}

// answer is the second phase: what the handlers of Serve return is sent.
func (s *socket) answer(ctx, grace context.Context) {
	s.serving.wait(ctx, grace)
	s.lock()
	s.sealed = true
	s.unlock()
}

// drain is the third phase: what was accepted is written.
func (s *socket) drain(ctx context.Context, pipes []*Pipe) {
	for _, p := range pipes {
		p.drain(ctx)
	}
}

// part is the fourth phase: where closing at once could destroy what is on its way, it
// tells the peer that nothing more comes, and waits until the peer closes the
// connection. It returns how many peers did not in time.
func (s *socket) part(ctx context.Context, pipes []*Pipe) (unconfirmed int) {
	if !s.receives || ctx.Err() != nil {
		return 0 // no peer sends to a socket that does not receive, so no connection is reset
	}
	var mu sync.Mutex
	var waiting []*Pipe
	task.AtOnce(pipes, func(p *Pipe) {
		if p.part(ctx) {
			mu.Lock()
			waiting = append(waiting, p)
			mu.Unlock()
		}
	})
	for _, p := range waiting {
		if !p.waitEnd(ctx) {
			unconfirmed++
		}
	}
	return unconfirmed
}

// end is the fifth phase: the connections are closed, and the goroutines end. It
// names what is foreign and has calls that do not end.
func (s *socket) end(ctx context.Context, pipes []*Pipe) (hanging []string) {
	for _, p := range pipes {
		p.start(func(*task.Task) { p.Close() })
	}
	s.halt()
	if hanging = s.tasks.Wait(ctx); len(hanging) > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), endTime)
		defer cancel()
		hanging = s.tasks.Wait(ctx)
	}
	s.closeFDs()
	return hanging
}

// breaksContract says that calls of what is foreign do not end.
func breaksContract(foreign string) string {
	return foreign + " breaks its contract: a call of it does not end after Close"
}

// endTime is how long Close waits for calls of a foreign transport to end when the
// linger is over. Those of gonng's own transports always end.
const endTime = 500 * time.Millisecond

// closeFDs is called once nobody uses the descriptors any more.
func (s *socket) closeFDs() {
	s.lock()
	fds := [2]*pollfd.FD{s.recvFD, s.sendFD}
	s.recvFD, s.sendFD, s.hasFDs = nil, nil, false
	s.unlock()
	for _, fd := range fds {
		if fd != nil {
			fd.Close()
		}
	}
}

// closeError says what Close could not do.
func (s *socket) closeError(first bool, unconfirmed int, hanging []string) error {
	s.lock()
	left := s.left + int(s.core.Counters.Unsent)
	s.unlock()
	if !first || left == 0 && unconfirmed == 0 && len(hanging) == 0 {
		return nil
	}
	var text []string
	if left > 0 {
		text = append(text, fmt.Sprintf("%d messages were not sent in time", left))
	}
	if unconfirmed > 0 {
		text = append(text, fmt.Sprintf("%d peers did not confirm what they were sent", unconfirmed))
	}
	if len(hanging) > 0 {
		text = append(text, breaksContract(hanging[0]))
	}
	s.log(slog.LevelWarn, "closed before all was sent", "messages", left, "unconfirmed", unconfirmed, "hanging", len(hanging))
	return s.opError("close", "", errorf(ErrTimeout, "%s", strings.Join(text, "; ")))
}

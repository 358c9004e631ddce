package gonng

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
)

// Shutdown is Close that takes as long as ctx allows. See [Socket].
func (s *socket) Shutdown(ctx context.Context) error { return s.close(ctx) }

// Close writes what was sent, for at most the linger, and closes the socket.
// See [Socket].
func (s *socket) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.Config().Linger)
	defer cancel()
	return s.close(ctx)
}

// close may run more than once at a time: who has less patience then ends the
// waiting for all.
func (s *socket) close(ctx context.Context) error {
	s.tasks.release()
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	if s.loan.timer != nil {
		s.loan.timer.Stop()
	}
	if s.loan.reader == nil {
		s.afterwards(s.loan.forget())
	}
	s.pattern.wake()
	s.peers.wakeAll()
	pipes := slices.Clone(s.pipes)
	dialers, listeners := s.dialers, s.listeners
	s.dialers, s.listeners = nil, nil
	for _, p := range pipes {
		p.resume() // what comes now is discarded: unread data would reset the connection
	}
	s.unlock()

	for _, l := range listeners {
		l.close() // not its pipes: they have something to send, perhaps
	}
	for _, d := range dialers {
		d.stop()
	}
	for _, p := range pipes {
		s.mu.Lock()
		drained := p.out.close()
		s.mu.Unlock()
		if drained != nil {
			select {
			case <-drained:
			case <-p.done:
			case <-ctx.Done():
			}
		}
	}
	unconfirmed := s.part(ctx, pipes)
	for _, p := range pipes {
		p.finish(s.opError("pipe", p.url, ErrClosed))
	}
	s.halt()
	s.tasks.wait(ctx)
	s.closeFDs()
	left := 0
	s.mu.Lock()
	for _, p := range pipes {
		left += p.out.unsent()
	}
	s.mu.Unlock()
	if left == 0 && unconfirmed == 0 || !first {
		return nil
	}
	s.log(slog.LevelWarn, "closed before all was sent", "messages", left, "unconfirmed", unconfirmed)
	text := fmt.Sprintf("%d messages were not sent in time", left)
	if unconfirmed > 0 {
		text += fmt.Sprintf("; %d peers did not confirm what they were sent", unconfirmed)
	}
	return s.opError("close", "", errorf(ErrTimeout, "%s", text))
}

// part says goodbye to the peers and waits for theirs, where closing at once
// could destroy what is on its way. It returns how many did not answer.
func (s *socket) part(ctx context.Context, pipes []*Pipe) (unconfirmed int) {
	if s.in == nil || ctx.Err() != nil {
		return 0 // who never receives is not sent to, and so cannot be reset
	}
	pipes = slices.DeleteFunc(slices.Clone(pipes), func(p *Pipe) bool { return !p.parted() })
	for _, p := range pipes {
		select {
		case <-p.done:
		case <-ctx.Done():
			unconfirmed++
		}
	}
	return unconfirmed
}

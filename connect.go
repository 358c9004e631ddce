package gonng

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/task"
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// WaitPeers waits until at least n pipes are connected. See [Socket].
func (s *socket) WaitPeers(ctx context.Context, n int) error {
	s.lock()
	defer s.unlock()
	c := call{s: s, ctx: ctx}
	defer c.endLocked()
	for {
		switch {
		case s.closed:
			return s.opError("wait for peers", "", errSocketClosed)
		case s.connected >= n:
			return nil
		case ctx.Err() != nil:
			why := s.explainTimeoutLocked(contextError(ctx), "")
			return s.opError("wait for peers", "", fmt.Errorf("%d of %d peers: %w", s.connected, n, why))
		}
		if err := c.waitLocked(&s.peers); err != nil && ctx.Err() == nil {
			return s.opError("wait for peers", "", err)
		}
	}
}

// Pipes are the connected pipes. See [Socket].
func (s *socket) Pipes() []*Pipe {
	s.lock()
	defer s.unlock()
	return s.pipes.where((*Pipe).connectedLocked)
}

func (s *socket) newPipeIDLocked() uint32 {
	s.nextPipe = (s.nextPipe + 1) &^ wire.EndBit
	if s.nextPipe == 0 {
		s.nextPipe = 1
	}
	return s.nextPipe
}

// admit decides over a new peer, on the goroutine t: by its protocol, the PipeConnecting
// hooks, the function of WithAuthorize, and whether there is a place for it, which admit
// reserves.
func (s *socket) admit(ctx context.Context, t *task.Task, p *Pipe) error {
	if p.Peer() != s.Peer() {
		return errorf(ErrProtocol, "the peer speaks %v (%d), %v (%d) talks to %v (%d)",
			p.Peer(), uint16(p.Peer()), s.protocol, uint16(s.protocol), s.Peer(), uint16(s.Peer()))
	}
	s.runHooks(t, PipeConnecting, p)
	select {
	case <-p.done:
		return errRefusedByHook
	default:
	}
	if err := s.authorize(ctx, t, p); err != nil {
		return err
	}
	return s.reserve(p)
}

var errRefusedByHook = errorf(ErrConnectionAborted, "a PipeConnecting hook refused the peer")

// authorize asks the function of WithAuthorize about a peer of a listener.
func (s *socket) authorize(ctx context.Context, t *task.Task, p *Pipe) error {
	decide := s.Config().Authorize
	if decide == nil || p.listener == nil {
		return nil
	}
	t.Hook(true)
	defer t.Hook(false)
	if err := decide(ctx, p); err != nil {
		return errorf(ErrPermission, "not authorized: %w", err)
	}
	if ctx.Err() != nil {
		return errorf(ErrTimeout, "the function of WithAuthorize took longer than the handshake may")
	}
	return nil
}

// reserve takes the place of a peer in the protocol, and among those of its listener.
func (s *socket) reserve(p *Pipe) error {
	for {
		other, err := s.tryReserve(p)
		if err == nil || other == nil {
			return err
		}
		// A peer that has gone gives its place up, however long the program takes to
		// receive what that peer sent. The kernel knows whether it has gone.
		if gone, _ := other.hungUp(); !gone {
			return err
		}
		s.lock()
		other.life = readOnly
		s.proto.Detach(&other.peer)
		s.unlock()
	}
}

// tryReserve is reserve that does not ask the kernel. When another pipe has the place, it
// returns that pipe, unless the pipe is still connecting.
func (s *socket) tryReserve(p *Pipe) (*Pipe, error) {
	s.lock()
	defer s.unlock()
	if s.closed || p.listener != nil && p.listener.closed {
		return nil, ErrClosed
	}
	if err := p.listener.reserveLocked(p); err != nil {
		return nil, err
	}
	v, peer := s.proto.Admit(&p.peer)
	if v == sp.OK {
		return nil, nil
	}
	p.listener.giveBackLocked(p)
	other := pipeOf(peer)
	err := errorf(ErrBusy, "a pair socket has one peer, and %v is connected", other.name)
	if other.life == connecting {
		other = nil
	}
	return other, err
}

// attach makes a peer of a connection that was admitted and answered.
func (s *socket) attach(t *task.Task, p *Pipe) error {
	p.skipTooLarge()
	s.lock()
	if s.closed || p.listener != nil && p.listener.closed {
		s.unlock()
		return ErrClosed
	}
	s.proto.Attach(&p.peer)
	p.room = make(chan struct{}, 1)
	if _, direct := p.conn.(transport.Direct); direct {
		p.room = nil
	} else {
		p.tryReader, _ = p.conn.(transport.TryReader)
		p.interrupter, _ = p.conn.(transport.Interrupter)
		p.peer.Lazy = p.tryReader != nil
	}
	s.pipes.add(p)
	s.endDirectReadLocked()
	p.countLocked(func(st *ConnectStats) { st.Connects++ })
	s.unlock()
	s.log(slog.LevelInfo, "connected", "pipe", p.ID(), "url", p.url, "peer", p.name)
	s.runHooks(t, PipeConnected, p)
	s.lock()
	if p.life == connecting {
		p.life = open
	}
	s.connected++
	s.core.FailAll(&s.peers, sp.OK)
	s.unlock()
	p.run()
	return nil
}

// countLocked counts for the socket and for the dialer or listener of p.
func (p *Pipe) countLocked(event func(*ConnectStats)) {
	event(&p.s.stats.ConnectStats)
	switch {
	case p.dialer != nil:
		event(&p.dialer.stats)
	case p.listener != nil:
		event(&p.listener.stats)
	}
}

// addPipe admits and attaches a peer that needs no answer.
func (s *socket) addPipe(ctx context.Context, t *task.Task, p *Pipe) error {
	err := s.admit(ctx, t, p)
	if err == nil {
		if err = s.attach(t, p); err != nil {
			s.abandon(p)
		}
	}
	if err != nil {
		return s.refuse(p, err, nil)
	}
	return nil
}

// abandon gives back the place of a peer that was admitted and did not become one.
func (s *socket) abandon(p *Pipe) {
	s.lock()
	defer s.unlock()
	p.listener.giveBackLocked(p)
	s.proto.Detach(&p.peer)
}

// refuse closes a connection that did not become a peer. Where the transport can tell
// the peer why, tell is not nil.
func (s *socket) refuse(p *Pipe, why error, tell func(error)) error {
	if tell != nil {
		tell(forTransport(why))
	}
	p.closeWith(why)
	s.lock()
	p.countLocked(func(st *ConnectStats) { st.refused(why) })
	s.unlock()
	return fmt.Errorf("%s refused: %w", p.name, why)
}

// forTransport gives a refusal the kind that transports know.
func forTransport(why error) error {
	switch {
	case errors.Is(why, ErrBusy):
		return &cause{ErrBusy, fmt.Errorf("%w: %w", transport.ErrBusy, why)}
	case errors.Is(why, ErrConnectionAborted):
		return &cause{ErrPermission, why}
	}
	return why
}

// disconnected ends the life of a pipe that was attached. The pipe's goroutine t calls
// it last.
func (s *socket) disconnected(t *task.Task, p *Pipe) {
	p.join()
	s.lock()
	unsent := p.peer.Discard()
	s.pipes.remove(p)
	s.connected--
	p.life = ended
	s.proto.Detach(&p.peer)
	p.listener.giveBackLocked(p)
	received := p.stats.Received > 0
	s.stats.Unsent += uint64(unsent)
	if s.closed {
		s.left += unsent
	}
	level := slog.LevelWarn
	switch {
	case errors.Is(p.err, ErrMessageTooLarge):
		s.stats.TooLarge++
	case errors.Is(p.err, io.ErrUnexpectedEOF):
		s.stats.Truncated++
	case errors.Is(p.err, transport.ErrProtocol): // (the protocol has counted malformed headers)
		s.core.Counters.Malformed++
	case unsent == 0 && !errors.Is(p.err, ErrProtocol):
		level = slog.LevelInfo
	}
	s.unlock()
	s.log(level, "disconnected", "pipe", p.ID(), "url", p.url, "peer", p.name, "error", loggable(p.err), "unsent", unsent)
	s.runHooks(t, PipeClosed, p)
	if p.dialer != nil {
		p.dialer.redial(received)
	}
}

// taskName names a goroutine that calls the transport of url: "" if the transport is one
// of gonng's, whose calls end on Close; else the URL, since a foreign transport may break
// that rule.
func taskName(url string) string {
	if scheme, _, _ := strings.Cut(url, ":"); url != "" && builtin[scheme] == nil {
		return url
	}
	return ""
}

func (p *Pipe) taskName() string { return taskName(p.url) }

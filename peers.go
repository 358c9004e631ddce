package gonng

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// WaitPeers waits until at least n pipes are connected. See [Socket].
func (s *socket) WaitPeers(ctx context.Context, n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := call{s: s, ctx: ctx}
	defer c.end()
	for {
		have := 0
		for _, p := range s.pipes {
			if p.at.connected {
				have++
			}
		}
		switch {
		case s.closed:
			return s.opError("wait for peers", "", errSocketClosed)
		case have >= n:
			return nil
		case ctx.Err() != nil:
			return s.opError("wait for peers", "", fmt.Errorf("%d of %d peers: %w", have, n, s.late(contextError(ctx), "")))
		}
		if err := c.wait(&s.peers); err != nil && ctx.Err() == nil {
			return s.opError("wait for peers", "", err)
		}
	}
}

// Pipes are the connected pipes. See [Socket].
func (s *socket) Pipes() []*Pipe {
	s.mu.Lock()
	defer s.mu.Unlock()
	pipes := make([]*Pipe, 0, len(s.pipes))
	for _, p := range s.pipes {
		if p.at.connected {
			pipes = append(pipes, p)
		}
	}
	return pipes
}

func (s *socket) newPipeID() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextPipe = (s.nextPipe + 1) &^ wire.EndBit
	if s.nextPipe == 0 {
		s.nextPipe = 1
	}
	return s.nextPipe
}

// addPipe makes a peer of a new connection, on the goroutine t.
func (s *socket) addPipe(t *task, p *Pipe) (*Pipe, error) {
	if p.Peer() != s.Peer() {
		err := errorf(ErrProtocol, "the peer speaks %v (%d), %v (%d) talks to %v (%d)",
			p.Peer(), uint16(p.Peer()), s.protocol, uint16(s.protocol), s.Peer(), uint16(s.Peer()))
		return nil, s.refuse(p, err)
	}
	s.runHooks(t, PipeConnecting, p)
	select {
	case <-p.done:
		return nil, s.refuse(p, errorf(ErrConnectionAborted, "a PipeConnecting hook refused the peer"))
	default:
	}
	s.mu.Lock()
	err := error(ErrClosed)
	if !s.closed && (p.listener == nil || !p.listener.closed) {
		err = s.pattern.attach(p)
	}
	if err != nil {
		s.mu.Unlock()
		return nil, s.refuse(p, err)
	}
	s.pipes = append(s.pipes, p)
	s.recallLoan()
	p.count(func(st *ConnectStats) { st.Connects++ })
	s.unlock()
	s.log(slog.LevelInfo, "connected", "pipe", p.id, "url", p.url, "peer", p.RemoteAddr().String())
	s.runHooks(t, PipeConnected, p)
	s.mu.Lock()
	p.at.connected = true
	s.peers.wakeAll()
	s.unlock()
	p.run()
	return p, nil
}

// refuse drops a connection that did not become a peer.
func (s *socket) refuse(p *Pipe, why error) error {
	p.finish(why)
	s.mu.Lock()
	p.count(func(st *ConnectStats) { st.refused(why) })
	s.mu.Unlock()
	who := p.RemoteAddr().String()
	if who == "" { // a Unix socket without a name
		who = "the peer"
	}
	return fmt.Errorf("%s refused: %w", who, why)
}

// removePipe is the last act of a pipe's goroutine t.
func (s *socket) removePipe(t *task, p *Pipe) {
	p.join()
	s.mu.Lock()
	unsent := p.out.unsent()
	s.pipes = slices.DeleteFunc(s.pipes, func(x *Pipe) bool { return x == p })
	if s.loan.pipe == p {
		s.loan.pipe = nil
	}
	s.pattern.detach(p)
	s.stats.Unsent += uint64(unsent)
	level := slog.LevelWarn
	switch {
	case errors.Is(p.err, ErrMessageTooLarge):
		s.stats.TooLarge++
	case errors.Is(p.err, io.ErrUnexpectedEOF):
		s.stats.Truncated++
	case errors.Is(p.err, transport.ErrProtocol): // a malformed header was counted with its message
		s.stats.Malformed++
	case unsent == 0 && !errors.Is(p.err, ErrProtocol):
		level = slog.LevelInfo
	}
	p.at.connected = false
	s.unlock()
	s.log(level, "disconnected", "pipe", p.id, "url", p.url, "peer", p.RemoteAddr().String(), "error", p.err, "unsent", unsent)
	s.runHooks(t, PipeClosed, p)
	if p.dialer != nil {
		p.dialer.redial()
	}
}

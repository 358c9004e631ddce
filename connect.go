package gonng

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/internal/task"
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// WaitPeers waits until at least n pipes are connected. See [Socket].
func (s *socket) WaitPeers(ctx context.Context, n int) error {
	connected, err := s.waitForPeers(ctx, n)
	if err != nil {
		err = fmt.Errorf("%d of %d peers: %w", connected, n, err)
	}
	return s.opError("wait for peers", "", err)
}

func (s *socket) waitForPeers(ctx context.Context, n int) (connected int, err error) {
	s.lock()
	defer s.unlock()
	w := s.newWaiterLocked(ctx, 0)
	defer w.doneLocked()
	for {
		switch {
		case s.closed:
			return s.connected, errSocketClosed
		case s.connected >= n:
			return s.connected, nil
		case ctx.Err() != nil:
			return s.connected, s.explainTimeoutLocked(contextError(ctx), "")
		}
		if err := w.waitLocked(&s.peers); err != nil && ctx.Err() == nil {
			return s.connected, err
		}
	}
}

// Pipes are the connected pipes. See [Socket].
func (s *socket) Pipes() []*Pipe { return s.snapshot(&s.pipes) }

// snapshotPart is the number of pipes for which a snapshot holds the socket's lock at a
// time, so that it does not hold up messages.
const snapshotPart = 256

// snapshot returns the connected pipes of the list. A pipe that comes or goes meanwhile may
// be among them or not.
func (s *socket) snapshot(l *walked[*Pipe]) (pipes []*Pipe) {
	s.lock()
	defer s.unlock()
	if s.stopped() {
		return nil // Close does not wait for a pipe whose hook of the program is running
	}
	w := l.begin()
	defer l.end(w)
	for part := l.part(w, snapshotPart); len(part) > 0; part = l.part(w, snapshotPart) {
		pipes = append(pipes, slices.DeleteFunc(part, func(p *Pipe) bool { return !p.connectedLocked() })...)
		s.unlock() // others may lock the socket now
		s.lock()
	}
	return pipes
}

func (s *socket) newPipeIDLocked() uint32 {
	s.nextPipe = (s.nextPipe + 1) &^ wire.EndBit
	if s.nextPipe == 0 {
		s.nextPipe = 1
	}
	return s.nextPipe
}

// Attach makes a pipe of a connection of the program's. See [Socket].
func (s *socket) Attach(ctx context.Context, conn net.Conn) (*Pipe, error) {
	if conn == nil {
		return nil, s.opError("attach", "", errorf(ErrInvalid, "the connection is nil"))
	}
	cfg := s.Config()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer s.onStop(cancel)()
	c, err := stream.Handshake(ctx, conn, wire.StreamFraming, cfg.transport(s.protocol))
	if err != nil {
		if s.stopped() {
			err = errSocketClosed
		}
		return nil, s.opError("attach", "", classify(err))
	}
	p := &Pipe{s: s, conn: c}
	p.init(cfg.Priority)
	if err := p.add(ctx, nil); err != nil {
		return nil, s.opError("attach", "", err)
	}
	return p, nil
}

// connectedLocked counts a pipe whose PipeConnected hooks have run.
func (s *socket) connectedLocked() {
	s.connected++
	s.core.FailAll(&s.peers, sp.OK)
}

// admitLocked asks the protocol for a place for p. If another has it, that is returned.
func (s *socket) admitLocked(p *sp.Peer) (sp.Verdict, *sp.Peer) { return s.proto.Admit(p) }

// attachLocked makes p a peer.
func (s *socket) attachLocked(p *Pipe) {
	s.proto.Attach(p.asPeer())
	p.enlistLocked()
	s.endDirectReadLocked()
}

func (s *socket) retireLocked(p *sp.Peer) { s.proto.Retire(p) }

func (s *socket) detachLocked(p *sp.Peer) { s.proto.Detach(p) }

// removeLocked ends a peer that attachLocked has made.
func (s *socket) removeLocked(p *Pipe) {
	p.delistLocked()
	s.connected--
	s.detachLocked(p.asPeer())
}

// admit decides over a new peer, on the goroutine t: by its protocol, the PipeConnecting
// hooks, the function of WithAuthorize, and whether there is a place for it, which admit
// reserves.
func (p *Pipe) admit(ctx context.Context, t *task.Task) error {
	own := p.Protocol()
	if p.Peer() != own.Peer() {
		return errorf(ErrProtocol, "the peer speaks %v (%d), %v (%d) talks to %v (%d)",
			p.Peer(), uint16(p.Peer()), own, uint16(own), own.Peer(), uint16(own.Peer()))
	}
	p.s.runHooks(t, PipeConnecting, p)
	if p.Err() != nil {
		return errRefusedByHook
	}
	if err := p.authorize(ctx, t); err != nil {
		return err
	}
	return p.reserve()
}

var errRefusedByHook = errorf(ErrConnectionAborted, "a PipeConnecting hook refused the peer")

// authorize asks the function of WithAuthorize about a peer of a listener.
func (p *Pipe) authorize(ctx context.Context, t *task.Task) error {
	decide := p.s.Config().Authorize
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
func (p *Pipe) reserve() error {
	for {
		other, err := p.tryReserve()
		if err == nil || other == nil {
			return err
		}
		// A peer that has gone gives its place up, however long the program takes to
		// receive what that peer sent. The kernel knows whether it has gone.
		// It may also have ended here since, and be asked in vain.
		if gone, _ := other.hungUp(); !gone && other.Err() == nil {
			return err
		}
		p.s.lock()
		other.peerGoneLocked()
		p.s.unlock()
	}
}

// tryReserve is reserve that does not ask the kernel. When another pipe has the place, it
// returns that pipe, unless the pipe is still connecting.
func (p *Pipe) tryReserve() (*Pipe, error) {
	p.s.lock()
	defer p.s.unlock()
	if p.comesTooLateLocked() {
		return nil, ErrClosed
	}
	if p.listener != nil {
		if err := p.listener.reserveLocked(); err != nil {
			return nil, err
		}
		p.counted = true
	}
	v, peer := p.s.admitLocked(&p.peer)
	if v == sp.OK {
		return nil, nil
	}
	p.giveBackLocked()
	other := pipeOf(peer)
	err := errorf(ErrBusy, "a pair socket has one peer, and %v is connected", other.name)
	if other.life == connecting {
		other = nil
	}
	return other, err
}

// comesTooLateLocked reports whether the socket or the listener of the pipe is closed.
func (p *Pipe) comesTooLateLocked() bool {
	return p.s.endedLocked() != nil || p.listener != nil && p.listener.closedLocked()
}

// giveBackLocked gives back the place that the listener has given to the pipe.
func (p *Pipe) giveBackLocked() {
	if p.counted {
		p.listener.giveBackLocked()
		p.counted = false
	}
}

// peerGoneLocked notes that the peer has gone. What it sent is still received, unless the
// pipe has ended.
func (p *Pipe) peerGoneLocked() {
	if p.life == ended {
		return
	}
	p.life = readOnly
	p.s.detachLocked(&p.peer)
}

// attach makes a peer of a connection that was admitted and answered.
func (p *Pipe) attach(t *task.Task) error {
	s := p.s
	p.skipTooLarge()
	s.lock()
	if p.comesTooLateLocked() {
		s.unlock()
		return ErrClosed
	}
	p.peer.Lazy = p.tries()
	s.attachLocked(p)
	p.since = time.Now()
	p.countLocked((*ConnectStats).connected)
	s.unlock()
	if l := s.logger(); l != nil {
		s.logTo(l, slog.LevelInfo, "connected", "pipe", p.ID(), "url", p.URL(), "peer", p.name)
	}
	s.happens(p.event(EventConnected))
	s.runHooks(t, PipeConnected, p)
	s.lock()
	if p.life == connecting {
		p.life = open
	}
	s.connectedLocked()
	s.unlock()
	p.run()
	return nil
}

// countLocked counts an event of a connection.
func (s *socket) countLocked(event func(*ConnectStats)) { s.stats.count(event) }

// countLocked counts for the socket and for the dialer or listener of p.
func (p *Pipe) countLocked(event func(*ConnectStats)) {
	switch {
	case p.target != nil:
		p.target.d.countLocked(event)
	case p.listener != nil:
		p.listener.countLocked(event)
	default:
		p.s.countLocked(event)
	}
}

// add admits and attaches a peer that needs no answer.
func (p *Pipe) add(ctx context.Context, t *task.Task) error {
	err := p.admit(ctx, t)
	if err == nil {
		if err = p.attach(t); err != nil {
			p.abandon()
		}
	}
	if err != nil {
		return p.refuse(err, nil)
	}
	return nil
}

// abandon gives back the place of a peer that was admitted and did not become one.
func (p *Pipe) abandon() {
	p.s.lock()
	defer p.s.unlock()
	p.giveBackLocked()
	p.s.detachLocked(&p.peer)
}

// refuse closes a connection that did not become a peer. Where the transport can tell
// the peer why, tell is not nil.
func (p *Pipe) refuse(why error, tell func(error)) error {
	if tell != nil {
		tell(forTransport(why))
	}
	p.closeWith(why)
	p.s.lock()
	p.countLocked(func(st *ConnectStats) { st.refused(why) })
	p.s.unlock()
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
func (p *Pipe) disconnected(t *task.Task) {
	s := p.s
	p.join()
	s.lock()
	unsent := p.peer.Discard()
	p.life = ended
	s.removeLocked(p)
	p.giveBackLocked()
	received := p.received.messages > 0
	level := s.countEndLocked(p.err, unsent)
	s.unlock()
	e := p.event(EventDisconnected)
	e.Err, e.Count = shortened(p.err), uint64(unsent)
	if l := s.logger(); l != nil {
		s.logTo(l, level, "disconnected", "pipe", p.ID(), "url", p.URL(), "peer", p.name, "error", e.Err, "unsent", unsent)
	}
	s.happens(e)
	s.runHooks(t, PipeClosed, p)
	if p.target != nil {
		p.target.redial(received)
	}
}

// countEndLocked counts what the end of a pipe has destroyed, and returns the level at
// which the end is logged.
func (s *socket) countEndLocked(why error, unsent int) slog.Level {
	s.countUnsentLocked(unsent)
	switch {
	case s.stats.brokeOff(why):
	case errors.Is(why, transport.ErrProtocol): // (the protocol has counted malformed headers)
		s.core.Counters.Malformed++
	case unsent == 0 && !errors.Is(why, ErrProtocol):
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// countUnsentLocked counts messages that were accepted and not written. Close names those
// that it could not write.
func (s *socket) countUnsentLocked(n int) {
	s.stats.unsent(n)
	if s.closed {
		s.left += n
	}
}

// start starts a goroutine of the socket that calls neither a listener nor a dialer, nor
// waits for a connection.
func (s *socket) start(do func(*task.Task)) { s.tasks.Start("", do) }

func (l *Listener) start(do func(*task.Task)) { l.s.tasks.Start(l.foreign, do) }

func (d *Dialer) start(do func(*task.Task)) { d.s.tasks.Start(d.foreign(), do) }

func (p *Pipe) start(do func(*task.Task)) { p.s.tasks.Start(p.foreign, do) }

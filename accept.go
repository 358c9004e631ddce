package gonng

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gonng/gonng/internal/task"
	"github.com/gonng/gonng/transport"
)

// run is the goroutine that accepts. It starts a goroutine for each peer, so that no
// handshake holds up another.
func (l *Listener) run(*task.Task) {
	failing := false
	for {
		peer, err := l.l.Accept()
		switch {
		case err == nil:
			failing = false
			l.s.tasks.Start(l.foreignHandshakes(), func(t *task.Task) { l.introduce(t, peer) })
			continue
		case l.ctx.Err() != nil:
			return
		case !failing: // out of descriptors, for instance: it may pass
			failing = true
			l.s.log(slog.LevelError, "cannot accept, trying again", "url", l.URL(), "error", err)
		}
		pause := time.NewTimer(acceptPause)
		select {
		case <-pause.C:
		case <-l.ctx.Done():
			pause.Stop()
			return
		}
	}
}

// acceptPause is the pause after an Accept that failed.
const acceptPause = 50 * time.Millisecond

// introduce makes a peer of an accepted connection. The listener answers last, so that
// the peer's Dial returns when the listener has taken or refused it.
func (l *Listener) introduce(t *task.Task, in transport.Incoming) {
	remote := peerName(in) // the kernel knows it only while the peer is connected
	ctx, cancel := context.WithTimeout(l.ctx, handshakeTimeout)
	defer cancel()
	if err := l.take(ctx, t, in); err != nil && l.ctx.Err() == nil {
		l.logRefusal(remote, classify(err))
	}
}

// take hears the peer, decides over it, answers and attaches it, in this order.
func (l *Listener) take(ctx context.Context, t *task.Task, in transport.Incoming) error {
	d, decides := in.(transport.Decider)
	hear := in.Handshake
	if decides {
		hear = d.Hear
	}
	conn, err := l.hear(hear)
	if err != nil {
		l.notIntroduced(err)
		return err
	}
	p := &Pipe{s: l.s, conn: conn, listener: l, foreign: l.foreign, undecided: decides}
	p.init(l.priority())
	if !decides {
		return p.add(ctx, t)
	}
	err = p.admit(ctx, t)
	if err == nil {
		if err = p.decided(ctx); err != nil {
			p.abandon()
		}
	}
	if err != nil {
		return p.refuse(err, d.Refuse)
	}
	if err := d.Answer(ctx); err != nil {
		p.abandon()
		l.notIntroduced(err)
		p.closeWith(err)
		return err
	}
	if err := p.attach(t); err != nil {
		p.abandon()
		return p.refuse(err, nil)
	}
	return nil
}

// priority is that of the peers to come.
func (l *Listener) priority() int {
	l.s.lock()
	defer l.s.unlock()
	return l.cfg.Priority
}

// hear waits for what the peer says of itself. The transport bounds that, and says how
// much was missing; the context is for one that does not.
func (l *Listener) hear(hear func(context.Context) (transport.Conn, error)) (transport.Conn, error) {
	ctx, cancel := context.WithTimeout(l.ctx, handshakeTimeout+time.Second)
	defer cancel()
	return hear(ctx)
}

// decided is the end of the time in which a hook can refuse the peer. It reports why the
// peer is not taken although it was admitted.
func (p *Pipe) decided(ctx context.Context) error {
	p.s.lock()
	p.undecided = false
	p.s.unlock()
	switch {
	case p.Err() != nil: // a hook has left that to a goroutine
		return errRefusedByHook
	case ctx.Err() != nil:
		return errorf(ErrTimeout, "the decision over the peer took longer than %v", handshakeTimeout)
	}
	return nil
}

// reserveLocked takes one of the places that the listener has for peers.
func (l *Listener) reserveLocked() error {
	if max := l.cfg.MaxPeers; max > 0 && l.peers >= max {
		return errorf(ErrBusy, "the listener has its %d peers (WithMaxPeers)", max)
	}
	l.peers++
	return nil
}

func (l *Listener) giveBackLocked() { l.peers-- }

func (l *Listener) closedLocked() bool { return l.closed }

// logRefusal tells Events of the first refusal of its kind in an episode, and logs it
// as a warning, and the others for debugging. The kind does not depend on what the peer has sent.
func (l *Listener) logRefusal(remote string, why error) {
	l.s.lock()
	first, before, count := l.refusals.add(kindIn(why))
	l.s.unlock()
	if first {
		l.s.happens(Event{Kind: EventRefused, URL: l.URL(), Peer: remote, Err: shortened(why), Count: uint64(before)})
	}
	level, which := slog.LevelDebug, "count"
	if first && !errors.Is(why, transport.ErrSilent) { // a health probe is not worth a warning
		level, which, count = slog.LevelWarn, "earlier", before // those that were not warned of
	}
	l.s.log(level, "peer not accepted", "url", l.URL(), "peer", remote, "error", shortened(why), which, count)
}

// notIntroduced counts a peer whose handshake failed, unless the listener has ended it.
func (l *Listener) notIntroduced(why error) {
	if l.ctx.Err() != nil {
		return
	}
	l.s.lock()
	defer l.s.unlock()
	l.countLocked(func(st *ConnectStats) { st.notIntroduced(why) })
}

package inproc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gonng/gonng/transport"
)

// listener is a transport.Listener at a name.
type listener struct {
	t       *Transport
	name    string
	url     string
	cfg     atomic.Pointer[transport.Config]
	backlog chan *incoming // to Accept
	once    sync.Once
	done    chan struct{} // closed by Close
}

func (l *listener) URL() string    { return l.url }
func (l *listener) Addr() net.Addr { return Addr(l.name) }

// SetConfig implements transport.Reconfigurable.
func (l *listener) SetConfig(cfg *transport.Config) { l.cfg.Store(cfg) }

func (l *listener) Accept() (transport.Incoming, error) {
	select {
	case i := <-l.backlog:
		return i, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		l.t.mu.Lock()
		delete(l.t.listeners, l.name)
		l.t.mu.Unlock()
		close(l.done)
	})
	return nil
}

// introduce hands the listener's end of a connection to Accept, and waits until it is
// accepted or refused, ctx ends, or the time for a handshake is over.
func (l *listener) introduce(ctx context.Context, theirs *conn, dialer *transport.Config) error {
	timeout := time.NewTimer(dialer.HandshakeTimeout)
	defer timeout.Stop()
	peer := &incoming{conn: theirs, dialer: dialer, listener: l.cfg.Load()}
	backlog, done := l.backlog, l.done
	for {
		select {
		case backlog <- peer:
			backlog, done = nil, nil // the caller of Accept decides now
		case <-done:
			return errClosed
		case <-theirs.decision.decided:
			return theirs.decision.err
		case <-ctx.Done():
			return theirs.decision.make(ctx.Err())
		case <-timeout.C:
			return theirs.decision.make(fmt.Errorf("the listener did not answer in %v: %w", dialer.HandshakeTimeout, os.ErrDeadlineExceeded))
		}
	}
}

// decision says whether the dialer is accepted. The first call of make decides.
type decision struct {
	once    sync.Once
	err     error // nil: accepted; valid once decided is closed
	decided chan struct{}
}

func newDecision() *decision { return &decision{decided: make(chan struct{})} }

// make decides, if that has not happened, and returns the decision: nil is acceptance.
func (d *decision) make(err error) error {
	d.once.Do(func() {
		d.err = err
		close(d.decided)
	})
	return d.err
}

// errClosed is the dialer's error when the listener's end, or the listener, is closed.
var errClosed = fmt.Errorf("the listener closed the connection without an answer: %w", syscall.ECONNREFUSED)

// incoming is a transport.Decider: a dialer that waits for a decision.
type incoming struct {
	*conn
	dialer, listener *transport.Config
}

// Handshake implements transport.Incoming.
func (i *incoming) Handshake(ctx context.Context) (transport.Conn, error) {
	if err := i.Answer(ctx); err != nil {
		return nil, err
	}
	return i.conn, nil
}

// Hear implements transport.Decider. It does not wait: both sides are in this process.
func (i *incoming) Hear(context.Context) (transport.Conn, error) { return i.conn, nil }

// Answer implements transport.Decider.
func (i *incoming) Answer(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		if err = i.decision.make(nil); err != nil {
			err = fmt.Errorf("the dialer has stopped waiting for an answer: %w", syscall.ECONNABORTED)
		}
	}
	if err != nil {
		i.Close()
	}
	return err
}

// Refuse implements transport.Decider.
func (i *incoming) Refuse(why error) {
	i.decision.make(i.refusal(why))
	i.Close()
}

// refusal returns the dialer's error for the listener's reason. It keeps the text of the
// reason, but of its kinds only those that mean something to a dialer.
func (i *incoming) refusal(why error) error {
	kind := error(syscall.ECONNREFUSED)
	switch {
	case i.protocol != i.listener.Peer:
		return fmt.Errorf("%w: the listener is %s, which talks to %s; %s talks to %s", transport.ErrWrongPeer,
			i.listener.ProtocolName, i.listener.PeerName, i.dialer.ProtocolName, i.dialer.PeerName)
	case errors.Is(why, transport.ErrBusy):
		kind = fmt.Errorf("%w: %w", kind, transport.ErrBusy)
	case errors.Is(why, fs.ErrPermission):
		kind = fs.ErrPermission
	}
	return fmt.Errorf("the listener refused the connection: %v: %w", why, kind)
}

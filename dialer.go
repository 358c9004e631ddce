package gonng

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/gonng/gonng/internal/task"
	"github.com/gonng/gonng/transport"
)

// Dialer keeps a socket connected to one URL. nng: nng_dialer; pynng: Dialer.
type Dialer struct {
	s      *socket
	url    string
	to     endpointURL
	ctx    context.Context
	cancel context.CancelFunc

	stats ConnectStats // guarded by s.mu

	mu     sync.Mutex // taken after the socket's lock
	cfg    Config
	own    settings      // the options of this dialer alone
	pipe   *Pipe         // the connection, if there is one
	since  time.Time     // when the connection began
	delay  time.Duration // the pause before the next attempt; 0: none yet
	next   time.Time     // when it tries again; zero while connected
	err    error         // the last failure
	logged bool          // a failure since the last connection was logged
}

// Dial connects to url, and again whenever the connection is lost. See
// [Socket].
func (s *socket) Dial(ctx context.Context, url string, opts ...DialOption) (*Dialer, error) {
	if ctx.Err() != nil {
		return nil, s.opError("dial", url, contextError(ctx))
	}
	d, err := s.newDialer(url, opts)
	if err != nil {
		return nil, s.opError("dial", url, err)
	}
	first := make(chan error, 1)
	s.start(url, func(t *task.Task) { first <- d.connect(t) })
	mode := d.mode() // others may have the dialer from s.Dialers, and change its options
	if mode == DialBackground {
		return d, nil
	}
	select {
	case err = <-first:
	case <-ctx.Done():
		err = contextError(ctx)
		d.Close()
		return nil, s.opError("dial", url, err)
	}
	switch {
	case err == nil:
		return d, nil
	case mode == DialWait, d.stopped(), hopeless(err), d.once():
		d.Close()
		return nil, err
	}
	return d, nil
}

func (s *socket) newDialer(url string, opts []DialOption) (*Dialer, error) {
	to, err := parseDialURL(url)
	if err != nil {
		return nil, err
	}
	own, err := endSettings(s, to, opts)
	if err != nil {
		return nil, err
	}
	ctx, cancel := s.untilStop()
	d := &Dialer{s: s, url: url, to: to, own: own, ctx: ctx, cancel: cancel}
	s.lock()
	defer s.unlock()
	if err := s.endedLocked(); err != nil {
		cancel()
		return nil, err
	}
	d.configure(&s.cfg)
	s.dialers = append(s.dialers, d)
	return d, nil
}

func (s *socket) removeDialer(d *Dialer) {
	s.lock()
	defer s.unlock()
	s.dialers = slices.DeleteFunc(s.dialers, func(x *Dialer) bool { return x == d })
}

// configure sets what a new dialer begins with.
func (d *Dialer) configure(cfg *Config) {
	d.cfg = *cfg
	d.own.apply(&d.cfg)
}

// stop ends dialing, but not the connection.
func (d *Dialer) stop() { d.cancel() }

func (d *Dialer) stopped() bool { return d.ctx.Err() != nil }

func (d *Dialer) mode() DialMode {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cfg.DialMode
}

// URL is the URL that the dialer dials.
func (d *Dialer) URL() string { return d.url }

// LastError is why the last attempt failed or the last connection ended; nil
// while connected.
func (d *Dialer) LastError() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// NextAttempt is when the dialer tries again; zero while it is connected or
// connecting for the first time.
func (d *Dialer) NextAttempt() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.next
}

// Socket is the socket that the dialer belongs to: the value that its constructor
// returns. pynng: Dialer.socket.
func (d *Dialer) Socket() Socket { return d.s.public() }

// Pipes is the dialer's connection, if it has one.
func (d *Dialer) Pipes() []*Pipe {
	return slices.DeleteFunc(d.s.Pipes(), func(p *Pipe) bool { return p.Dialer() != d })
}

// Stats are the dialer's counters.
func (d *Dialer) Stats() ConnectStats {
	d.s.lock()
	defer d.s.unlock()
	return d.stats
}

// Close stops dialing and disconnects at once, as [Pipe.Close] does. nng:
// nng_dialer_close.
func (d *Dialer) Close() error {
	d.stop()
	d.s.removeDialer(d)
	d.mu.Lock()
	p := d.pipe
	d.mu.Unlock()
	if p != nil {
		p.closeWith(d.s.opError("dial", d.url, ErrClosed))
	}
	return nil
}

// attemptTimeout bounds one attempt: the operating system's own bound on a
// connection that nobody answers is minutes.
const attemptTimeout = 15 * time.Second

// hopeless reports whether err says that no attempt can ever succeed.
func hopeless(err error) bool { return errors.Is(err, transport.ErrAddressInvalid) }

// once reports whether the address can be dialed once only, as a descriptor can.
func (d *Dialer) once() bool { return d.to.once() }

// connect makes the first attempt and returns its outcome. When the attempt fails, and
// the mode is not to give up, connect starts the goroutine that goes on trying. When a
// connection ends, its goroutine calls redial.
func (d *Dialer) connect(t *task.Task) error {
	err := d.attempt(t)
	if err == nil {
		return nil
	}
	mode := d.mode()
	d.failed(err)
	if mode == DialWait || mode == DialRetry && (hopeless(err) || d.once()) {
		return err
	}
	if d.once() {
		d.s.log(slog.LevelWarn, "cannot connect", "url", d.url, "error", loggable(err))
		d.Close()
		return err
	}
	logger := d.s.logger()
	if logger == nil && mode == DialRetry {
		logger = slog.Default() // Dial returns no error, so the log has to tell
	}
	d.logFailure(logger, err)
	d.s.start(d.url, d.retry)
	return err
}

// retry is the goroutine of a dialer that is not connected.
func (d *Dialer) retry(t *task.Task) {
	for {
		pause := time.NewTimer(d.pause())
		select {
		case <-pause.C:
		case <-d.ctx.Done():
			pause.Stop()
			return
		}
		err := d.attempt(t)
		if err == nil {
			return
		}
		d.failed(err)
		d.logFailure(d.s.logger(), err)
	}
}

// redial is called when the connection has ended. received says whether a message had
// come over it.
func (d *Dialer) redial(received bool) {
	d.mu.Lock()
	if p := d.pipe; p != nil {
		d.err = p.Err()
		if received || time.Since(d.since) > d.cfg.longestPause() {
			d.delay = 0 // the connection was of use: the pauses begin small again
		}
	}
	d.pipe = nil
	d.mu.Unlock()
	switch {
	case d.stopped():
	case d.once():
		d.Close()
	default:
		d.s.start(d.url, d.retry)
	}
}

// attempt tries once to connect.
func (d *Dialer) attempt(t *task.Task) error {
	d.mu.Lock()
	cfg := d.cfg
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(d.ctx, attemptTimeout)
	defer cancel()
	conn, err := d.to.dial(ctx, cfg.transport(d.s.Protocol()))
	if err != nil {
		if d.stopped() {
			err = ErrClosed
		}
		// The error of a DialContext of the program may be of any kind.
		return d.s.opError("dial", d.url, classifyOr(err, ErrUnreachable))
	}
	return d.s.opError("dial", d.url, d.adopt(ctx, t, conn, cfg.Priority))
}

// adopt makes a peer of a new connection.
func (d *Dialer) adopt(ctx context.Context, t *task.Task, conn transport.Conn, priority int) error {
	p := &Pipe{s: d.s, conn: conn, dialer: d, url: d.url}
	p.init(priority)
	d.mu.Lock()
	d.pipe, d.since, d.next = p, time.Now(), time.Time{}
	d.mu.Unlock()
	if d.stopped() { // Close has not seen the pipe
		p.closeWith(ErrClosed)
	}
	if err := p.add(ctx, t); err != nil {
		d.mu.Lock()
		d.pipe = nil
		d.mu.Unlock()
		return err
	}
	d.mu.Lock()
	if d.pipe == p { // the pipe may have ended meanwhile
		d.err, d.logged = nil, false
	}
	d.mu.Unlock()
	return nil
}

// failed notes and counts a failed attempt.
func (d *Dialer) failed(err error) {
	if d.stopped() {
		return
	}
	d.s.lock()
	d.countLocked((*ConnectStats).failed)
	d.s.unlock()
	d.mu.Lock()
	d.err = err
	d.mu.Unlock()
}

// countLocked counts for the dialer and the socket.
func (d *Dialer) countLocked(event func(*ConnectStats)) {
	event(&d.stats)
	d.s.countLocked(event)
}

// logFailure logs the first failure since the last connection as a warning, and the
// others for debugging.
func (d *Dialer) logFailure(l *slog.Logger, err error) {
	if l == nil || d.stopped() {
		return
	}
	level := slog.LevelWarn
	d.mu.Lock()
	if d.logged {
		level = slog.LevelDebug
	}
	d.logged = true
	d.mu.Unlock()
	d.s.logTo(l, level, "cannot connect, trying again", "url", d.url, "error", loggable(err))
}

// pause is how long to wait before the next attempt. It is shortened at random, so that
// many dialers that lost the same peer do not come back at once.
func (d *Dialer) pause() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.delay = d.cfg.nextPause(d.delay)
	pause := d.delay/2 + rand.N(d.delay/2+1)
	d.next = time.Now().Add(pause)
	return pause
}

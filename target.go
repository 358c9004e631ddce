package gonng

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/gonng/gonng/internal/task"
	"github.com/gonng/gonng/transport"
)

// target is what a dialer keeps one connection to: its URL, or one address of the name in its
// URL. Its fields are guarded by Dialer.mu, but for those that do not change.
type target struct {
	d       *Dialer
	to      endpointURL
	address netip.AddrPort // to connect to instead of the host in the URL; see Dialer.addresses
	ctx     context.Context
	cancel  context.CancelFunc

	trials
	pipe    *Pipe     // the connection, if there is one
	since   time.Time // when the connection began
	missing int       // the last look-ups that succeeded and did not have the address
	retired bool      // nothing new is sent to it: it is about to end
}

func (d *Dialer) newTarget(to endpointURL, address netip.AddrPort) *target {
	ctx, cancel := context.WithCancel(d.ctx)
	return &target{d: d, to: to, address: address, ctx: ctx, cancel: cancel}
}

// attemptTimeout bounds one attempt: the operating system's own bound on a
// connection that nobody answers is minutes.
const attemptTimeout = 15 * time.Second

// hopeless reports whether err says that no attempt can ever succeed.
func hopeless(err error) bool { return errors.Is(err, transport.ErrAddressInvalid) }

// once reports whether the address can be dialed once only, as a descriptor can.
func (d *Dialer) once() bool { return d.to.once() }

// pipes are those of the dialer.
func (t *target) pipes() *walked[*Pipe] { return &t.d.pipes }

func (t *target) stopped() bool { return t.ctx.Err() != nil }

// connect makes the first attempt and returns its outcome. When the attempt fails, and
// the mode is not to give up, connect starts the goroutine that goes on trying. When a
// connection ends, its goroutine calls redial. tell says that a failure is to be logged in
// any case, as Dial returns no error.
func (t *target) connect(task *task.Task, tell bool) error {
	d := t.d
	err := t.attempt(task)
	if err == nil || t.stopped() {
		return err
	}
	mode := d.mode()
	if d.to.name == nil && (mode == DialWait || mode == DialRetry && (hopeless(err) || d.once())) {
		t.count(d, err)
		return err
	}
	if d.once() {
		t.count(d, err)
		d.s.log(slog.LevelWarn, "cannot connect", "url", d.url, "error", shortened(err))
		d.Close()
		return err
	}
	t.failed(d, err, "cannot connect, trying again", tell)
	d.start(t.retry)
	return err
}

// retry is the goroutine of a target that is not connected.
func (t *target) retry(task *task.Task) {
	for t.wait(t.d, t.ctx) {
		err := t.attempt(task)
		if err == nil || t.stopped() {
			return
		}
		t.failed(t.d, err, "cannot connect, trying again", false)
	}
}

// redial is called when the connection has ended. received says whether a message had
// come over it.
func (t *target) redial(received bool) {
	d := t.d
	d.mu.Lock()
	if p := t.pipe; p != nil {
		t.err = p.Err()
		if received || time.Since(t.since) > d.cfg.longestPause() {
			t.delay = 0 // the connection was of use: the pauses begin small again
		}
	}
	t.pipe = nil
	d.mu.Unlock()
	switch {
	case t.stopped():
	case d.once():
		d.Close()
	default:
		d.start(t.retry)
	}
}

// attempt tries once to connect.
func (t *target) attempt(task *task.Task) error {
	d := t.d
	d.mu.Lock()
	cfg := d.cfg
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.ctx, attemptTimeout)
	defer cancel()
	c := cfg.transport(d.s.Protocol())
	if !inBrowser && t.address.IsValid() {
		c.DialContext = t.toAddress(c.DialContext)
	}
	conn, err := t.to.dial(ctx, c)
	if err != nil {
		if t.stopped() {
			err = ErrClosed
		}
		// The error of a DialContext of the program may be of any kind.
		return d.s.opError("dial", d.url, classifyOr(err, ErrUnreachable))
	}
	return d.s.opError("dial", d.url, t.adopt(ctx, task, conn, &cfg))
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// toAddress makes a function to connect that connects to the target's address by dial, where
// the transport asks for the name. nil: by a net.Dialer.
func (t *target) toAddress(dial dialFunc) dialFunc {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, hostPort string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(hostPort)
		if err != nil {
			return nil, err
		}
		if host != t.to.name.host {
			return nil, errorf(ErrNotSupported, "the way to %s leads through the proxy %s, which looks names up by itself: dial without dns+", t.to.name.host, hostPort)
		}
		return dial(ctx, network, net.JoinHostPort(t.address.Addr().String(), port))
	}
}

// adopt makes a peer of a new connection.
func (t *target) adopt(ctx context.Context, task *task.Task, conn transport.Conn, cfg *Config) error {
	d := t.d
	p := &Pipe{s: d.s, conn: conn, target: t, foreign: d.foreignBy(cfg)}
	p.init(cfg.Priority)
	d.mu.Lock()
	t.pipe, t.since, t.next = p, time.Now(), time.Time{}
	d.mu.Unlock()
	if t.stopped() { // Close has not seen the pipe
		p.closeWith(ErrClosed)
	}
	if err := p.add(ctx, task); err != nil {
		d.mu.Lock()
		t.pipe = nil
		d.mu.Unlock()
		return err
	}
	d.mu.Lock()
	if t.pipe == p { // the pipe may have ended meanwhile
		t.succeededLocked()
	}
	d.mu.Unlock()
	return nil
}

// trials are attempts at something of a dialer that may fail: to connect, or to look a name
// up. Dialer.mu guards them.
type trials struct {
	delay  time.Duration // the pause before the next attempt; 0: none yet
	next   time.Time     // when that is; zero while connected
	err    error         // the last failure
	logged bool          // a failure since the last success was logged
	told   Error         // the kind of the last failure since then that Events has; 0: none
}

// failed counts and logs an attempt that failed: the first since the last success as a
// warning, the others for debugging. tell says that the log has to tell, if there is none
// that of the process.
func (a *trials) failed(d *Dialer, err error, what string, tell bool) {
	a.count(d, err)
	l, level := d.s.logger(), slog.LevelWarn
	if l == nil && tell {
		l = slog.Default()
	}
	if l == nil || d.stopped() {
		return
	}
	d.mu.Lock()
	if a.logged {
		level = slog.LevelDebug
	}
	a.logged = true
	d.mu.Unlock()
	d.s.logTo(l, level, what, "url", d.url, "error", shortened(err))
}

// succeededLocked forgets the last failure. The dialer is locked.
func (a *trials) succeededLocked() { a.err, a.logged, a.told = nil, false, 0 }

// count notes and counts an attempt that failed. Events has the first failure of its kind
// since the last success: the others would push out what else has happened.
func (a *trials) count(d *Dialer, err error) {
	if d.stopped() {
		return
	}
	d.s.lock()
	d.countLocked((*ConnectStats).failed)
	d.s.unlock()
	kind := kindIn(err)
	d.mu.Lock()
	a.err = err
	news := kind != a.told
	a.told = kind
	d.mu.Unlock()
	if news {
		d.s.happens(Event{Kind: EventDialFailed, URL: d.url, Err: shortened(err)})
	}
}

// wait waits until it is time for the next attempt, and reports whether ctx goes on. The
// pause is shortened at random, so that many dialers that lost the same peer do not come back
// at once.
func (a *trials) wait(d *Dialer, ctx context.Context) bool {
	d.mu.Lock()
	a.delay = d.cfg.nextPause(a.delay)
	pause := a.waitAtMost(a.delay)
	d.mu.Unlock()
	return sleep(ctx, pause)
}

// waitAtMost returns a pause of up to d, shortened by up to a half, and notes its end.
func (a *trials) waitAtMost(d time.Duration) time.Duration {
	pause := d/2 + rand.N(d/2+1)
	a.next = time.Now().Add(pause)
	return pause
}

// sleep returns after d, or false when ctx ends before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

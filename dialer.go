package gonng

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gonng/gonng/internal/task"
)

// Dialer keeps a socket connected to one URL: by one connection or, where the URL has a name
// with many addresses (dns+tcp:// and the like), by one to each address. nng: nng_dialer;
// pynng: Dialer.
type Dialer struct {
	s      *socket
	url    string
	to     endpointURL
	ctx    context.Context
	cancel context.CancelFunc

	stats ConnectStats  // guarded by s.mu
	pipes walked[*Pipe] // guarded by s.mu

	mu      sync.Mutex // taken after the socket's lock
	cfg     Config
	own     settings  // the options of this dialer alone
	lookUps trials    // of the name, if the URL has one with many addresses
	targets []*target // what it keeps a connection to: the URL, or the addresses of the name
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
	d.start(func(t *task.Task) { first <- d.connect(t) })
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
	d := &Dialer{s: s, url: withoutPassword(url), to: to, own: own, ctx: ctx, cancel: cancel}
	if to.name == nil {
		d.targets = []*target{d.newTarget(to, netip.AddrPort{})}
	}
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

// connect makes the first attempt and returns its outcome. The dialer goes on by itself.
func (d *Dialer) connect(t *task.Task) error {
	tell := d.mode() == DialRetry
	if !inBrowser && d.to.name != nil {
		return d.connectName(tell)
	}
	return d.targets[0].connect(t, tell)
}

// stop ends dialing, but not the connections.
func (d *Dialer) stop() { d.cancel() }

func (d *Dialer) stopped() bool { return d.ctx.Err() != nil }

func (d *Dialer) mode() DialMode {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cfg.DialMode
}

// foreign names what of an attempt is not gonng's, see endpointURL.foreign.
func (d *Dialer) foreign() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return cmp.Or(d.foreignBy(&d.cfg), d.cfg.functionOfTLS(d.url))
}

// foreignBy names what of a connection that was made with cfg is not gonng's.
func (d *Dialer) foreignBy(cfg *Config) string {
	if cfg.DialContext != nil {
		return "the function of WithDialContext for " + d.url + ", or a connection of it,"
	}
	return d.to.foreign(d.url)
}

// URL is the URL that the dialer dials, with xxxxx for a password. nng: NNG_OPT_URL.
func (d *Dialer) URL() string { return d.url }

// LastError is why the last attempt failed or the last connection ended; nil while
// connected. Where the URL has a name with many addresses, it is why the last look-up
// failed; else the error of the first address that is not connected; nil if all are.
func (d *Dialer) LastError() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.lookUps.err
	for _, t := range d.targets {
		if err == nil && !t.retired {
			err = t.err
		}
	}
	return err
}

// NextAttempt is when the dialer tries again; zero while it is connected or connecting for
// the first time. Where the URL has a name with many addresses, it is when the dialer tries
// the next address that is not connected; or looks the name up again, if it has none.
func (d *Dialer) NextAttempt() (next time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.targets) == 0 {
		return d.lookUps.next
	}
	for _, t := range d.targets {
		if !t.retired && !t.next.IsZero() && (next.IsZero() || t.next.Before(next)) {
			next = t.next
		}
	}
	return next
}

// Socket is the socket that the dialer belongs to: the value that its constructor
// returns. pynng: Dialer.socket.
func (d *Dialer) Socket() Socket { return d.s.public() }

// Pipes are the dialer's connections: one at most, unless its URL has a name with many
// addresses.
func (d *Dialer) Pipes() []*Pipe { return d.s.snapshot(&d.pipes) }

// Stats are the dialer's counters. nng: nng_stats_get.
func (d *Dialer) Stats() ConnectStats {
	d.s.lock()
	defer d.s.unlock()
	return d.stats
}

// Close stops dialing and disconnects at once, as [Pipe.Close] does. The error is always
// nil. nng: nng_dialer_close; pynng: Dialer.close.
func (d *Dialer) Close() error {
	d.stop()
	d.s.removeDialer(d)
	for _, p := range d.connections() {
		p.closeWith(d.s.opError("dial", d.url, ErrClosed))
	}
	return nil
}

// connections are the pipes, also those that are not in Pipes yet.
func (d *Dialer) connections() (pipes []*Pipe) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.targets {
		if t.pipe != nil {
			pipes = append(pipes, t.pipe)
		}
	}
	return pipes
}

// countLocked counts for the dialer and the socket.
func (d *Dialer) countLocked(event func(*ConnectStats)) {
	event(&d.stats)
	d.s.countLocked(event)
}

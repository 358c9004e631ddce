package gonng

import (
	"fmt"
	"slices"

	"github.com/gonng/gonng/internal/inet"
	"github.com/gonng/gonng/transport"
)

// Set changes options of a socket of any type, by the rules of [Req0.Set]. The method Set of
// a socket also takes the options of its protocol. ErrInvalid: s is nil. nng: nng_socket_set.
func Set(s Socket, opts ...SocketOption) error {
	if s == nil {
		return fmt.Errorf("gonng: set: %w", errorf(ErrInvalid, "the socket is nil"))
	}
	return set(s.base(), opts)
}

func (s *socket) base() *socket { return s }

// Set changes options of the socket: all of them, or none when one is refused (ErrInvalid,
// ErrNotSupported). ErrClosed: the socket is closed.
//
// The dialers and listeners of the socket use the new values, such as the receive limit, for
// the connections to come. They keep a value that was given to them alone, and a listener
// keeps an option that its transport cannot change. Options that are used when a dialer or
// listener is made, such as [WithDialMode] and [WithIPCPermissions], reach later ones only.
// Contexts keep their values.
//
// Set carries out [WithDial] and [WithListen] last, and returns the first error of theirs;
// the other options are changed then. nng: nng_socket_set.
func (s *socket) Set(opts ...SocketOption) error { return set(s, opts) }

// set changes options, all or none. Then it adds hooks, dials and listens, as they ask.
func set[O option](s *socket, opts []O) error {
	list, err := settingsOf(s, opts)
	if err == nil {
		err = s.change(list)
	}
	if err != nil {
		return s.opError("set", "", err)
	}
	for _, t := range list {
		if t.hook != nil {
			t.hook(s)
		}
	}
	for _, t := range list {
		if t.start == nil {
			continue
		}
		if err := t.start(s); err != nil {
			return err
		}
	}
	return nil
}

// change makes the changes of list to the socket, its dialers and its listeners.
func (s *socket) change(list settings) error {
	s.lock()
	if s.closed {
		s.unlock()
		return errSocketClosed
	}
	for _, l := range s.listeners {
		if _, err := l.changedLocked(l.reachedByLocked(list)); err != nil {
			s.unlock()
			return fmt.Errorf("%s: %w", l.URL(), err)
		}
	}
	list.apply(&s.cfg)
	s.cfgVersion.Add(1)
	s.given = s.given.with(list)
	s.configureLocked()
	s.subscribeLocked(list.topics())
	for _, d := range s.dialers {
		d.inheritLocked()
	}
	listeners := slices.Clone(s.listeners)
	s.unlock()
	for _, l := range listeners {
		_ = l.inherit() // the checks above have passed
	}
	return nil
}

// Config returns a copy of the values of all options. nng: nng_socket_get.
func (s *socket) Config() Config {
	s.lock()
	defer s.unlock()
	return s.cfg.copy()
}

// outsideLocked is a copy of cfg, that of a dialer or listener, with the socket's values
// of what a dialer or listener does not have.
func (s *socket) outsideLocked(end ends, cfg Config) Config { return s.given.outside(end, cfg) }

// outsideContextLocked is a copy of cfg, that of a context, with the socket's values of
// what a context does not have.
func (s *socket) outsideContextLocked(cfg *Config) Config {
	return s.given.outsideContext(s.protocol, *cfg)
}

// endSettings returns the settings of options for a dialer or listener at to. It refuses
// those that the transport of to would ignore.
func endSettings[O option](s *socket, to endpointURL, opts []O) (settings, error) {
	list, err := settingsOf(s, opts)
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		if err := t.suitsTransport(to); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// inheritLocked takes over the socket's new options, but for those that the dialer was given
// itself. The caller holds the socket's lock.
func (d *Dialer) inheritLocked() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.s.given.forEnd(dialing, d.own).apply(&d.cfg)
}

// Set changes options of this dialer: all of them, or none when one is refused (ErrInvalid,
// ErrNotSupported). They hold from the next attempt to connect on. [WithDialMode] is
// ErrNotSupported, because it is used only when the dialer is made. ErrClosed: the dialer is
// closed. nng: nng_dialer_set.
func (d *Dialer) Set(opts ...DialOption) error {
	list, err := endSettings(d.s, d.to, opts)
	if err == nil {
		err = d.change(list)
	}
	return d.s.opError("set", d.url, err)
}

// change makes the changes of list to this dialer.
func (d *Dialer) change(list settings) error {
	if err := list.tooLate("Dial"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx.Err() != nil {
		return errorf(ErrClosed, "the dialer is closed")
	}
	d.own = d.own.with(list)
	list.apply(&d.cfg)
	return nil
}

// tooLate refuses options that are used only when a dialer or listener is made, which the
// method of that name does.
func (list settings) tooLate(method string) error {
	for _, t := range list {
		if err := t.tooLate(method); err != nil {
			return err
		}
	}
	return nil
}

// Config returns a copy of the values of all options for the next connection: the dialer's,
// and those of the socket for options that a dialer does not have. nng: nng_dialer_get.
func (d *Dialer) Config() Config {
	d.s.lock()
	defer d.s.unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.s.outsideLocked(dialing, d.cfg)
}

// inherit takes over the socket's new options, but for those that the listener was given
// itself and those that its transport cannot change.
func (l *Listener) inherit() error {
	l.telling.Lock()
	defer l.telling.Unlock()
	l.s.lock()
	given := l.reachedByLocked(l.s.given)
	cfg, err := l.changedLocked(given)
	if err != nil {
		l.s.unlock()
		return err
	}
	l.cfg = cfg
	l.s.unlock()
	if r, ok := l.l.(transport.Reconfigurable); ok && len(given) > 0 {
		r.SetConfig(cfg.transport(l.s.Protocol()))
	}
	return nil
}

// reachedByLocked returns those of the socket's settings that reach the listener: not those
// that it was given itself, nor those that its transport cannot change.
func (l *Listener) reachedByLocked(given settings) settings {
	given = given.forEnd(listening, l.own)
	if _, ok := l.l.(transport.Reconfigurable); !ok {
		given = slices.DeleteFunc(given, func(t *setting) bool { return t.byTransport })
	}
	return given
}

// Set changes options of this listener for the connections to come: all of them, or none when
// one is refused (ErrInvalid, ErrNotSupported). Options that are used when the listener is
// bound, such as [WithIPCPermissions], are ErrNotSupported, and so are options that the
// transport carries out but cannot change on a bound listener. ErrClosed: the listener is
// closed. nng: nng_listener_set.
func (l *Listener) Set(opts ...ListenOption) error {
	list, err := endSettings(l.s, l.to, opts)
	if err == nil {
		err = l.change(list)
	}
	return l.s.opError("set", l.URL(), err)
}

// change makes the changes of list to this listener, and tells its transport.
func (l *Listener) change(list settings) error {
	if err := list.tooLate("Listen"); err != nil {
		return err
	}
	r, ok := l.l.(transport.Reconfigurable)
	if !ok {
		if err := list.unchangeable(l.to); err != nil {
			return err
		}
	}
	l.telling.Lock()
	defer l.telling.Unlock()
	l.s.lock()
	if l.ctx.Err() != nil {
		l.s.unlock()
		return errorf(ErrClosed, "the listener is closed")
	}
	cfg, err := l.changedLocked(list)
	if err != nil {
		l.s.unlock()
		return err
	}
	l.own, l.cfg = l.own.with(list), cfg
	l.s.unlock()
	if ok {
		r.SetConfig(cfg.transport(l.s.Protocol()))
	}
	return nil
}

// changedLocked is the listener's configuration after the changes of list. It refuses a
// configuration of TLS with which a listener that can prove who it is no longer could.
func (l *Listener) changedLocked(list settings) (Config, error) {
	cfg := l.cfg
	list.apply(&cfg)
	if !l.to.knows(transport.OptTLS) || inet.Certified(l.to.scheme, l.cfg.TLS) != nil {
		return cfg, nil
	}
	return cfg, classify(inet.Certified(l.to.scheme, cfg.TLS))
}

// unchangeable refuses what a transport carries out that cannot change it.
func (list settings) unchangeable(to endpointURL) error {
	for _, t := range list {
		if err := t.unchangeable(to); err != nil {
			return err
		}
	}
	return nil
}

// Config returns a copy of the values of all options for the next connection: the listener's,
// and those of the socket for options that a listener does not have. nng: nng_listener_get.
func (l *Listener) Config() Config {
	l.s.lock()
	defer l.s.unlock()
	return l.s.outsideLocked(listening, l.cfg)
}

package gonng

import (
	"slices"
	"sync"

	"github.com/gonng/gonng/transport"
)

// Set changes options of s, of which the program knows only that it is a socket.
// The types of sockets have a method Set, which takes the options of their
// protocol, too: see [Req0.Set], whose rules are the same.
func Set(s Socket, opts ...SocketOption) error { return set(s.base(), opts) }

func (s *socket) base() *socket { return s }

// Set changes options: all or, when one is refused, none. What dialers and
// listeners have, such as the receive limit, reaches those that exist, for the
// connections to come, unless they were given a value of their own; a listener
// whose transport cannot change an option keeps it. What counts when they are
// made, as [WithDialMode] and [WithIPCPermissions], reaches later ones. Contexts
// are not reached. [WithDial] and [WithListen] are carried out last. ErrClosed:
// the socket is closed.
func (s *socket) Set(opts ...SocketOption) error { return set(s, opts) }

// set applies options, all or none, and then does what they ask for.
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

func (s *socket) change(list settings) error {
	s.lock()
	if s.closed {
		s.unlock()
		return errSocketClosed
	}
	list.apply(&s.cfg)
	s.cfg.topics = list.topics()
	s.given = s.given.with(list)
	s.configureLocked()
	s.endpoint.subscribeLocked(s.cfg.topics)
	s.cfg.topics = nil
	for _, d := range s.dialers {
		d.inherit()
	}
	listeners := slices.Clone(s.listeners)
	s.unlock()
	for _, l := range listeners {
		l.inherit()
	}
	return nil
}

// Config is a copy of the values of all options. See [Socket].
func (s *socket) Config() Config {
	s.lock()
	defer s.unlock()
	return s.cfg.copy()
}

// endSettings refuses what a dialer or listener at to cannot honour.
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

// inherit takes over what the socket was given. The socket's mu is held.
func (d *Dialer) inherit() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.s.given.forEnd(dialing, d.own).apply(&d.cfg)
}

// Set changes options of this dialer, from the next attempt to connect on: all
// or, when one is refused, none. [WithDialMode] is ErrNotSupported: it counts
// when the dialer is made. ErrClosed: the dialer is closed.
func (d *Dialer) Set(opts ...DialOption) error {
	list, err := endSettings(d.s, d.to, opts)
	if err == nil {
		err = d.change(list)
	}
	return d.s.opError("set", d.url, err)
}

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

// tooLate refuses what counts when a dialer or listener is made, by the method
// of that name.
func (list settings) tooLate(method string) error {
	for _, t := range list {
		if t.making {
			return errorf(ErrNotSupported, "%s comes too late: it is for %s, or for the socket before", t.name, method)
		}
	}
	return nil
}

// Config is a copy of the values of all options as they are for the next
// connection: the dialer's own and, for the rest, the socket's.
func (d *Dialer) Config() Config {
	d.s.lock()
	defer d.s.unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.s.given.outside(dialing, d.cfg)
}

// listenConfig is what a new listener begins with.
func (s *socket) listenConfig(opts []ListenOption, to endpointURL) (*listenerConfig, error) {
	own, err := endSettings(s, to, opts)
	if err != nil {
		return nil, err
	}
	c := &listenerConfig{to: to, own: own, cfg: s.Config()}
	own.apply(&c.cfg)
	return c, nil
}

// listenerConfig is the configuration of a listener.
type listenerConfig struct {
	to      endpointURL
	telling sync.Mutex // held while the transport is told, before the socket's mu
	own     settings   // what the listener was given itself; guarded by the socket's mu
	cfg     Config     // guarded by the socket's mu
}

// inherit takes over what the socket was given.
func (l *Listener) inherit() {
	r, ok := l.l.(transport.Reconfigurable)
	l.telling.Lock()
	defer l.telling.Unlock()
	l.s.lock()
	given := l.s.given.forEnd(listening, l.own)
	if !ok {
		given = slices.DeleteFunc(given, func(t *setting) bool { return t.carried })
	}
	given.apply(&l.cfg)
	cfg := l.cfg
	l.s.unlock()
	if ok && len(given) > 0 {
		r.SetConfig(cfg.transport(l.s.protocol))
	}
}

// Set changes options of this listener for the connections to come: all or, when
// one is refused, none. Options that count when the listener is bound, such as
// [WithIPCPermissions], are ErrNotSupported, and so are those that the transport
// carries out where it cannot change them. ErrClosed: the listener is closed.
func (l *Listener) Set(opts ...ListenOption) error {
	list, err := endSettings(l.s, l.to, opts)
	if err == nil {
		err = l.change(list)
	}
	return l.s.opError("set", l.URL(), err)
}

func (l *Listener) change(list settings) error {
	if err := list.tooLate("Listen"); err != nil {
		return err
	}
	r, ok := l.l.(transport.Reconfigurable)
	if !ok {
		for _, t := range list {
			if t.carried {
				return errorf(ErrNotSupported, "%s: the transport of %s:// cannot change it on a listener that is bound", t.name, l.to.scheme)
			}
		}
	}
	l.telling.Lock()
	defer l.telling.Unlock()
	l.s.lock()
	if l.ctx.Err() != nil {
		l.s.unlock()
		return errorf(ErrClosed, "the listener is closed")
	}
	l.own = l.own.with(list)
	list.apply(&l.cfg)
	cfg := l.cfg
	l.s.unlock()
	if ok {
		r.SetConfig(cfg.transport(l.s.protocol))
	}
	return nil
}

// Config is a copy of the values of all options as they are for the next
// connection: the listener's own and, for the rest, the socket's.
func (l *Listener) Config() Config {
	l.s.lock()
	defer l.s.unlock()
	return l.s.given.outside(listening, l.cfg)
}

package gonng

import "slices"

// contextBase is the common part of all contexts: options and an end of their own,
// on the connections of the socket.
type contextBase struct{ e *endpoint }

// newContext makes a context with the socket's present options.
func (s *socket) newContext() (contextBase, error) {
	s.lock()
	defer s.unlock()
	if s.closed {
		return contextBase{}, s.opError("context", "", errSocketClosed)
	}
	cfg := s.cfg
	cfg.topics = nil
	return contextBase{&endpoint{s: s, core: s.proto.NewEndpoint(), own: &cfg}}, nil
}

// Close gives up what the context was doing. Calls that wait return ErrClosed.
// Other contexts and the socket are left alone. nng: nng_ctx_close.
func (c contextBase) Close() error {
	c.e.s.lock()
	defer c.e.s.unlock()
	if !c.e.gone {
		c.e.gone = true
		c.e.core.Close()
	}
	return nil
}

// setContext changes options of a context, all or none.
func setContext[O option](c contextBase, opts []O) error {
	s := c.e.s
	list, err := settingsOf(s, opts)
	for _, t := range list {
		if err = t.suitsContext(s); err != nil {
			break
		}
	}
	if err == nil {
		err = c.change(list)
	}
	return s.opError("set", "", err)
}

func (c contextBase) change(list settings) error {
	c.e.s.lock()
	defer c.e.s.unlock()
	if c.e.endedLocked() != nil {
		return c.e.endedLocked()
	}
	list.apply(c.e.own)
	c.e.core.Configure(c.e.own.protocol())
	c.e.subscribeLocked(list.topics())
	return nil
}

// Config is a copy of the values of all options: the context's own and, for the
// rest, the socket's.
func (c contextBase) Config() Config {
	s := c.e.s
	s.lock()
	defer s.unlock()
	cfg := c.e.own.copy()
	for _, t := range s.given {
		if !slices.Contains(t.contexts, s.protocol) {
			t.change(&cfg)
		}
	}
	return cfg
}

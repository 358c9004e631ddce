package gonng

// newEndpoint makes the endpoint of a new context.
func (s *socket) newEndpoint() (*endpoint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, s.opError("context", "", ErrClosed)
	}
	cfg := s.cfg
	return &endpoint{s: s, own: &cfg}, nil
}

// setEndpoint applies options to a context.
func setEndpoint[O option](e *endpoint, opts []O) error {
	e.s.mu.Lock()
	defer e.s.mu.Unlock()
	cfg := *e.own
	err := apply(&cfg, opts)
	if err == nil && (cfg.start != nil || cfg.hooks != nil) {
		err = because(ErrNotSupported, "a context has no connections of its own: set this on the socket")
	}
	if err != nil {
		return e.s.opError("set", "", err)
	}
	cfg.explicit = 0
	*e.own = cfg
	return nil
}

// closeWith closes a context once; forget drops its state, with the socket's
// mutex held.
func (e *endpoint) closeWith(forget func()) {
	e.s.mu.Lock()
	defer e.s.mu.Unlock()
	if !e.closed {
		e.closed = true
		forget()
	}
}

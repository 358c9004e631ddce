package gonng

// scope is the common part of all contexts: options and an end of their own,
// on the connections of the socket.
type scope[O option] struct {
	e     *endpoint
	state interface{ abandon() }
}

// newScope makes the scope of a new context with the socket's present options.
// abandon is called when it is closed, with the socket's mutex held.
func newScope[O option](s *socket, state interface{ abandon() }) (scope[O], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return scope[O]{}, s.opError("context", "", errSocketClosed)
	}
	cfg := s.cfg
	return scope[O]{&endpoint{s: s, own: &cfg}, state}, nil
}

// Set changes options of this context only: O is what its socket's constructor
// takes, [ReqOption] for a ReqContext. A context has timeouts of its own
// and what belongs to its state: the receive buffer, topics and what to drop of a
// subscriber, the resend time, the survey time. The rest is the socket's, and
// ErrNotSupported here.
func (c scope[O]) Set(opts ...O) error {
	c.e.s.mu.Lock()
	defer c.e.s.mu.Unlock()
	cfg := *c.e.own
	err := apply(&cfg, opts)
	if err == nil && (cfg.start != nil || cfg.hooks != nil || cfg.shared() != c.e.own.shared()) {
		err = errorf(ErrNotSupported, "a context has only times and a state of its own: set the rest on the socket")
	}
	if err != nil {
		return c.e.s.opError("set", "", err)
	}
	cfg.explicit = 0
	*c.e.own = cfg
	if configured, ok := c.state.(configured); ok {
		configured.configure(c.e.own)
	}
	return nil
}

// Close gives up what the context was doing. Calls that wait return ErrClosed.
// Other contexts and the socket are left alone. nng: nng_ctx_close.
func (c scope[O]) Close() error {
	c.e.s.mu.Lock()
	defer c.e.s.mu.Unlock()
	if !c.e.closed {
		c.e.closed = true
		c.state.abandon()
	}
	return nil
}

package gonng

// newContext makes a context with the socket's present options: an endpoint with options
// and an end of its own, on the connections of the socket.
func (s *socket) newContext() (*endpoint, error) {
	s.lock()
	defer s.unlock()
	if err := s.endedLocked(); err != nil {
		return nil, s.opError("context", "", err)
	}
	cfg := s.cfg
	return &endpoint{s: s, core: s.proto.NewEndpoint(), cfg: &cfg, cfgVersion: s.cfgVersion.Load()}, nil
}

// Close gives up what the context was doing. Calls that wait return ErrClosed.
// Other contexts and the socket are left alone. nng: nng_ctx_close.
func (e *endpoint) Close() error {
	e.s.lock()
	defer e.s.unlock()
	if !e.gone {
		e.gone = true
		e.core.Close()
	}
	return nil
}

// setContext changes options of a context, all or none.
func setContext[O option](e *endpoint, opts []O) error {
	s := e.s
	list, err := settingsOf(s, opts)
	for _, t := range list {
		if err = t.suitsContext(s); err != nil {
			break
		}
	}
	if err == nil {
		err = e.change(list)
	}
	return s.opError("set", "", err)
}

func (e *endpoint) change(list settings) error {
	e.s.lock()
	defer e.s.unlock()
	if err := e.endedLocked(); err != nil {
		return err
	}
	list.apply(e.cfg)
	e.configureLocked()
	e.subscribeLocked(list.topics())
	return nil
}

// Config is a copy of the values of all options: the context's own and, for the
// rest, the socket's.
func (e *endpoint) Config() Config {
	e.s.lock()
	defer e.s.unlock()
	return e.s.outsideContextLocked(e.cfg)
}

// renew gives a context that was used before the socket's present options.
func (s *socket) renew(e *endpoint) {
	version := s.cfgVersion.Load()
	if e.cfgVersion == version {
		return
	}
	s.lock()
	defer s.unlock()
	*e.cfg = s.cfg
	e.configureLocked()
	e.cfgVersion = version
}

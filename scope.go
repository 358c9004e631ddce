package gonng

// scope is the common part of all contexts: options and an end of their own,
// on the connections of the socket.
type scope struct {
	e     *endpoint
	state interface{ abandon() }
}

// newScope makes the scope of a new context with the socket's present options.
// abandon is called when it is closed, with the socket's mutex held.
func newScope(s *socket, state interface{ abandon() }) (scope, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return scope{}, s.opError("context", "", errSocketClosed)
	}
	cfg := s.cfg
	return scope{&endpoint{s: s, own: &cfg}, state}, nil
}

// Close gives up what the context was doing. Calls that wait return ErrClosed.
// Other contexts and the socket are left alone. nng: nng_ctx_close.
func (c scope) Close() error {
	c.e.s.mu.Lock()
	defer c.e.s.mu.Unlock()
	if !c.e.closed {
		c.e.closed = true
		c.state.abandon()
	}
	return nil
}

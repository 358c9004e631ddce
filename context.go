package gonng

import "github.com/gonng/gonng/internal/sp"

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

// protocol is what the state machine of a protocol knows of the configuration.
func (c *Config) protocol() sp.Config {
	return sp.Config{
		RecvBuffer:  c.RecvBuffer,
		SendBuffer:  c.SendBuffer,
		TTL:         c.TTL,
		ResendTime:  c.ResendTime,
		SurveyTime:  c.SurveyTime,
		PreferNew:   c.PreferNew,
		Polyamorous: c.Polyamorous,
	}
}

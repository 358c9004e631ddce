package gonng

import "time"

// WithHandshakeTimeout makes the patience with silent peers short enough for
// tests.
func WithHandshakeTimeout(d time.Duration) SocketOption {
	return forSocket(setting{name: "WithHandshakeTimeout", change: func(c *Config) { c.handshakeTimeout = d }})
}

// ResendTimerRuns reports whether a timer is set to send requests again.
func (x *Req0) ResendTimerRuns() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.pattern.resendAt != 0
}

// Reading reports whether a receiver waits by reading its peer's connection.
func (x *receiver) Reading() bool {
	x.e.s.mu.Lock()
	defer x.e.s.mu.Unlock()
	return x.e.s.loan.reader != nil
}

// Parked is how many calls wait, for whatever it be.
func (s *socket) Parked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.parked
}

// Waiting is how many calls wait for a message.
func (x *receiver) Waiting() (n int) {
	x.e.s.mu.Lock()
	defer x.e.s.mu.Unlock()
	for w := x.source.arrivals().head; w != nil; w = w.next {
		n++
	}
	return n
}

package gonng

import "time"

// WithHandshakeTimeout makes the patience with silent peers short enough for
// tests.
func WithHandshakeTimeout(d time.Duration) SocketOption {
	return socketOption{setting: func(c *Config) error { c.handshakeTimeout = d; return nil }}
}

package gonng

import "time"

// ServeOption is an option for Serve. Serve returns ErrInvalid when a value is out of range,
// or an option is nil.
type ServeOption interface{ forServe(*serveConfig) error }

type serveOption func(*serveConfig) error

func (o serveOption) forServe(c *serveConfig) error { return o(c) }

// serveConfig is all that can be set on Serve.
type serveConfig struct {
	workers int
	grace   time.Duration // how long handlers may go on after the ctx of Serve has ended
}

// newServeConfig returns the configuration of a call of Serve. It returns ErrInvalid when an
// option is refused, or h is nil.
func newServeConfig(s *socket, h Handler, opts []ServeOption) (serveConfig, error) {
	c := serveConfig{workers: 1, grace: s.Config().Linger}
	if h == nil {
		return c, errorf(ErrInvalid, "the handler is nil")
	}
	for i, o := range opts {
		if o == nil {
			return c, errorf(ErrInvalid, "option %d of %d is nil", i+1, len(opts))
		}
		if err := o.forServe(&c); err != nil {
			return c, err
		}
	}
	return c, nil
}

// WithConcurrency lets up to n handlers run at the same time, on n goroutines. Default 1; less
// than 1 is ErrInvalid.
func WithConcurrency(n int) ServeOption {
	return serveOption(func(c *serveConfig) error {
		if n < 1 {
			return errorf(ErrInvalid, "WithConcurrency(%d): want at least 1", n)
		}
		c.workers = n
		return nil
	})
}

// WithGracePeriod sets how long handlers may go on after the ctx of Serve has ended; then
// their own ctx ends. Default: the socket's linger, see [WithLinger]. 0: their ctx ends at
// once. Negative: ErrInvalid.
func WithGracePeriod(d time.Duration) ServeOption {
	return serveOption(func(c *serveConfig) error {
		c.grace = d
		return notNegative("WithGracePeriod", d)
	})
}

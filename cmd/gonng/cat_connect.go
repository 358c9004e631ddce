package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/gonng/gonng"
)

// connect dials or listens.
func (c *cat) connect(ctx context.Context, a catAddr) error {
	tls, err := c.tlsOption(a.url, a.dial)
	if err != nil {
		return err
	}
	if a.dial {
		return c.dial(ctx, a.url, tls)
	}
	var opts []gonng.ListenOption
	if tls != nil {
		opts = append(opts, tls)
	}
	l, err := c.socket.Listen(ctx, a.url, opts...)
	if err != nil {
		return err
	}
	return c.report("Listening at: %s\n", l.URL())
}

// dial waits for the first connection, and fails with it, unless --async or
// --compat says otherwise. A peer of a wrong protocol is such a failure, where
// nngcat goes on and on in silence. That a pair has its peer already is none:
// it may lose it.
func (c *cat) dial(ctx context.Context, url string, tls endpointOption) error {
	try := func(mode gonng.DialMode) (*gonng.Dialer, error) {
		opts := []gonng.DialOption{gonng.WithDialMode(mode)}
		if tls != nil {
			opts = append(opts, tls)
		}
		return c.socket.Dial(ctx, url, opts...)
	}
	mode := gonng.DialWait
	if c.async || c.compat {
		mode = gonng.DialBackground
	}
	d, err := try(mode)
	if errors.Is(err, gonng.ErrBusy) {
		d, err = try(gonng.DialBackground)
	}
	if err != nil {
		return err
	}
	// nngcat says so even when the connection is still to come.
	return c.report("Connected to: %s\n", d.URL())
}

func (c *cat) report(format, url string) error {
	if !c.verbose {
		return nil
	}
	_, err := fmt.Fprintf(c.out, format, url)
	return outputError(err)
}

// close gives what was sent the time to leave. A push may take as long as its
// send may, without a limit if there is no --send-timeout: nngcat's send would
// have waited as long. For the others a peer that does not read must not hold
// up the end of the run: the logger tells what was lost, and nngcat, which
// waits for 200 ms, calls it no error.
func (c *cat) close(ctx context.Context, err error) error {
	if err != nil || !c.protocol.patient {
		_ = c.socket.Close()
		return err
	}
	if c.sendTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.sendTimeout)
		defer cancel()
	}
	return c.socket.Shutdown(ctx)
}

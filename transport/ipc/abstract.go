package ipc

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"runtime"

	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/transport"
)

// Abstract is the transport of abstract://: Linux's Unix sockets that have a name and no
// file. A name is up to 107 bytes of any value, percent-encoded where a URL needs it. The
// kernel chooses a name for a listener whose name is empty. Addresses show names as package
// net does, after an @. nng: abstract.
type Abstract struct{}

// Options implements transport.Transport.
func (Abstract) Options() transport.Options { return transport.OptDialContext }

// Check implements transport.Transport.
func (Abstract) Check(_, name string) error {
	_, err := abstractName(name)
	return err
}

// CheckDial implements transport.DialChecker.
func (Abstract) CheckDial(_, name string) error {
	_, err := dialedName(name)
	return err
}

// Dial implements transport.Transport.
func (Abstract) Dial(ctx context.Context, _, name string, cfg *transport.Config) (transport.Conn, error) {
	decoded, err := dialedName(name)
	if err != nil {
		return nil, err
	}
	return dial(ctx, network, "@"+decoded, dialContext, cfg)
}

// Listen implements transport.Transport.
func (Abstract) Listen(ctx context.Context, scheme, name string, cfg *transport.Config) (transport.Listener, error) {
	decoded, err := abstractName(name)
	if err != nil {
		return nil, err
	}
	if cfg.IPCPermissions != 0 {
		return nil, fmt.Errorf("%w: an abstract socket has no permissions, every process can connect to it", transport.ErrNotSupported)
	}
	address := "@" + decoded
	if decoded == "" {
		address = "" // the kernel then chooses a name
	}
	l, err := new(net.ListenConfig).Listen(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l = stream.WholeName(l)
	if decoded == "" {
		return listener(l, stream.URL(l.Addr()), cfg), nil
	}
	return listener(l, scheme+"://"+name, cfg), nil
}

// dialedName is abstractName for a dialer, which needs a name.
func dialedName(encoded string) (string, error) {
	name, err := abstractName(encoded)
	if err == nil && name == "" {
		err = fmt.Errorf("%w: an empty name can be listened on, not dialed", transport.ErrAddressInvalid)
	}
	return name, err
}

// abstractName decodes a name and refuses those that can never work.
func abstractName(encoded string) (string, error) {
	if runtime.GOOS != "linux" {
		return "", fmt.Errorf("%w: only Linux has abstract sockets", transport.ErrNotSupported)
	}
	name, err := url.PathUnescape(encoded)
	const limit = 107 // sun_path has 108 bytes, of which the first is zero
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: name %q: %w", transport.ErrAddressInvalid, encoded, err)
	case len(name) > limit:
		return "", fmt.Errorf("%w: name %q has %d bytes, an abstract socket takes at most %d", transport.ErrAddressInvalid, encoded, len(name), limit)
	}
	return name, nil
}

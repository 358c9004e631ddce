// Package ipc carries messages between processes of one machine: over Unix
// sockets, ipc:// and unix://, where a listener makes the file, and removes it
// when it is closed; over Linux's abstract Unix sockets, abstract://, which have
// a name and no file; on Windows over named pipes, ipc://.
package ipc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"

	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Transport is the transport of ipc:// and unix://.
type Transport struct{}

// Options implements transport.Transport.
func (Transport) Options() transport.Options {
	return transport.OptDialContext | platformOptions
}

// Check implements transport.Transport.
func (Transport) Check(_, path string) error { return check(path) }

// Dial implements transport.Transport.
func (Transport) Dial(ctx context.Context, _, path string, cfg *transport.Config) (transport.Conn, error) {
	if err := check(path); err != nil {
		return nil, err
	}
	return dial(ctx, network, prefix+path, dialContext, cfg)
}

// Listen implements transport.Transport. The file that a killed process left
// behind is replaced; one that somebody listens on is not.
func (Transport) Listen(ctx context.Context, scheme, path string, cfg *transport.Config) (transport.Listener, error) {
	if err := check(path); err != nil {
		return nil, err
	}
	l, err := listen(ctx, path, cfg)
	if err != nil {
		return nil, err
	}
	return listener(l, scheme+"://"+path, cfg), nil
}

func listener(l net.Listener, url string, cfg *transport.Config) transport.Listener {
	return &stream.Listener{Listener: l, Framing: wire.IPCFraming, Config: cfg, Address: url}
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// dial connects by the program's DialContext, or else by how.
func dial(ctx context.Context, network, address string, how dialFunc, cfg *transport.Config) (transport.Conn, error) {
	if cfg.DialContext != nil {
		how = cfg.DialContext
	}
	nc, err := how(ctx, network, address)
	if errors.Is(err, fs.ErrNotExist) { // no file, nobody who listens: as with tcp
		err = fmt.Errorf("%w: %w", syscall.ECONNREFUSED, err)
	}
	if err != nil {
		return nil, err
	}
	return stream.Handshake(ctx, nc, wire.IPCFraming, cfg)
}

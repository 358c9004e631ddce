// Package ipc carries messages between processes of one machine.
//
//   - ipc:// and unix:// are Unix sockets. A listener makes the socket file, and removes it
//     when it is closed. On Windows ipc:// is a named pipe.
//   - abstract:// is Linux's Unix sockets that have a name and no file.
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

// Transport is the transport of ipc:// and unix://. What follows the scheme is a path, or on
// Windows the name of a pipe. nng: ipc and unix.
type Transport struct{}

// Options implements transport.Transport.
func (Transport) Options() transport.Options {
	return transport.OptDialContext | platformOptions
}

// Check implements transport.Transport.
func (Transport) Check(_, path string) error { return check(path) }

// Dial implements transport.Transport. A path without a file is ECONNREFUSED, as is one on
// which nobody listens.
func (Transport) Dial(ctx context.Context, _, path string, cfg *transport.Config) (transport.Conn, error) {
	if err := check(path); err != nil {
		return nil, err
	}
	return dial(ctx, network, prefix+path, dialContext, cfg)
}

// Listen implements transport.Transport. It replaces the socket file that a killed process
// has left. It fails with EADDRINUSE when somebody listens at the path, or the file there is
// no socket.
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

// listener makes a transport.Listener of l.
func listener(l net.Listener, url string, cfg *transport.Config) transport.Listener {
	return &stream.Listener{Listener: l, Framing: wire.IPCFraming, Config: cfg, Address: url}
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// dial connects by the program's DialContext, or by how if there is none.
func dial(ctx context.Context, network, address string, how dialFunc, cfg *transport.Config) (transport.Conn, error) {
	if cfg.DialContext != nil {
		how = cfg.DialContext
	}
	nc, err := how(ctx, network, address)
	if errors.Is(err, fs.ErrNotExist) { // there is no file, so nobody listens
		err = fmt.Errorf("%w: %w", syscall.ECONNREFUSED, err)
	}
	if err != nil {
		return nil, err
	}
	return stream.Handshake(ctx, nc, wire.IPCFraming, cfg)
}

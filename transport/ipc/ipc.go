// Package ipc carries messages between processes of one machine over Unix
// sockets: ipc:// and unix://. A listener makes the file, and removes it when it
// is closed.
package ipc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"runtime"
	"syscall"

	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Transport is the ipc transport.
type Transport struct{}

// Options implements transport.Transport.
func (Transport) Options() transport.Options {
	return transport.OptDialContext
}

// Check implements transport.Transport.
func (Transport) Check(_, path string) error { return check(path) }

// Dial implements transport.Transport.
func (Transport) Dial(ctx context.Context, _, path string, cfg *transport.Config) (transport.Conn, error) {
	if err := check(path); err != nil {
		return nil, err
	}
	dial := cfg.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	nc, err := dial(ctx, "unix", path)
	if errors.Is(err, fs.ErrNotExist) { // no file, nobody who listens: as with tcp
		err = fmt.Errorf("%w: %w", syscall.ECONNREFUSED, err)
	}
	if err != nil {
		return nil, err
	}
	conn, err := stream.Handshake(ctx, nc, wire.IPCFraming, cfg)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// Listen implements transport.Transport. The file that a killed process left
// behind is replaced; one that somebody listens on is not.
func (Transport) Listen(ctx context.Context, scheme, path string, cfg *transport.Config) (transport.Listener, error) {
	if err := check(path); err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if errors.Is(err, syscall.EADDRINUSE) && stale(ctx, path) {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
		l, err = new(net.ListenConfig).Listen(ctx, "unix", path)
	}
	if err != nil {
		return nil, err
	}
	return &stream.Listener{Listener: l, Framing: wire.IPCFraming, Config: cfg, Address: scheme + "://" + path}, nil
}

// stale reports whether path is a socket that nobody listens on: only a
// refused connection proves that.
func stale(ctx context.Context, path string) bool {
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != os.ModeSocket {
		return false
	}
	nc, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err == nil {
		nc.Close()
		return false
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// check refuses what the kernel would refuse as a bare "invalid argument".
func check(path string) error {
	limit := 107 // sun_path and its final zero
	if runtime.GOOS != "linux" && runtime.GOOS != "windows" {
		limit = 103
	}
	switch {
	case path == "":
		return fmt.Errorf("%w: the path is empty", transport.ErrAddressInvalid)
	case len(path) > limit:
		return fmt.Errorf("%w: path %q has %d bytes, a Unix socket takes at most %d", transport.ErrAddressInvalid, path, len(path), limit)
	case path[0] == '@': // package net would make it an abstract name
		return fmt.Errorf("%w: path %q: write ./%s for a file of that name", transport.ErrAddressInvalid, path, path)
	}
	for _, c := range []byte(path) {
		if c == 0 {
			return fmt.Errorf("%w: path %q has a zero byte", transport.ErrAddressInvalid, path)
		}
	}
	return nil
}

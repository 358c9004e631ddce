//go:build !windows

package ipc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/gonng/gonng/transport"
)

const network, prefix = "unix", ""

func dialContext(ctx context.Context, network, address string) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, network, address)
	return nc, explain(err, address)
}

// check refuses what the kernel would refuse as a bare "invalid argument".
func check(path string) error {
	limit := 107 // sun_path and its final zero
	if runtime.GOOS != "linux" {
		limit = 103
	}
	switch {
	case path == "":
		return fmt.Errorf("%w: the path is empty", transport.ErrAddressInvalid)
	case len(path) > limit:
		return fmt.Errorf("%w: path %q has %d bytes, a Unix socket takes at most %d", transport.ErrAddressInvalid, path, len(path), limit)
	case path[0] == '@': // package net would make it an abstract name
		return fmt.Errorf("%w: path %q: write ./%s for a file of that name", transport.ErrAddressInvalid, path, path)
	case strings.IndexByte(path, 0) >= 0:
		return fmt.Errorf("%w: path %q has a zero byte", transport.ErrAddressInvalid, path)
	}
	return nil
}

// listen binds path, in place of a stale file if there is one. The lock is for
// other listeners at the same path: a file may look stale between its bind and
// its listen, and two must not both replace the same stale file.
func listen(ctx context.Context, path string, cfg *transport.Config) (net.Listener, error) {
	defer lock(ctx, filepath.Dir(path))()
	l, err := bind(ctx, path, cfg.IPCPermissions)
	if errors.Is(err, syscall.EADDRINUSE) && stale(ctx, path) {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
		l, err = bind(ctx, path, cfg.IPCPermissions)
	}
	if err != nil {
		return nil, explain(err, path)
	}
	return ownFile(l, path), nil
}

// explain adds to the error of a bind or connect what the kernel does not say:
// that what is at path is no socket, or that its directory is missing.
func explain(err error, path string) error {
	if err == nil || path[0] == '@' {
		return err
	}
	if info, _ := os.Lstat(path); info != nil && info.Mode()&(os.ModeSocket|os.ModeSymlink) == 0 {
		return fmt.Errorf("%s is not a socket: %w", path, err)
	}
	dir := filepath.Dir(path)
	switch info, noDir := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist) && noDir != nil:
		return fmt.Errorf("there is no directory %s: %w", dir, err)
	case info != nil && !info.IsDir():
		return fmt.Errorf("%s is not a directory: %w", dir, err)
	}
	return err
}

// stale reports whether path is a socket that nobody listens on: only a
// refused connection proves that.
func stale(ctx context.Context, path string) bool {
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != os.ModeSocket {
		return false
	}
	nc, err := dialContext(ctx, network, path)
	if err == nil {
		nc.Close()
		return false
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

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
	"slices"
	"strings"
	"syscall"

	"github.com/gonng/gonng/transport"
)

const network, prefix = "unix", ""

// dialContext dials as package net does, and explains the error.
func dialContext(ctx context.Context, network, address string) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, network, address)
	return nc, explain(err, address)
}

// check refuses paths that can never work. The kernel would only say "invalid argument".
func check(path string) error {
	limit := 107 // sun_path has 108 bytes, of which the last is zero
	if runtime.GOOS != "linux" {
		limit = 103 // sun_path has 104
	}
	switch {
	case path == "":
		return fmt.Errorf("%w: the path is empty", transport.ErrAddressInvalid)
	case len(path) > limit:
		return fmt.Errorf("%w: path %q has %d bytes, a Unix socket takes at most %d", transport.ErrAddressInvalid, path, len(path), limit)
	case path[0] == '@': // package net would take it for an abstract name
		return fmt.Errorf("%w: path %q: write ./%s for a file of that name", transport.ErrAddressInvalid, path, path)
	case slices.Contains([]string{"", ".", ".."}, path[strings.LastIndexByte(path, '/')+1:]):
		return fmt.Errorf("%w: path %q is that of a directory: name a file in it", transport.ErrAddressInvalid, path)
	case strings.IndexByte(path, 0) >= 0:
		return fmt.Errorf("%w: path %q has a zero byte", transport.ErrAddressInvalid, path)
	}
	return nil
}

// listen binds path, and replaces a stale socket file there. The lock keeps out other
// listeners at the same path, for two reasons: a file looks stale between bind and listen,
// and two listeners must not both replace one stale file.
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

// explain adds to the error of a bind or connect what the kernel does not say: that the file
// at path is not a socket, or that its directory is missing.
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

// stale reports whether path is a socket file on which nobody listens. Only a refused
// connection proves that.
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

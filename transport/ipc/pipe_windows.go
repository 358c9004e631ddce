package ipc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"

	"github.com/gonng/gonng/transport"
)

// As with nng, ipc://name is the named pipe \\.\pipe\name.
const network, prefix = "pipe", `\\.\pipe\`

const platformOptions = transport.OptIPCSecurityDescriptor

func dialContext(ctx context.Context, _, address string) (net.Conn, error) {
	return winio.DialPipeContext(ctx, address)
}

// check refuses names that can never work.
func check(name string) error {
	const limit = 256 // Windows' limit, prefix included
	switch {
	case name == "":
		return fmt.Errorf("%w: the name is empty", transport.ErrAddressInvalid)
	case len(prefix)+len(name) > limit:
		return fmt.Errorf("%w: %q has %d bytes, a named pipe takes at most %d", transport.ErrAddressInvalid, name, len(name), limit-len(prefix))
	case strings.ContainsAny(name, "\\\x00"):
		return fmt.Errorf("%w: %q: the name of a pipe has no backslash and no zero byte", transport.ErrAddressInvalid, name)
	}
	return nil
}

// listen makes the named pipe.
func listen(_ context.Context, name string, cfg *transport.Config) (net.Listener, error) {
	const buffer = 64 << 10 // without a buffer each write would wait until the peer reads
	l, err := winio.ListenPipe(prefix+name, &winio.PipeConfig{
		SecurityDescriptor: cfg.IPCSecurityDescriptor,
		InputBufferSize:    buffer,
		OutputBufferSize:   buffer,
	})
	// Windows answers "access denied" when the pipe exists already.
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		err = fmt.Errorf("%w: %w", syscall.EADDRINUSE, err)
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

//go:build !unix && !windows

package ipc

import (
	"context"
	"io/fs"
	"net"
)

const platformOptions = 0

func bind(ctx context.Context, path string, _ fs.FileMode) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, network, path)
}

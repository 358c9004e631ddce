//go:build !unix

package fdsocket

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"

	"github.com/gonng/gonng/transport"
)

func take[T io.Closer](int, func(*os.File) (T, error)) (none T, err error) {
	return none, fmt.Errorf("%w: descriptors are Unix's, not %s's", transport.ErrNotSupported, runtime.GOOS)
}

func checkSocket(int) error { return nil } // dialing says why not

// Listener takes the descriptor of a listening socket over.
func Listener(fd int) (net.Listener, error) { return take(fd, net.FileListener) }

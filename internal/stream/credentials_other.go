//go:build !linux && !darwin && !freebsd

package stream

import (
	"fmt"
	"runtime"

	"github.com/gonng/gonng/transport"
)

func peerCred(int) (transport.PeerCred, error) {
	return transport.PeerCred{}, fmt.Errorf("%w: %s does not tell who the peer is", transport.ErrNotSupported, runtime.GOOS)
}

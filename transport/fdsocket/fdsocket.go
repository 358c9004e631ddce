// Package fdsocket carries messages over descriptors that the process has
// already: socket://3, say, for descriptor 3. To dial one is to take over a
// connected socket, which works once; to listen on one is to take over a
// listening socket.
package fdsocket

import (
	"context"
	"fmt"
	"math"
	"net"
	"strconv"

	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Transport is the transport of socket://.
type Transport struct{}

// Options implements transport.Transport.
func (Transport) Options() transport.Options { return 0 }

// Once implements transport.Once.
func (Transport) Once() {}

// Check implements transport.Transport.
func (Transport) Check(_, address string) error {
	_, err := number(address)
	return err
}

// CheckDial implements transport.DialChecker. A descriptor is dialed at once and once only:
// one that is no socket now never is.
func (Transport) CheckDial(_, address string) error {
	fd, err := number(address)
	if err != nil {
		return err
	}
	return checkSocket(fd)
}

// Dial implements transport.Transport. The messages are framed as over tcp, as
// nng does, whatever kind of socket it is.
func (Transport) Dial(ctx context.Context, _, address string, cfg *transport.Config) (transport.Conn, error) {
	fd, err := number(address)
	if err != nil {
		return nil, err
	}
	nc, err := take(fd, net.FileConn)
	if err != nil {
		return nil, err
	}
	if nc.RemoteAddr() == nil {
		nc.Close()
		return nil, fmt.Errorf("%w: descriptor %d is not connected", transport.ErrAddressInvalid, fd)
	}
	return stream.Handshake(ctx, nc, wire.StreamFraming, cfg)
}

// Listen implements transport.Transport. Peers dial the listener as tcp or ipc,
// and so it speaks.
func (Transport) Listen(_ context.Context, _, address string, cfg *transport.Config) (transport.Listener, error) {
	fd, err := number(address)
	if err != nil {
		return nil, err
	}
	l, err := Listener(fd)
	if err != nil {
		return nil, err
	}
	return stream.Listen(l, cfg), nil
}

func number(address string) (int, error) {
	n, err := strconv.ParseUint(address, 10, 31)
	if err != nil || n > math.MaxInt32 {
		return 0, fmt.Errorf("%w: %q is not the number of a descriptor, such as socket://3", transport.ErrAddressInvalid, address)
	}
	return int(n), nil
}

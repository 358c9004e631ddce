package gonng

import (
	"context"
	"errors"
	"fmt"
)

// Device forwards messages between two raw sockets whose protocols talk to each other (raw rep
// and raw req, raw sub and raw pub, …): from a to b if a receives and b sends, and the other
// way likewise. With b nil it sends what a receives through a again: a bus to its other
// peers, a pair to its peer.
//
// Device returns the error of ctx when ctx ends, nil when one of the sockets is closed, and
// ErrInvalid when the protocols do not talk to each other or a is nil. It closes neither
// socket. A message that it cannot send within the send timeout of the socket
// ([WithSendTimeout]), or before it ends, is dropped and counted (Unsent). nng: nng_device.
func Device(ctx context.Context, a, b *Raw) error {
	if a == nil {
		return fmt.Errorf("gonng: device: %w", errorf(ErrInvalid, "the first socket is nil; to reflect, pass nil as the second"))
	}
	if b == nil {
		b = a
	}
	if a.Peer() != b.Protocol() {
		return a.opError("device", "", errorf(ErrInvalid, "%v talks to %v, not to %v", a.Protocol(), a.Peer(), b.Protocol()))
	}
	until := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, x := range []*Raw{a, b} { // ends a way that waits at the other socket
		defer x.onStop(cancel)()
	}
	ways := [][2]*Raw{{a, b}}
	if a != b {
		ways = append(ways, [2]*Raw{b, a})
	}
	ended := make(chan error)
	running := 0
	for _, way := range ways {
		if from, to := way[0], way[1]; from.canRecv() == nil && to.canSend() == nil {
			running++
			go func() { ended <- forward(ctx, from, to) }()
		}
	}
	closed := false
	for range running {
		closed = errors.Is(<-ended, ErrClosed) || closed
		cancel()
	}
	if closed || a.stopped() || b.stopped() {
		return nil
	}
	return a.opError("device", "", contextError(until))
}

// notForwarded counts, logs and frees a message that could not be sent, because of a timeout
// or the end of the device.
func (s *socket) notForwarded(m *Message, why error) {
	s.lock()
	s.stats.unsent(1)
	s.unlock()
	s.logOnce(notForwarded, nil, "error", why)
	m.Free()
}

// forward is one way of a device. It forwards messages until ctx ends or a socket is closed.
func forward(ctx context.Context, from, to *Raw) error {
	for {
		m, err := from.RecvMsg(ctx)
		if err != nil {
			if errors.Is(err, ErrTimeout) && ctx.Err() == nil {
				continue // the socket's receive timeout does not end the device
			}
			return err
		}
		if err := to.SendMsg(ctx, m); err != nil {
			to.notForwarded(m, err)
			if errors.Is(err, ErrClosed) || ctx.Err() != nil {
				return err
			}
		}
	}
}

package gonng

import (
	"context"
	"errors"
)

// Device forwards messages between two raw sockets of protocols that talk to
// each other (raw rep and raw req, raw sub and raw pub, …), both ways as far
// as they do, until ctx ends, whose error it returns, or one of them is
// closed, and then it returns nil. With b nil it sends what a receives back
// through a: a bus to its other peers, a pair to its peer. It closes neither.
// What cannot be sent within the send timeout of a socket, if it has one, is
// dropped. nng: nng_device.
func Device(ctx context.Context, a, b *Raw) error {
	if b == nil {
		b = a
	}
	if a.protocol.Peer() != b.protocol {
		return a.opError("device", "", errorf(ErrInvalid, "%v talks to %v, not to %v", a.protocol, a.Peer(), b.protocol))
	}
	until := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, x := range []*Raw{a, b} { // a way that waits for the other socket does not notice
		defer context.AfterFunc(x.stop, cancel)()
	}
	ways := [][2]*Raw{{a, b}}
	if a != b {
		ways = append(ways, [2]*Raw{b, a})
	}
	ended := make(chan error)
	running := 0
	for _, way := range ways {
		if from, to := way[0], way[1]; from.in != nil && to.out != nil {
			running++
			go func() { ended <- forward(ctx, from, to) }()
		}
	}
	closed := false
	for range running {
		closed = errors.Is(<-ended, ErrClosed) || closed
		cancel()
	}
	if closed || a.stop.Err() != nil || b.stop.Err() != nil {
		return nil
	}
	return a.opError("device", "", contextError(until))
}

// notForwarded drops a message: a send timeout, or the end of the device.
func (x *Raw) notForwarded(m *Message, why error) {
	x.lock()
	x.stats.Unsent++
	x.unlock()
	x.logOnce(notForwarded, nil, "error", why)
	m.Free()
}

func forward(ctx context.Context, from, to *Raw) error {
	for {
		m, err := from.RecvMsg(ctx)
		if err != nil {
			if errors.Is(err, ErrTimeout) && ctx.Err() == nil {
				continue // the socket's receive timeout
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

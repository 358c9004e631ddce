package wire

import (
	"encoding/binary"
	"errors"
)

// HopsSize is the length in bytes of the pair1 header.
const HopsSize = 4

// ErrHops means that a pair1 header is not a hop count: one of its first three
// bytes, which are reserved, is not zero. As with [ErrTruncated], nng
// disconnects the peer.
var ErrHops = errors.New("reserved bytes of the hop count are not zero")

// AppendHops appends the pair1 header with the given hop count to b and
// returns the extended slice. A message starts with a hop count of 1.
func AppendHops(b []byte, hops uint8) []byte {
	return binary.BigEndian.AppendUint32(b, uint32(hops))
}

// Hops returns the hop count, 0 to 255, in the header at the start of a
// received pair1 message; the body begins at [HopsSize]. The error is
// [ErrTruncated] or [ErrHops].
//
// It is the caller that compares the count to its TTL: the message is dropped
// if hops > ttl. A count of 0 is accepted, as nng does, although no peer has a
// reason to send it.
func Hops(data []byte) (int, error) {
	if len(data) < HopsSize {
		return 0, ErrTruncated
	}
	w := binary.BigEndian.Uint32(data)
	if w > 0xff {
		return 0, ErrHops
	}
	return int(w), nil
}

package wire

import (
	"encoding/binary"
	"errors"
)

// Errors of the protocol headers. They say different things about the peer:
// one that sends a truncated or malformed header does not speak the protocol,
// and nng disconnects it (nanomsg drops the message); a message that took too
// many hops is well formed, and only that message is dropped.
var (
	// ErrTruncated means that the message ends within its header.
	ErrTruncated = errors.New("message ends within its protocol header")
	// ErrTTL means that a message has passed through more nodes than the
	// receiver's TTL allows.
	ErrTTL = errors.New("message took more hops than the TTL allows")
)

// EndBit is set in the last word of a backtrace, the request or survey ID, and
// in no other: pipe IDs leave it clear.
const EndBit = 1 << 31

// idSize is the size of a backtrace word.
const idSize = 4

// AppendID appends one word of a backtrace to b and returns the extended
// slice. The ID of a request or survey must already have its [EndBit].
func AppendID(b []byte, id uint32) []byte {
	return binary.BigEndian.AppendUint32(b, id)
}

// ID returns the backtrace word at the start of b. It panics if b has fewer
// than 4 bytes.
func ID(b []byte) uint32 {
	return binary.BigEndian.Uint32(b)
}

// BacktraceLen returns the length in bytes of the backtrace at the start of a
// received req/rep or surveyor/respondent message, up to and including the
// word with the [EndBit]: always a multiple of 4, and at least 4.
//
// The TTL is the largest number of words, that last one included, with which a
// message may arrive: with a TTL of 1 only messages that came straight from
// the requester, without a device between, are accepted. Words that the
// receiver itself adds, such as the pipe ID of raw mode, do not count.
//
// The error is [ErrTTL] if none of the first ttl words has the EndBit, even if
// the message ends there, and [ErrTruncated] if the message ends before.
func BacktraceLen(data []byte, ttl int) (int, error) {
	// Without a device in between the first word is the last. This case alone
	// is small enough to be inlined into the caller.
	if ttl > 0 && len(data) >= idSize && data[0]&0x80 != 0 {
		return idSize, nil
	}
	return backtraceLen(data, ttl)
}

func backtraceLen(data []byte, ttl int) (int, error) {
	for n := 0; ; {
		// The order of the two checks is nng's: a message that used up its
		// hops is dropped without a look at what follows.
		if n/idSize >= ttl {
			return 0, ErrTTL
		}
		if len(data)-n < idSize {
			return 0, ErrTruncated
		}
		end := data[n]&0x80 != 0
		n += idSize
		if end {
			return n, nil
		}
	}
}

package wire

import (
	"encoding/binary"
	"fmt"
)

// Framing is how messages are kept apart in a stream of bytes: what stands in
// front of each one.
type Framing uint8

const (
	// StreamFraming is a 64-bit big-endian length: tcp, tls and socket.
	StreamFraming Framing = iota
	// IPCFraming is a message type, always 0x01, and then the length as in
	// StreamFraming: ipc on every platform.
	IPCFraming
)

const (
	lengthSize = 8

	// ipcMessage is the only message type that was ever used. nanomsg
	// reserved 0x02 for messages in shared memory.
	ipcMessage = 0x01
)

// A MessageTypeError reports an ipc message whose type byte, the value of the
// error, is not the known one. The stream is out of step or the peer is
// foreign: nothing after it can be read.
type MessageTypeError byte

func (e MessageTypeError) Error() string {
	return fmt.Sprintf("unknown ipc message type 0x%02x, want 0x%02x", byte(e), ipcMessage)
}

// PrefixSize returns the number of bytes in front of each message.
func (f Framing) PrefixSize() int {
	if f == IPCFraming {
		return 1 + lengthSize
	}
	return lengthSize
}

// AppendPrefix appends what stands in front of a message of size bytes, SP
// header included, to b and returns the extended slice. The size must not be
// negative.
func (f Framing) AppendPrefix(b []byte, size int) []byte {
	if f == IPCFraming {
		b = append(b, ipcMessage)
	}
	return binary.BigEndian.AppendUint64(b, uint64(size))
}

// ParsePrefix returns the size of the message that follows the prefix at the
// start of b. It panics if b is shorter than PrefixSize.
//
// The size is whatever the peer wrote, up to 1<<64-1: compare it to a limit,
// as a uint64, before converting it to an int or allocating for it. The error,
// if any, is a [MessageTypeError].
func (f Framing) ParsePrefix(b []byte) (size uint64, err error) {
	if f == IPCFraming {
		if b[0] != ipcMessage {
			return 0, MessageTypeError(b[0])
		}
		b = b[1:]
	}
	return binary.BigEndian.Uint64(b), nil
}

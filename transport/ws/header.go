//go:build !js

package ws

import "encoding/binary"

// The opcodes of frames that this package tells apart.
const (
	opContinuation = 0x0
	opBinary       = 0x2
	opClose        = 0x8 // this one and those above it are control frames
	opPong         = 0xa
)

// header is what this package has to know of a frame's header to find the end of the frame.
// Package websocket checks the rest.
type header struct {
	size   int // of the header itself
	first  byte
	op     byte
	last   bool // the frame ends its message
	masked bool
	length uint64 // of the payload
}

// parseHeader reports false when b ends before the header does.
func parseHeader(b []byte) (h header, ok bool) {
	if len(b) < 2 {
		return header{}, false
	}
	h = header{size: 2, first: b[0], op: b[0] & 0xf, last: b[0]&0x80 != 0, masked: b[1]&0x80 != 0, length: uint64(b[1] & 0x7f)}
	extended := 0
	switch h.length {
	case 126:
		extended = 2
	case 127:
		extended = 8
	}
	if len(b) < h.size+extended {
		return header{}, false
	}
	switch extended {
	case 2:
		h.length = uint64(binary.BigEndian.Uint16(b[2:]))
	case 8:
		h.length = binary.BigEndian.Uint64(b[2:])
	}
	h.size += extended
	if h.masked {
		h.size += 4
	}
	return h, len(b) >= h.size
}

// control reports whether this is a control frame, which may come between the frames of a
// message.
func (h header) control() bool { return h.op >= opClose }

// appendClose appends a close frame. A client's frame has a mask of zeros. A random mask
// would protect nothing: nobody else chooses the bytes of the frame.
func appendClose(b []byte, client bool, status uint16) []byte {
	if client {
		b = append(b, 0x80|opClose, 0x80|2, 0, 0, 0, 0)
	} else {
		b = append(b, 0x80|opClose, 2)
	}
	return binary.BigEndian.AppendUint16(b, status)
}

//go:build !js

package ws

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/gonng/gonng/transport"
)

const (
	// smallInput is the buffer of a connection on which little comes, largeInput that of one
	// on which a read has filled the small one.
	smallInput = 4 << 10
	largeInput = 64 << 10
)

// simpleMax is the largest frame that take returns. Larger frames are read into memory of
// their own.
const simpleMax = 16 << 10

// input reads many frames at once from a connection. It returns small messages that have
// arrived whole by take, and everything else by Read, one frame at a time: package websocket
// never holds a part of the next frame, so take knows where that begins. input checks each
// length before anything allocates memory for it.
type input struct {
	src    io.Reader
	client bool   // this side is the client
	limit  uint64 // the largest message
	most   uint64 // the largest message that is passed on: collect skips one above limit

	small []byte
	large *transport.Buffer // instead of small, while much comes
	r, w  int               // bytes r..w of the buffer are not passed on
	much  bool              // the last read brought much

	left    uint64 // bytes of the current frame that are not passed on
	inside  bool   // in a message whose last frame has not begun
	message uint64 // bytes of the current message that its frames have announced
	err     error  // what ended the connection
}

func (in *input) init(src io.Reader, client bool, limit int) {
	in.src, in.client, in.limit = src, client, uint64(limit)
	if limit == 0 {
		in.limit = math.MaxInt // beyond all memory
	}
	in.most = in.limit
	in.small = make([]byte, smallInput)
}

// skip lets messages above the limit through, up to the size that collect skips.
func (in *input) skip() {
	if in.limit <= math.MaxInt/transport.SkipFactor {
		in.most = in.limit * transport.SkipFactor
	}
}

func (in *input) buf() []byte {
	if in.large != nil {
		return in.large.Bytes()
	}
	return in.small
}

// Read implements io.Reader.
func (in *input) Read(p []byte) (n int, err error) {
	if in.left == 0 {
		err = in.next()
	}
	p = p[:min(uint64(len(p)), in.left)]
	switch {
	case err != nil:
	case in.r < in.w:
	case len(p) >= smallInput:
		n, err = in.src.Read(p)
	default:
		err = in.fill()
	}
	if n == 0 && in.r < in.w {
		n = copy(p, in.buf()[in.r:in.w])
		in.r += n
	}
	in.left -= uint64(n)
	if n > 0 || err == nil {
		return n, nil
	}
	return 0, in.fail(err)
}

// fail notes and returns the error that ends the connection.
func (in *input) fail(err error) error {
	if errors.Is(err, io.EOF) && (in.inside || in.left > 0 || in.r < in.w) {
		err = fmt.Errorf("%w: the peer closed the connection in the middle of a message", io.ErrUnexpectedEOF)
	}
	in.err = err
	return err
}

// next waits for the header of the next frame and checks it.
func (in *input) next() error {
	h, ok := parseHeader(in.buf()[in.r:in.w])
	for !ok {
		if err := in.fill(); err != nil {
			return err
		}
		h, ok = parseHeader(in.buf()[in.r:in.w])
	}
	if err := in.begin(h); err != nil {
		return err
	}
	in.left = uint64(h.size) + h.length
	return nil
}

// begin checks the header of a frame before the frame is passed on.
func (in *input) begin(h header) error {
	switch {
	case h.length > math.MaxInt64:
		return fmt.Errorf("%w: the peer announced a frame of %d bytes, more than a frame can have", transport.ErrProtocol, h.length)
	case h.masked == in.client:
		return fmt.Errorf("%w: frames of a client must be masked, those of a server must not", transport.ErrProtocol)
	}
	if !h.control() {
		if h.op != opContinuation {
			in.message = 0
		}
		in.inside = !h.last
		in.message += h.length
		if in.message > in.most {
			return transport.TooLarge(in.message, int(in.limit))
		}
	}
	return nil
}

// await waits until the next frame is a message that has arrived whole, or a frame that
// package websocket has to read.
func (in *input) await() error {
	for {
		h, ok := parseHeader(in.buf()[in.r:in.w])
		if ok && (!in.simple(h) || in.w-in.r >= h.size+int(h.length)) {
			return nil
		}
		if err := in.fill(); err != nil {
			return in.fail(err)
		}
	}
}

// simple reports whether the frame is a whole binary message that take can return: it fits
// into the buffer and is within the limit.
func (in *input) simple(h header) bool {
	return h.first == 0x80|opBinary && !in.inside && h.length <= min(in.limit, uint64(min(simpleMax, len(in.buf()))-h.size))
}

// take appends to dst at most n messages that have arrived whole. It copies them into one
// piece of memory, which they share.
func (in *input) take(dst []transport.Message, n int) (_ []transport.Message, err error) {
	if in.left > 0 {
		return dst, nil
	}
	begin, size := len(dst), 0
	buf := in.buf()[in.r:in.w]
	for at := 0; n > 0; n-- {
		h, ok := parseHeader(buf[at:])
		if !ok || !in.simple(h) || len(buf)-at < h.size+int(h.length) {
			break
		}
		if err = in.begin(h); err != nil {
			_ = in.fail(err)
			break
		}
		at += h.size
		data := buf[at : at+int(h.length) : at+int(h.length)]
		if h.masked {
			mask(data, [4]byte(buf[at-4:]))
		}
		dst = append(dst, transport.NewMessage(data))
		size += len(data)
		at += len(data)
		in.r += h.size + len(data)
	}
	if len(dst) == begin {
		return dst, err
	}
	memory := transport.NewBuffer(size)
	memory.Retain(len(dst) - begin - 1)
	room := memory.Bytes()
	for i := begin; i < len(dst); i++ {
		n := copy(room, dst[i].Data)
		dst[i], room = transport.In(memory, room[:n:n]), room[n:]
	}
	return dst, err
}

// fill reads once. When the last read brought much it takes a large buffer first; when it
// did not, it gives the large one back.
func (in *input) fill() error {
	rest := in.buf()[in.r:in.w]
	switch {
	case in.much && in.large == nil:
		in.large = transport.NewBuffer(largeInput)
	case !in.much && len(rest) == 0:
		in.drop()
	}
	in.r, in.w = 0, copy(in.buf(), rest)
	n, err := in.src.Read(in.buf()[in.w:])
	in.w += n
	in.much = in.w >= smallInput
	if n > 0 {
		return nil
	}
	return err
}

// drop gives the large buffer back, with what is in it.
func (in *input) drop() {
	if in.large != nil {
		in.large.Release()
		in.large, in.r, in.w = nil, 0, 0
	}
}

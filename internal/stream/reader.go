package stream

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

const (
	chunkSize = 64 << 10
	// smallChunk is for connections with a message now and then. An idle connection
	// keeps it as long as its last message is not released.
	smallChunk = 512
	// readMost is the most messages that one read hands over: a chunk has room for
	// four times as many empty ones, and the memory that holds them is not in the chunk.
	readMost = 2048
	// ownBuffer is the size above which a message is read into a buffer of its
	// own instead of being a slice of a chunk.
	ownBuffer = chunkSize / 2
	// earned is how many times what has arrived a length may claim in memory.
	earned = 16
)

// Earned is how much memory may be allocated for a message of size bytes of which so many
// have arrived. The length word alone earns no memory: a peer gets a chunk, or 16 times
// what it has sent. A message is copied again as its memory grows, though never more than
// a sixteenth of it before the last time.
func Earned(size, arrived uint64) int {
	if size > chunkSize && size > earned*arrived {
		size = min(max(chunkSize, earned*arrived), size/earned)
	}
	return int(size)
}

// reader cuts a stream into messages. One read takes all that the kernel has;
// small messages are slices of the chunk that they arrived in.
type reader struct {
	conn    net.Conn
	raw     rawReader
	useRaw  bool
	framing wire.Framing
	limit   uint64
	err     error // what ended the stream, told after the messages before it

	chunk *transport.Buffer
	r, w  int // chunk bytes r..w are not parsed yet
	next  int // size of the next chunk

	big  *transport.Buffer // a large message under way
	want uint64            // its size
	have int               // how much of it has arrived

	skippable uint64 // the largest message that may be skipped
	tell      func(head []byte, size uint64)
	skip      skipped
}

// skipped is a message that is too large and is skipped; left bytes of it are to come.
type skipped struct {
	size, left uint64
	head       []byte // the first of it
	told       bool
}

func (r *reader) init(conn net.Conn, raw syscall.RawConn, framing wire.Framing, limit int) {
	r.conn, r.framing, r.limit, r.useRaw = conn, framing, uint64(limit), raw != nil
	if limit == 0 {
		r.limit = math.MaxInt / earned // beyond all memory, and safe to compute with
	}
	r.skippable = transport.SkipFactor * uint64(min(limit, math.MaxInt/transport.SkipFactor))
	r.next = smallChunk
	r.raw.init(raw, r.memory, r.idle)
}

// read appends to dst at least one message, or returns the error that ended
// the stream.
func (r *reader) read(dst []transport.Message) ([]transport.Message, error) {
	for r.err == nil {
		if dst = r.parse(dst); len(dst) > 0 || r.err != nil {
			break
		}
		if r.err = r.fill(); r.interrupted() {
			return dst, nil
		}
	}
	if len(dst) > 0 {
		return dst, nil
	}
	r.drop()
	return dst, r.err
}

// tryRead is read that does not wait. What ended the stream is left for read to
// tell.
func (r *reader) tryRead(dst []transport.Message) []transport.Message {
	for r.err == nil {
		if dst = r.parse(dst); len(dst) > 0 || r.err != nil {
			break
		}
		n, err := r.raw.try()
		if n == 0 && err == nil {
			break
		}
		r.err = r.filled(n, err)
		r.interrupted()
	}
	return dst
}

// interrupted reports whether the read was; the next is not.
func (r *reader) interrupted() bool {
	if !errors.Is(r.err, os.ErrDeadlineExceeded) {
		return false
	}
	r.err = r.conn.SetReadDeadline(time.Time{})
	return r.err == nil
}

// parse appends the complete messages that are in memory.
func (r *reader) parse(dst []transport.Message) []transport.Message {
	if r.big != nil {
		if uint64(r.have) < r.want {
			return dst
		}
		dst = append(dst, transport.In(r.big, r.big.Bytes()[:r.want]))
		r.big = nil
	}
	if r.chunk == nil {
		return dst
	}
	if dst = r.parseChunk(dst); r.big != nil {
		return r.parse(dst) // it may be complete already
	}
	return dst
}

// parseChunk appends the small messages of the chunk, up to a large one.
func (r *reader) parseChunk(dst []transport.Message) []transport.Message {
	if r.skip.left > 0 {
		r.discard()
	}
	prefix, begin := r.framing.PrefixSize(), len(dst)
	buf, at := r.chunk.Bytes()[:r.w], r.r
	for len(buf)-at >= prefix && len(dst)-begin < readMost {
		size, err := r.framing.ParsePrefix(buf[at:])
		if err != nil {
			r.err = fmt.Errorf("%w: %w", transport.ErrProtocol, err)
			break
		}
		if size > r.limit {
			if !r.skips(size) {
				r.err = transport.TooLarge(size, int(r.limit))
				break
			}
			if len(dst) > begin {
				break // they come before what is told of this one
			}
			r.r = at + prefix
			r.skip = skipped{size: size, left: size, head: r.skip.head[:0]}
			r.discard()
			at = r.r
			continue
		}
		if size > ownBuffer {
			r.r = at
			r.startBig(size)
			at = r.r
			break
		}
		end := at + prefix + int(size)
		if end > len(buf) {
			break
		}
		dst = transport.AppendIn(dst, r.chunk, buf[at+prefix:end:end])
		at = end
	}
	r.r = at
	if n := len(dst) - begin; n > 0 {
		r.chunk.Retain(n)
	}
	return dst
}

// skips reports whether a message of that size, which is too large, is skipped.
func (r *reader) skips(size uint64) bool { return r.tell != nil && size <= r.skippable }

// discard passes over what the chunk has of a message that is skipped.
func (r *reader) discard() {
	s := &r.skip
	p := r.chunk.Bytes()[r.r:r.w]
	p = p[:min(uint64(len(p)), s.left)]
	r.r += len(p)
	s.left -= uint64(len(p))
	if s.told {
		return
	}
	s.head = append(s.head, p[:min(len(p), transport.SkipHead-len(s.head))]...)
	if s.left == 0 || len(s.head) == transport.SkipHead {
		s.told = true
		r.tell(s.head, s.size)
	}
}

// startBig moves what the chunk has of a large message to its own buffer.
func (r *reader) startBig(size uint64) {
	body := r.chunk.Bytes()[r.r+r.framing.PrefixSize() : r.w]
	if uint64(len(body)) > size {
		body = body[:size]
	}
	r.want = size
	r.big = r.earnedBuffer(len(body))
	r.have = copy(r.big.Bytes(), body)
	r.r += r.framing.PrefixSize() + len(body)
}

func (r *reader) growBig() {
	if r.have < len(r.big.Bytes()) {
		return
	}
	grown := r.earnedBuffer(r.have)
	copy(grown.Bytes(), r.big.Bytes())
	r.big.Release()
	r.big = grown
}

func (r *reader) earnedBuffer(have int) *transport.Buffer {
	return transport.NewBuffer(Earned(r.want, uint64(have+r.framing.PrefixSize())))
}

// fill reads once.
func (r *reader) fill() (err error) {
	var n int
	if r.useRaw {
		n, err = r.raw.read()
	} else {
		n, err = r.conn.Read(r.memory())
	}
	return r.filled(n, err)
}

// filled takes note of what a read returned.
func (r *reader) filled(n int, err error) error {
	switch {
	case n == 0:
	case r.big != nil:
		r.have += n
		return nil // an error will come again
	default:
		r.expect(n)
		r.w += n
		return nil
	}
	if err == io.ErrUnexpectedEOF {
		err = io.EOF // TLS misses the goodbye of a peer that was killed; the lengths tell whether something is missing
	}
	if err == io.EOF && (r.big != nil || r.r < r.w || r.skip.left > 0) {
		return fmt.Errorf("%w: the peer closed the connection in the middle of a message", io.ErrUnexpectedEOF)
	}
	return err
}

// expect makes the next chunk as large as what was read asks for: n bytes, and
// perhaps more where that was all there was room for.
func (r *reader) expect(n int) {
	if r.next = chunkSize; n < len(r.chunk.Bytes())-r.w {
		r.next = min(max(2*n, smallChunk), chunkSize)
	}
}

// memory is where the next read goes.
func (r *reader) memory() []byte {
	if r.big != nil {
		r.growBig()
		return r.big.Bytes()[r.have:]
	}
	need := r.framing.PrefixSize()
	if r.chunk == nil {
		r.chunk, r.r, r.w = newChunk(max(need, r.next)), 0, 0
	}
	if r.w-r.r >= need {
		if size, err := r.framing.ParsePrefix(r.chunk.Bytes()[r.r:]); err == nil && size <= ownBuffer {
			need += int(size)
		}
	}
	size := len(r.chunk.Bytes())
	least := size / 16 // the room worth a system call
	switch {
	case r.r == r.w && !r.chunk.Shared() && size >= r.next:
		r.r, r.w = 0, 0
	case size-r.r < need || size-r.w < least:
		fresh := newChunk(max(need, r.next))
		r.w = copy(fresh.Bytes(), r.chunk.Bytes()[r.r:r.w])
		r.r = 0
		r.chunk.Release()
		r.chunk = fresh
	}
	return r.chunk.Bytes()[r.w:]
}

// newChunk returns a buffer of at least n bytes.
func newChunk(n int) *transport.Buffer {
	return transport.NewBuffer(1 << bits.Len(uint(n-1)))
}

// idle gives the chunk back while there is nothing to read. A small one that
// messages still point into stays: a second one would only add to it.
func (r *reader) idle() {
	if r.chunk == nil || r.r < r.w {
		return
	}
	if len(r.chunk.Bytes()) > smallChunk || !r.chunk.Shared() {
		r.chunk.Release()
		r.chunk = nil
	}
}

// drop gives the memory back when the stream has ended.
func (r *reader) drop() {
	if r.chunk != nil {
		r.chunk.Release()
		r.chunk = nil
	}
	if r.big != nil {
		r.big.Release()
		r.big = nil
	}
}

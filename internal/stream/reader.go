package stream

import (
	"cmp"
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
	// smallChunk is the chunk of a connection on which little comes. An idle connection keeps
	// such a chunk until its last message is released.
	smallChunk = 512
	// readMost is the most messages that one read returns, unless the socket asks for fewer. A
	// chunk can hold four times as many empty ones, and each needs memory outside of the chunk.
	readMost = 2048
	// ownBuffer is the size above which a message is read into a buffer of its
	// own instead of being a slice of a chunk.
	ownBuffer = chunkSize / 2
	// earned is how many bytes of memory each byte that has arrived of a message may claim.
	earned = 16
	// tcpRead is the most that one read from a TCP connection takes of a large message. With
	// reads of 1 MiB a stream of such messages, with a core for each side, is slower by an
	// eighth, probably because the kernel offers the peer the room that a read makes when the
	// read returns. Over a Unix socket smaller reads are slower.
	tcpRead = 64 << 10
)

// Earned is how much memory a message of size bytes may have when arrived bytes of it have
// come. A length word alone earns a chunk, and each byte that has come earns 16. Until the
// peer has earned the memory of the whole message, the message gets at most a sixteenth
// of that, so that growing copies little.
func Earned(size, arrived uint64) int {
	if size > chunkSize && size > earned*arrived {
		size = min(max(chunkSize, earned*arrived), size/earned)
	}
	return int(size)
}

// reader cuts a stream into messages. One read takes what the kernel has, as far as the
// chunk has room. Small messages are slices of the chunk in which they arrived.
type reader struct {
	conn    net.Conn
	raw     syscall.RawConn // nil: conn is read, and a read that waits holds a buffer
	attempt attempt         // the system call for raw
	framing wire.Framing
	limit   uint64
	err     error // what ended the stream; read returns it after the messages before it

	chunk *transport.Buffer
	r, w  int // chunk bytes r..w are not parsed yet
	next  int // size of the next chunk
	most  int // messages that one read returns

	big  *transport.Buffer // a large message under way
	want uint64            // its size
	have int               // how much of it has arrived

	skip *skipper // nil: no message is skipped
}

// skipper passes over messages above the limit.
type skipper struct {
	most uint64                         // the largest message that may be skipped
	tell func(head []byte, size uint64) // told of each

	size, left uint64 // of the one under way, and how much of it is still to be passed over
	head       []byte // the first of it
	told       bool
}

// init sets limit, the largest message in bytes, and most, the messages that one read returns;
// 0 is for no limit, and for readMost.
func (r *reader) init(conn net.Conn, raw syscall.RawConn, framing wire.Framing, limit, most int) {
	r.conn, r.raw, r.framing, r.limit = conn, raw, framing, uint64(limit)
	if limit == 0 {
		r.limit = noLimit
	}
	r.next, r.most = smallChunk, cmp.Or(most, readMost)
	r.attempt.init(r)
}

// noLimit is beyond all memory, and safe to compute with.
const noLimit = math.MaxInt / earned

// skipTooLarge has messages above the limit passed over, unless they are much larger.
func (r *reader) skipTooLarge(tell func(head []byte, size uint64)) {
	if r.limit != noLimit {
		r.skip = &skipper{most: transport.SkipFactor * min(r.limit, math.MaxInt/transport.SkipFactor), tell: tell}
	}
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

// tryRead appends to dst the messages that can be read without waiting. When the stream has
// ended, the next read returns the error.
func (r *reader) tryRead(dst []transport.Message) []transport.Message {
	for r.err == nil {
		if dst = r.parse(dst); len(dst) > 0 || r.err != nil {
			break
		}
		n, err := r.readRaw(false)
		if n == 0 && err == nil {
			break
		}
		r.err = r.filled(n, err)
		r.interrupted()
	}
	return dst
}

// interrupted reports whether Interrupt ended the read. If so the reader can read again.
func (r *reader) interrupted() bool {
	if !errors.Is(r.err, os.ErrDeadlineExceeded) {
		return false
	}
	r.err = r.conn.SetReadDeadline(time.Time{})
	return r.err == nil
}

// parse appends to dst the complete messages that have been read.
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
	if r.skipping() {
		r.discard()
	}
	prefix, begin := r.framing.PrefixSize(), len(dst)
	buf, at := r.chunk.Bytes()[:r.w], r.r
	for len(buf)-at >= prefix && len(dst)-begin < r.most {
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
				break // return them before tell is called for this one
			}
			r.r = at + prefix
			r.skip.begin(size)
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

// skips reports whether a message of size bytes, which is above the limit, is passed over
// rather than the end of the stream.
func (r *reader) skips(size uint64) bool { return r.skip != nil && size <= r.skip.most }

// skipping reports whether the reader is within a message that it passes over.
func (r *reader) skipping() bool { return r.skip != nil && r.skip.left > 0 }

func (s *skipper) begin(size uint64) { s.size, s.left, s.head, s.told = size, size, s.head[:0], false }

// discard passes over what the chunk has of a skipped message. It calls tell as soon as the
// beginning of the message is known.
func (r *reader) discard() {
	s := r.skip
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
		s.tell(s.head, s.size)
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

// growBig gives the large message more memory, if it has filled what it has.
func (r *reader) growBig() {
	if r.have < len(r.big.Bytes()) {
		return
	}
	grown := r.earnedBuffer(r.have)
	copy(grown.Bytes(), r.big.Bytes())
	r.big.Release()
	r.big = grown
}

// earnedBuffer returns a buffer for the large message, of which have bytes have come.
func (r *reader) earnedBuffer(have int) *transport.Buffer {
	return transport.NewBuffer(Earned(r.want, uint64(have+r.framing.PrefixSize())))
}

// fill reads once, waiting until something comes.
func (r *reader) fill() (err error) {
	var n int
	if r.raw != nil {
		n, err = r.readRaw(true)
	} else {
		n, err = r.conn.Read(r.memory())
	}
	return r.filled(n, err)
}

// filled counts the n bytes that a read has brought, and explains its error.
func (r *reader) filled(n int, err error) error {
	switch {
	case n == 0:
	case r.big != nil:
		r.have += n
		return nil // if there is an error, the next read returns it again
	default:
		r.expect(n)
		r.w += n
		return nil
	}
	if err == io.ErrUnexpectedEOF {
		err = io.EOF // a TLS peer that was killed sent no alert; the lengths below tell whether bytes are missing
	}
	if err == io.EOF && (r.big != nil || r.r < r.w || r.skipping()) {
		return fmt.Errorf("%w: the peer closed the connection in the middle of a message", io.ErrUnexpectedEOF)
	}
	return err
}

// expect chooses the size of the next chunk: twice the n bytes that were read. When they
// filled the chunk, more may have been waiting, and the next chunk is as large as possible.
func (r *reader) expect(n int) {
	if r.next = chunkSize; n < len(r.chunk.Bytes())-r.w {
		r.next = min(max(2*n, smallChunk), chunkSize)
	}
}

// memory returns where the next read goes: the rest of the large message, or the free end of
// the chunk. It replaces the chunk when too little is free.
func (r *reader) memory() []byte {
	if r.big != nil {
		r.growBig()
		rest := r.big.Bytes()[r.have:]
		if _, ok := r.conn.(*net.TCPConn); ok {
			rest = rest[:min(len(rest), tcpRead)]
		}
		return rest
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

// idle gives the chunk back while there is nothing to read. It keeps a small chunk that
// messages still point into: that memory is in use anyway, and a new chunk would add to it.
func (r *reader) idle() {
	if r.chunk == nil || r.r < r.w {
		return
	}
	if len(r.chunk.Bytes()) > smallChunk || !r.chunk.Shared() {
		r.chunk.Release()
		r.chunk = nil
	}
}

// drop gives all memory back, after the stream has ended.
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

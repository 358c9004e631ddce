package rpc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// What each request and each reply begins with. They differ, so that a request that comes
// back is no reply. 0xf5 is in no UTF-8 text, so that no text is an envelope.
const (
	requestMagic = "\xf5gonng?"
	replyMagic   = "\xf5gonng!"
	version      = 1
)

// Limits of an envelope, which are checked where it is made and where it is read.
const (
	maxMethod      = 255     // bytes
	maxHeaders     = 64      // headers of a request or reply
	maxHeaderBytes = 8 << 10 // all keys and values, with the lengths before them
	maxKey         = 255     // bytes of a key
	maxText        = 4 << 10 // bytes of the text of an error; what is longer is cut
)

// noTimeout says that a request has no deadline.
const noTimeout = 0

// request is a request that was read. It refers to the bytes that it was read from, but
// for the header.
type request struct {
	timeout uint32 // milliseconds
	method  []byte
	header  Header
	payload []byte
}

// reply is a reply that was read. As with request.
type reply struct {
	code    Code
	text    []byte
	details []byte
	header  Header
	payload []byte
}

var (
	errStranger = errors.New("it does not begin as an rpc envelope of gonng does")
	errEcho     = errors.New("it is an rpc request")
	errCut      = errors.New("the rpc envelope is cut short")
	errSurplus  = errors.New("an error has a payload, or a success a text or details")
)

// versionError is a version of the envelope that this package does not speak.
type versionError byte

func (v versionError) Error() string {
	return fmt.Sprintf("version %d of the rpc envelope is not supported, only version %d", byte(v), version)
}

// timeoutUntil is the time until the deadline, rounded up: a deadline that has passed,
// too, is one.
func timeoutUntil(deadline time.Time) uint32 {
	ms := (time.Until(deadline) + time.Millisecond - 1) / time.Millisecond
	return uint32(min(max(ms, 1), math.MaxUint32))
}

// appendRequest appends all of a request but its payload, which goes behind.
func appendRequest(b []byte, timeout uint32, method string, h Header) ([]byte, error) {
	if len(method) == 0 || len(method) > maxMethod {
		return nil, fmt.Errorf("the name of the method has %d bytes: want 1 to %d", len(method), maxMethod)
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	b = append(b, requestMagic...)
	b = append(b, version)
	b = binary.BigEndian.AppendUint32(b, timeout)
	b = append(b, byte(len(method)), byte(len(h)))
	b = append(b, method...)
	return h.append(b), nil
}

// appendReply appends all of a reply but its payload, which goes behind.
func appendReply(b []byte, code Code, text string, details []byte, h Header) ([]byte, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	if uint64(len(details)) > math.MaxUint32 {
		return nil, fmt.Errorf("the details have %d bytes", len(details))
	}
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	b = append(b, replyMagic...)
	b = append(b, version, byte(code), byte(len(h)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(text)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(details)))
	b = append(b, text...)
	b = append(b, details...)
	return h.append(b), nil
}

// parseRequest reads a request.
func parseRequest(b []byte) (q request, err error) {
	in, err := begin(b, requestMagic)
	if err != nil {
		return q, err
	}
	fixed := in.next(6)
	if in.cut {
		return q, errCut
	}
	q.timeout = binary.BigEndian.Uint32(fixed)
	q.method = in.next(int(fixed[4]))
	if !in.cut && len(q.method) == 0 {
		return q, errors.New("the request names no method")
	}
	q.header, err = in.header(int(fixed[5]))
	q.payload = in.rest
	return q, err
}

// parseReply reads a reply.
func parseReply(b []byte) (r reply, err error) {
	in, err := begin(b, replyMagic)
	if err != nil {
		return r, err
	}
	fixed := in.next(8)
	if in.cut {
		return r, errCut
	}
	r.code = Code(fixed[0])
	text, details := binary.BigEndian.Uint16(fixed[2:]), binary.BigEndian.Uint32(fixed[4:])
	switch {
	case r.code > lastCode:
		return r, fmt.Errorf("%d is no code", byte(r.code))
	case text > maxText:
		return r, fmt.Errorf("the text of an error has %d bytes, more than %d", text, maxText)
	case uint64(details) > uint64(len(in.rest)):
		return r, errCut
	}
	r.text, r.details = in.next(int(text)), in.next(int(details))
	r.header, err = in.header(int(fixed[1]))
	r.payload = in.rest
	failed, told := r.code != codeOK, text > 0 || details > 0
	if err == nil && (failed && len(r.payload) > 0 || !failed && told) {
		err = errSurplus
	}
	return r, err
}

// reader reads an envelope from its begin to its end.
type reader struct {
	rest []byte
	cut  bool // more was wanted than there is
}

// begin reads the magic and the version.
func begin(b []byte, magic string) (reader, error) {
	other := requestMagic
	if magic == requestMagic {
		other = replyMagic
	}
	in := reader{rest: b}
	switch start := string(in.next(len(magic))); {
	case start == other && magic == replyMagic:
		return in, errEcho
	case start != magic:
		return in, errStranger
	}
	v := in.next(1)
	switch {
	case in.cut:
		return in, errCut
	case v[0] != version:
		return in, versionError(v[0])
	}
	return in, nil
}

// next is the next n bytes; nil when there are fewer.
func (r *reader) next(n int) []byte {
	if r.cut || n > len(r.rest) {
		r.cut = true
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// header reads n headers, which are copied: a program keeps them longer than the message.
func (r *reader) header(n int) (Header, error) {
	if n > maxHeaders {
		return nil, fmt.Errorf("%d headers, more than %d", n, maxHeaders)
	}
	if r.cut {
		return nil, errCut
	}
	if n == 0 {
		return nil, nil
	}
	h, all := make(Header, n), len(r.rest)
	for range n {
		lengths := r.next(3)
		if r.cut {
			return nil, errCut
		}
		key := r.next(int(lengths[0]))
		value := r.next(int(binary.BigEndian.Uint16(lengths[1:])))
		switch {
		case r.cut:
			return nil, errCut
		case len(key) == 0:
			return nil, errors.New("a header has no key")
		case all-len(r.rest) > maxHeaderBytes:
			return nil, fmt.Errorf("headers of more than %d bytes", maxHeaderBytes)
		}
		if _, twice := h[string(key)]; twice {
			return nil, errors.New("a header occurs twice")
		}
		h[string(key)] = string(value)
	}
	return h, nil
}

// check says what is wrong with headers that are to be sent.
func (h Header) check() error {
	if len(h) > maxHeaders {
		return fmt.Errorf("%d headers, more than %d", len(h), maxHeaders)
	}
	size := 0
	for key, value := range h {
		if len(key) == 0 || len(key) > maxKey {
			return fmt.Errorf("the key of a header has %d bytes: want 1 to %d", len(key), maxKey)
		}
		size += 3 + len(key) + len(value)
	}
	if size > maxHeaderBytes {
		return fmt.Errorf("headers of %d bytes, more than %d", size, maxHeaderBytes)
	}
	return nil
}

// append appends the headers, which were checked.
func (h Header) append(b []byte) []byte {
	for key, value := range h {
		b = append(b, byte(len(key)))
		b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
		b = append(b, key...)
		b = append(b, value...)
	}
	return b
}

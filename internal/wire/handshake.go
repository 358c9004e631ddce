package wire

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// HandshakeSize is the length in bytes of the handshake that each side of a
// stream connection sends. A dialer sends it at once; a listener may wait for the
// dialer's, decide, and then answer.
const HandshakeSize = 8

// The handshake as one big-endian word: 00 'S' 'P', the version, the protocol
// number in two bytes, two reserved bytes. Seen so, everything that has a fixed
// value is checked in one comparison.
const (
	handshakeFixed = 0x00_53_50_00_0000_0000
	handshakeMask  = 0xff_ff_ff_ff_0000_ffff
)

// A HandshakeError reports that the first bytes from a peer are not a
// handshake of the Scalability Protocols.
type HandshakeError struct {
	Got  [HandshakeSize]byte // what the peer sent
	What string              // what is wrong with it, for a person to read
}

func (e *HandshakeError) Error() string {
	return fmt.Sprintf("%s (handshake % x)", e.What, e.Got)
}

// AppendHandshake appends the handshake of a socket with the given protocol
// number to b and returns the extended slice.
func AppendHandshake(b []byte, protocol uint16) []byte {
	return binary.BigEndian.AppendUint64(b, handshakeFixed|uint64(protocol)<<16)
}

// ParseHandshake returns the protocol number that a peer's handshake names.
// Whether this number is known and compatible is for the caller to decide. The
// error, if any, is a [*HandshakeError].
func ParseHandshake(b [HandshakeSize]byte) (protocol uint16, err error) {
	if binary.BigEndian.Uint64(b[:])&handshakeMask != handshakeFixed {
		return 0, badHandshake(b)
	}
	return binary.BigEndian.Uint16(b[4:]), nil
}

// badHandshake finds the reason why b was refused.
func badHandshake(b [HandshakeSize]byte) error {
	e := &HandshakeError{Got: b}
	switch {
	case b[0] != 0 || b[1] != 'S' || b[2] != 'P':
		e.What = "not a Scalability Protocols peer: "
		if who := foreignProtocol(b); who != "" {
			e.What += "it speaks " + who
		} else {
			e.What += "wrong magic"
		}
	case b[3] != 0:
		e.What = fmt.Sprintf("unsupported Scalability Protocols version %d, want 0", b[3])
	default:
		e.What = fmt.Sprintf("reserved field is 0x%02x%02x, want 0", b[6], b[7])
	}
	return e
}

// foreignOpenings are the first bytes of what most often talks to the wrong
// port. Each is unambiguous within HandshakeSize bytes. Where the cause is
// probably one wrong URL scheme, the name says which.
var foreignOpenings = [...]struct{ prefix, name string }{
	{"GET /", "HTTP, as a ws:// peer does"},
	{"HTTP/", "HTTP, as a ws:// peer does"},
	{"HEAD /", "HTTP"},
	{"POST /", "HTTP"},
	{"PUT /", "HTTP"},
	{"OPTIONS ", "HTTP"},
	{"CONNECT ", "HTTP or NATS"},
	{"PRI * HT", "HTTP/2"},
	{"\x16\x03", "TLS, as a tls+tcp:// peer does"}, // a ClientHello
	{"\x15\x03", "TLS, as a tls+tcp:// peer does"}, // the alert with which a server refuses our handshake
	{"\xff\x00\x00\x00\x00\x00\x00\x00", "ZeroMQ"},
	{"SSH-", "SSH"},
	{"INFO {", "NATS"},
}

// foreignProtocol names the protocol that b looks like the start of, or
// returns "".
func foreignProtocol(b [HandshakeSize]byte) string {
	for _, o := range foreignOpenings {
		if strings.HasPrefix(string(b[:]), o.prefix) {
			return o.name
		}
	}
	return ""
}

package wire_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/gonng/gonng/internal/wire"
)

func TestHandshakeGolden(t *testing.T) {
	for _, tt := range []struct {
		name     string
		protocol uint16
		bytes    string
	}{
		{"pair0", 16, "\x00SP\x00\x00\x10\x00\x00"},
		{"pair1", 17, "\x00SP\x00\x00\x11\x00\x00"},
		{"req0", 48, "\x00SP\x00\x00\x30\x00\x00"},
		{"respondent0", 99, "\x00SP\x00\x00\x63\x00\x00"},
		{"both bytes of the number", 0xabcd, "\x00SP\x00\xab\xcd\x00\x00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := wire.AppendHandshake([]byte("before"), tt.protocol)
			if want := "before" + tt.bytes; string(got) != want {
				t.Errorf("AppendHandshake = %q, want %q", got, want)
			}
			p, err := wire.ParseHandshake([wire.HandshakeSize]byte([]byte(tt.bytes)))
			if p != tt.protocol || err != nil {
				t.Errorf("ParseHandshake = %d, %v, want %d", p, err, tt.protocol)
			}
		})
	}
}

func TestHandshakeErrors(t *testing.T) {
	const foreign = "not a Scalability Protocols peer: "
	for _, tt := range []struct{ bytes, want string }{
		{"\x01SP\x00\x00\x10\x00\x00", foreign + "wrong magic (handshake 01 53 50 00 00 10 00 00)"},
		{"\x00sP\x00\x00\x10\x00\x00", foreign + "wrong magic (handshake 00 73 50 00 00 10 00 00)"},
		{"\x00SQ\x00\x00\x10\x00\x00", foreign + "wrong magic (handshake 00 53 51 00 00 10 00 00)"},
		{"\x00SP\x01\x00\x10\x00\x00", "unsupported Scalability Protocols version 1, want 0 (handshake 00 53 50 01 00 10 00 00)"},
		{"\x00SP\x00\x00\x10\x00\x01", "reserved field is 0x0001, want 0 (handshake 00 53 50 00 00 10 00 01)"},
		{"\x00SP\x00\x00\x10\x80\x00", "reserved field is 0x8000, want 0 (handshake 00 53 50 00 00 10 80 00)"},
		{"GET / HTTP/1.1", foreign + "it speaks HTTP, as a ws:// peer does (handshake 47 45 54 20 2f 20 48 54)"},
		{"HTTP/1.1 400", foreign + "it speaks HTTP, as a ws:// peer does (handshake 48 54 54 50 2f 31 2e 31)"},
		{"POST /rpc", foreign + "it speaks HTTP (handshake 50 4f 53 54 20 2f 72 70)"},
		{"PRI * HTTP/2.0", foreign + "it speaks HTTP/2 (handshake 50 52 49 20 2a 20 48 54)"},
		{"\x16\x03\x01\x02\x00\x01\x00\x01", foreign + "it speaks TLS, as a tls+tcp:// peer does (handshake 16 03 01 02 00 01 00 01)"},
		{"\x15\x03\x03\x00\x02\x02\x0a\x00", foreign + "it speaks TLS, as a tls+tcp:// peer does (handshake 15 03 03 00 02 02 0a 00)"},
		{"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f", foreign + "it speaks ZeroMQ (handshake ff 00 00 00 00 00 00 00)"},
		{"SSH-2.0-OpenSSH", foreign + "it speaks SSH (handshake 53 53 48 2d 32 2e 30 2d)"},
		{`INFO {"server`, foreign + "it speaks NATS (handshake 49 4e 46 4f 20 7b 22 73)"},
	} {
		b := [wire.HandshakeSize]byte([]byte(tt.bytes))
		_, err := wire.ParseHandshake(b)
		e, ok := errors.AsType[*wire.HandshakeError](err)
		if !ok {
			t.Errorf("%q: error is %v, want a *HandshakeError", tt.bytes, err)
			continue
		}
		if e.Got != b {
			t.Errorf("%q: Got = %q", tt.bytes, e.Got)
		}
		if err.Error() != tt.want {
			t.Errorf("%q:\n got %s\nwant %s", tt.bytes, err, tt.want)
		}
		if !strings.HasPrefix(tt.want, e.What) {
			t.Errorf("%q: What = %q", tt.bytes, e.What)
		}
	}
}

func FuzzParseHandshake(f *testing.F) {
	for _, s := range []string{
		"\x00SP\x00\x00\x10\x00\x00", "\x00SP\x00\xff\xff\x00\x00", "\x00SP\x01\x00\x10\x00\x00",
		"\x00SP\x00\x00\x10\x00\x01", "GET / HT", "\x16\x03\x01\x02\x00\x01\x00\x01",
		"\xff\x00\x00\x00\x00\x00\x00\x00", "",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var b [wire.HandshakeSize]byte
		copy(b[:], data)
		p, err := wire.ParseHandshake(b)
		back := wire.AppendHandshake(nil, p)
		if err == nil {
			if !bytes.Equal(back, b[:]) {
				t.Fatalf("% x parses as %d, which is % x", b, p, back)
			}
			return
		}
		if e, ok := errors.AsType[*wire.HandshakeError](err); !ok || e.Got != b || e.What == "" || p != 0 {
			t.Fatalf("% x: %d, %#v", b, p, err)
		}
		// A refusal must be of something that no encoder makes.
		if mine := wire.AppendHandshake(nil, uint16(b[4])<<8|uint16(b[5])); bytes.Equal(mine, b[:]) {
			t.Fatalf("% x is a handshake, refused with: %v", b, err)
		}
	})
}

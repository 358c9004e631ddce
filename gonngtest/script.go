package gonngtest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"time"

	"github.com/gonng/gonng"
)

// Handshake introduces the peer as one of protocol proto and returns what the
// other side is.
func (p *Peer) Handshake(proto gonng.Protocol) gonng.Protocol {
	p.t.Helper()
	p.SendHello(proto)
	return p.RecvHello()
}

// SendHello sends this side's half of the handshake.
func (p *Peer) SendHello(proto gonng.Protocol) {
	p.t.Helper()
	p.SendBytes([]byte{0, 'S', 'P', 0, byte(proto >> 8), byte(proto), 0, 0})
}

// RecvHello receives the other side's half of the handshake.
func (p *Peer) RecvHello() gonng.Protocol {
	p.t.Helper()
	hello := p.RecvBytes(8)
	if !bytes.Equal(hello[:4], []byte("\x00SP\x00")) || hello[6] != 0 || hello[7] != 0 {
		p.t.Fatalf("scripted peer: % x is no handshake", hello)
	}
	return gonng.Protocol(binary.BigEndian.Uint16(hello[4:]))
}

// SendFrame sends the parts, such as an SP header and a body, as one message.
func (p *Peer) SendFrame(parts ...[]byte) {
	p.t.Helper()
	p.SendBytes(Frame(p.framing, parts...))
}

// Frame is what one message of the parts looks like on the wire, for tests
// that send it in pieces or damaged.
func Frame(framing Framing, parts ...[]byte) []byte {
	message := bytes.Join(parts, nil)
	var frame []byte
	if framing == IPCFraming {
		frame = append(frame, 1)
	}
	frame = binary.BigEndian.AppendUint64(frame, uint64(len(message)))
	return append(frame, message...)
}

// RecvFrame receives one message, its SP header included.
func (p *Peer) RecvFrame() []byte {
	p.t.Helper()
	if p.framing == IPCFraming {
		if kind := p.RecvBytes(1)[0]; kind != 1 {
			p.t.Fatalf("scripted peer: a frame begins with %#02x, want 0x01", kind)
		}
	}
	const most = 1 << 30 // more is a mistake, and would be one to allocate
	n := binary.BigEndian.Uint64(p.RecvBytes(8))
	if n > most {
		p.t.Fatalf("scripted peer: a frame claims to have %d bytes", n)
	}
	return p.RecvBytes(int(n))
}

// SendBytes sends raw as it is.
func (p *Peer) SendBytes(raw []byte) {
	p.t.Helper()
	p.deadline()
	if n, err := p.conn.Write(raw); err != nil {
		p.t.Fatalf("scripted peer: sent %d of %d bytes: %v", n, len(raw), err)
	}
}

// RecvBytes receives exactly n bytes.
func (p *Peer) RecvBytes(n int) []byte {
	p.t.Helper()
	p.deadline()
	b := make([]byte, n)
	if got, err := io.ReadFull(p.conn, b); err != nil {
		p.t.Fatalf("scripted peer: received %d of %d bytes, % .64x: %v", got, n, b[:got], err)
	}
	return b
}

// ExpectClosed waits until the other side has closed the connection, and ends
// the test if it sends anything before.
func (p *Peer) ExpectClosed() {
	p.t.Helper()
	if b := p.RecvAll(); len(b) > 0 {
		p.t.Fatalf("scripted peer: received %d bytes, % .64x, before the connection was closed", len(b), b)
	}
}

// RecvAll waits until the other side has closed the connection, or reset it,
// and returns what it sent before.
func (p *Peer) RecvAll() []byte {
	p.t.Helper()
	p.deadline()
	b, err := io.ReadAll(p.conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Fatalf("scripted peer: waiting for the connection to be closed, after %d bytes, % .64x: %v", len(b), b, err)
	}
	return b
}

func (p *Peer) deadline() {
	// A closed connection refuses a deadline; what follows says so better.
	_ = p.conn.SetDeadline(time.Now().Add(p.Timeout))
}

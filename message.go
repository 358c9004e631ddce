package gonng

import (
	"fmt"
	"sync/atomic"

	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Message is a message and where it came from or goes to. It is immutable
// once made: a message that was published shares its body among all
// subscribers in the process. nng: nng_msg; pynng: Message.
type Message struct {
	in    sp.Message
	freed atomic.Bool
}

// NewMessage makes a message of body. It takes the slice: the caller must not
// change it afterwards.
func NewMessage(body []byte) *Message {
	return &Message{in: sp.Message{Data: transport.NewMessage(body)}}
}

// AllocMessage makes a message with a body of n bytes of pooled memory, whose contents
// are undefined: fill it through [Message.Bytes] before the message is sent or
// cloned. Sending it copies nothing above 16 KiB, and the memory is used again when it
// has been written, so that a program that sends large messages does not make the
// garbage collector work. It panics when n is negative. nng: nng_msg_alloc.
func AllocMessage(n int) *Message {
	if n < 0 {
		panic(fmt.Sprintf("gonng: AllocMessage(%d): want 0 or more bytes", n))
	}
	b := transport.NewBuffer(n)
	return &Message{in: sp.Message{Data: transport.In(b, b.Bytes())}}
}

// Bytes is the body. It belongs to the message, must not be changed and not be
// used after Free. A small received message shares one block of memory of up
// to 64 KiB with its neighbours and keeps it alive: to keep a body for long,
// copy it with [bytes.Clone].
func (m *Message) Bytes() []byte {
	return m.in.Data.Body()
}

// Header is the protocol header that came with the message, or that a raw
// socket sends with it. The rules of Bytes apply.
func (m *Message) Header() []byte {
	data := &m.in.Data
	if m.in.Traced {
		return append(wire.AppendID(nil, m.in.Peer.ID), data.Data[:data.Header]...)
	}
	return data.Data[:data.Header:data.Header]
}

// Pipe is where the message came from, or what SetPipe has set; nil for a new
// message.
func (m *Message) Pipe() *Pipe {
	if m.in.Peer == nil {
		return nil
	}
	return pipeOf(m.in.Peer)
}

// SetPipe says where a polyamorous Pair1 sends the message; nil: to any peer. No
// other socket looks at it.
func (m *Message) SetPipe(p *Pipe) {
	if m.in.Traced { // the header goes on naming the pipe that it names
		header := m.Header()
		data := append(header, m.Bytes()...)
		m.in.Data.Release()
		m.in.Data, m.in.Traced = transport.Message{Data: data, Header: len(header)}, false
	}
	m.in.Peer = nil
	if p != nil {
		m.in.Peer = &p.peer
	}
}

// Clone returns a second message with the same body, which is not copied. Each
// is to be freed or sent for itself, in any order.
func (m *Message) Clone() *Message {
	return &Message{in: sp.Message{Data: m.in.Data.Retain(), Peer: m.in.Peer, Traced: m.in.Traced}}
}

// Free gives the memory of the message back to be used again; the message must
// not be used afterwards. It is optional: what is not freed costs a garbage
// collection, never a leak. Twice is harmless. A message that was sent is freed.
func (m *Message) Free() {
	if m.freed.CompareAndSwap(false, true) {
		m.empty()
	}
}

// empty releases the body.
func (m *Message) empty() {
	m.in.Data.Release()
	m.in.Data = transport.Message{}
}

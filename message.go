package gonng

import (
	"fmt"
	"sync/atomic"

	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Message is a message, and the pipe that it came from or goes to. Its bytes do not change once
// it is made, because messages may share them: over inproc all subscribers get the memory of
// the publisher's message. A Message belongs to one goroutine at a time. nng: nng_msg; pynng:
// Message.
type Message struct {
	in    sp.Message
	freed atomic.Bool
}

// NewMessage makes a message of body. The message takes the slice over and does not copy it:
// the caller must not change it afterwards. pynng: Message(data).
func NewMessage(body []byte) *Message {
	return &Message{in: sp.Message{Data: transport.NewMessage(body)}}
}

// AllocMessage makes a message with a body of n bytes of pooled memory. Their contents are
// undefined: fill them through [Message.Bytes] before the message is sent or cloned. A send
// does not copy a body above 16 KiB, and the memory returns to the pool when it has been
// written. So a program that sends large messages this way makes no work for the garbage
// collector. AllocMessage panics when n is negative. nng: nng_msg_alloc.
func AllocMessage(n int) *Message {
	if n < 0 {
		panic(fmt.Sprintf("gonng: AllocMessage(%d): want 0 or more bytes", n))
	}
	b := transport.NewBuffer(n)
	return &Message{in: sp.Message{Data: transport.In(b, b.Bytes())}}
}

// Bytes returns the body. The slice belongs to the message: the caller must not change it, nor
// use it after Free. A small message that was received shares a block of memory of up to
// 64 KiB with others and keeps all of it in use. To keep a body for long, copy it with
// [bytes.Clone]. nng: nng_msg_body; pynng: Message.bytes.
func (m *Message) Bytes() []byte {
	return m.in.Data.Body()
}

// Header returns the protocol header: the one that came with the message, or the one that a
// raw socket sends with it. The slice is under the rules of Bytes. nng: nng_msg_header.
func (m *Message) Header() []byte {
	data := &m.in.Data
	if m.in.Traced {
		return append(wire.AppendID(nil, m.in.Peer.ID), data.Data[:data.Header]...)
	}
	return data.Data[:data.Header:data.Header]
}

// Pipe returns the pipe that the message came from, or the one that SetPipe has set. It returns
// nil for a new message. nng: nng_msg_get_pipe; pynng: Message.pipe.
func (m *Message) Pipe() *Pipe {
	if m.in.Peer == nil {
		return nil
	}
	return pipeOf(m.in.Peer)
}

// SetPipe sets the pipe to which a polyamorous Pair1 sends the message; nil: to any peer. Other
// sockets ignore it. nng: nng_msg_set_pipe; pynng: Message.pipe.
func (m *Message) SetPipe(p *Pipe) {
	if m.in.Traced { // the header keeps the ID of the pipe that the message came from
		header := m.Header()
		data := append(header, m.Bytes()...)
		m.in.Data.Release()
		m.in.Data, m.in.Traced = transport.Message{Data: data, Header: len(header)}, false
	}
	m.in.Peer = p.asPeer()
}

// Clone returns a second message with the same header and body, which it does not copy. Each of
// the two has to be freed or sent, in any order. nng: nng_msg_dup.
func (m *Message) Clone() *Message {
	return &Message{in: sp.Message{Data: m.in.Data.Retain(), Peer: m.in.Peer, Traced: m.in.Traced}}
}

// Free gives the memory of the message back to the pool. The message must not be used
// afterwards. Free is optional: the garbage collector frees what the program does not. To free
// a message twice is harmless, and so is it to free one that was sent. nng: nng_msg_free.
func (m *Message) Free() {
	if m.freed.CompareAndSwap(false, true) {
		m.empty()
	}
}

// empty releases header and body.
func (m *Message) empty() {
	m.in.Data.Release()
	m.in.Data = transport.Message{}
}

func (m *Message) isFreed() bool { return m.freed.Load() }

// toSend is what the core gets of the message. Only a raw socket sends the header.
func (m *Message) toSend(raw bool) sp.Message {
	in := m.in
	if !raw {
		in.Data, in.Traced = in.Data.Strip(), false
	}
	return in
}

// isSmall reports whether the message is copied faster than taken along.
func (m *Message) isSmall() bool { return len(m.in.Data.Data) <= sp.CopyMax }

// takeData empties the message without releasing the body.
func (m *Message) takeData() transport.Message {
	data := m.in.Data
	m.in = sp.Message{}
	return data
}

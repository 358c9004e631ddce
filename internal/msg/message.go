// Package msg holds what crosses every floor of gonng: messages, the pooled memory
// that they lie in, and batches of them. It is a leaf: the protocols use it
// without what package transport imports. Programs see its types under their
// names in package transport.
package msg

// Message is one message as it crosses a transport. It is a value: passing it
// on passes its one reference on.
type Message struct {
	// Data is the SP header and the body, one behind the other.
	Data []byte
	// Header is how much of Data is header; protocols set it, transports do not.
	Header int
	buffer *Buffer
}

// NewMessage returns a message whose data the garbage collector owns.
func NewMessage(data []byte) Message { return Message{Data: data} }

// In returns a message whose data lies in b; it takes over one reference to b.
func In(b *Buffer, data []byte) Message { return Message{Data: data, buffer: b} }

// AppendIn appends In(b, data) to dst.
func AppendIn(dst []Message, b *Buffer, data []byte) []Message {
	dst = append(dst, Message{})
	m := &dst[len(dst)-1] // in place: a struct put together elsewhere is copied slowly
	m.Data, m.buffer = data, b
	return dst
}

// Copy returns a message in pooled memory.
func Copy(data []byte) Message {
	b := NewBuffer(len(data))
	copy(b.Bytes(), data)
	return In(b, b.Bytes())
}

// Body is what follows the header.
func (m *Message) Body() []byte { return m.Data[m.Header:] }

// Pinned is how many bytes of memory stay in use as long as this message is held,
// if nothing else is: those of the whole Buffer that it lies in, or of its data
// alone if the garbage collector owns that.
func (m *Message) Pinned() int {
	if m.buffer != nil {
		return cap(m.buffer.bytes)
	}
	return len(m.Data)
}

// Strip returns the message without its header. It is the same reference.
func (m Message) Strip() Message {
	m.Data, m.Header = m.Data[m.Header:], 0
	return m
}

// Retain returns a second reference to the same memory.
func (m *Message) Retain() Message {
	if m.buffer != nil {
		m.buffer.Retain(1)
	}
	return *m
}

// Release gives the memory back. The data must not be used afterwards.
func (m *Message) Release() {
	if m.buffer != nil {
		m.buffer.Release()
	}
}

// WithHeader returns the message with that much of its data as header. It is the
// same reference.
func (m Message) WithHeader(n int) Message {
	m.Header = n
	return m
}

// Shares reports whether both messages lie in the same Buffer.
func (m *Message) Shares(o *Message) bool { return m.buffer != nil && m.buffer == o.buffer }

package transport

import "github.com/gonng/gonng/internal/msg"

type (
	// Message is one message as it crosses a transport. It is a value: passing it
	// on passes its one reference on. Its Data is the SP header and the body, one
	// behind the other; Header, which protocols set and transports do not, says how
	// much of Data is header. Retain returns a second reference, Release gives
	// one back, and Pinned is how much memory a reference holds.
	Message = msg.Message
	// A Buffer is pooled memory with a reference count. Many messages share the
	// Buffer that they were read into; the last Release gives it back. A Buffer
	// that nobody releases is left to the garbage collector.
	Buffer = msg.Buffer
	// A Batch gathers messages for one write: Append copies a message, AppendMessage
	// keeps a reference to its data until it is written. It is not safe for
	// concurrent use.
	Batch = msg.Batch
	// List is a Batch that keeps its messages apart, for transports without a
	// byte stream underneath. The zero value is empty and ready.
	List = msg.List
)

// NewMessage returns a message whose data the garbage collector owns.
func NewMessage(data []byte) Message { return msg.NewMessage(data) }

// In returns a message whose data lies in b; it takes over one reference to b.
func In(b *Buffer, data []byte) Message { return msg.In(b, data) }

// AppendIn appends In(b, data) to dst.
func AppendIn(dst []Message, b *Buffer, data []byte) []Message { return msg.AppendIn(dst, b, data) }

// Copy returns a message in pooled memory.
func Copy(data []byte) Message { return msg.Copy(data) }

// NewBuffer returns a buffer of n bytes, not cleared, with one reference.
func NewBuffer(n int) *Buffer { return msg.NewBuffer(n) }

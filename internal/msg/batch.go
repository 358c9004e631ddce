package msg

// A Batch gathers messages for one write. It is not safe for concurrent use.
type Batch interface {
	// Append adds a message and copies it.
	Append(header, body []byte)
	// AppendMessage adds the header, copied, and m.Data by reference: the batch
	// retains m until it is written.
	AppendMessage(header []byte, m Message)
	// Len is the number of messages and Size the bytes in them.
	Len() int
	Size() int
	// Reset drops everything, and memory that an idle connection should not keep.
	Reset()
}

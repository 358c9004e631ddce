package msg

// List is a Batch that keeps its messages apart, for transports without a
// byte stream underneath. The zero value is empty and ready.
type List struct {
	messages []Message
	size     int
	arena    *Buffer // where small messages are packed
	used     int
	last     int // what it had room for before it gave its array back, if it probably needs that again; or 0
}

// manyMessages are the arrays of lists with many messages.
var manyMessages Arrays[Message]

const (
	arenaSize = 16 << 10
	packMax   = 1 << 10 // above it a message has a buffer of its own and pins no other

	keepMessages = 2048 // up to which an array grows by append, and is kept by an idle connection
)

// Append implements Batch.
func (l *List) Append(header, body []byte) {
	b, data := l.alloc(len(header) + len(body))
	copy(data[copy(data, header):], body)
	l.makeRoom()
	l.messages = AppendIn(l.messages, b, data)
	l.size += len(data)
}

// AppendMessage implements Batch.
func (l *List) AppendMessage(header []byte, m Message) {
	if len(header) > 0 { // one message is one piece of memory
		l.Append(header, m.Data)
		return
	}
	m = m.Retain()
	m.Header = 0 // the receiver finds out for itself
	l.makeRoom()
	l.messages = append(l.messages, m)
	l.size += len(m.Data)
}

// makeRoom makes room for a message more. A small array grows by append, and so does a very
// large one.
func (l *List) makeRoom() {
	n := len(l.messages)
	if n < cap(l.messages) {
		return
	}
	if need := max(2*n, l.last); need > keepMessages && need <= LargestArray {
		larger := append(manyMessages.Get(need), l.messages...)
		clear(l.messages)
		manyMessages.Put(l.messages)
		l.messages = larger
	}
}

// alloc returns n bytes, and a reference to the buffer in which they lie.
func (l *List) alloc(n int) (*Buffer, []byte) {
	if n > packMax {
		b := NewBuffer(n)
		return b, b.Bytes()
	}
	if l.arena == nil || l.used+n > arenaSize {
		if l.arena != nil {
			l.arena.Release()
		}
		l.arena, l.used = NewBuffer(arenaSize), 0
	}
	data := l.arena.Bytes()[l.used : l.used+n : l.used+n]
	l.used += n
	l.arena.Retain(1)
	return l.arena, data
}

// Len implements Batch.
func (l *List) Len() int { return len(l.messages) }

// Size implements Batch.
func (l *List) Size() int { return l.size }

// Messages are the messages in order; they belong to the list.
func (l *List) Messages() []Message { return l.messages }

// Reset implements Batch.
func (l *List) Reset() {
	for _, m := range l.messages {
		m.Release()
	}
	l.Forget(len(l.messages))
}

// Forget takes the first n messages off and leaves them to whoever took them.
func (l *List) Forget(n int) {
	left := copy(l.messages, l.messages[n:])
	clear(l.messages[left:])
	l.messages, l.size = l.messages[:left], 0
	if left == 0 && cap(l.messages) >= 2*keepMessages { // append makes less
		l.last = 0
		if n > keepMessages/2 {
			l.last = min(cap(l.messages), 4*keepMessages)
		}
		manyMessages.Put(l.messages)
		l.messages = nil
	}
	for _, m := range l.messages {
		l.size += len(m.Data)
	}
}

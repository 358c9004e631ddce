package gonng

import "github.com/gonng/gonng/transport"

// inbox holds what was read from one peer and not received yet. The socket's
// mutex guards it.
type inbox struct {
	messages []transport.Message
	head     int
	bytes    int
	paused   bool // reading the peer waits for room
}

func (q *inbox) len() int { return len(q.messages) - q.head }

func (q *inbox) push(batch []transport.Message) {
	if q.head == len(q.messages) {
		q.messages, q.head = q.messages[:0], 0
	}
	q.messages = append(q.messages, batch...)
	for i := range batch {
		q.bytes += len(batch[i].Data)
	}
}

// front is the next message; there must be one.
func (q *inbox) front() *transport.Message { return &q.messages[q.head] }

// drop removes the front.
func (q *inbox) drop() {
	front := q.front()
	q.bytes -= len(front.Data)
	*front = transport.Message{}
	q.head++
	if q.head > keepMessages && q.head*2 > len(q.messages) {
		// A queue that is never empty would grow for ever behind its head.
		n := copy(q.messages, q.messages[q.head:])
		clear(q.messages[n:])
		q.messages, q.head = q.messages[:n], 0
	}
}

const keepMessages = 4096

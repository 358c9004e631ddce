package gonng

import "github.com/gonng/gonng/transport"

// inbox holds what was read from one peer and not received yet. The socket's
// mutex guards it.
type inbox struct {
	fifo[transport.Message]
	bytes  int
	paused bool // reading the peer waits for room
}

func (q *inbox) push(batch []transport.Message) {
	q.fifo.push(batch...)
	for i := range batch {
		q.bytes += len(batch[i].Data)
	}
}

func (q *inbox) drop() {
	q.bytes -= len(q.front().Data)
	q.fifo.drop()
}

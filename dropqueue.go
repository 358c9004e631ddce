package gonng

import "github.com/gonng/gonng/transport"

// dropQueue holds messages for a receiver that must not hold up its peers:
// when it is full, something is dropped.
type dropQueue struct {
	fifo[arrived]
	bytes int
	slow  episode
}

// arrived is a message and who sent it.
type arrived struct {
	transport.Message
	from *Pipe
}

// push adds m, or drops it or as many of the oldest as it needs if there is no
// room, and returns how many it dropped.
func (q *dropQueue) push(m transport.Message, from *Pipe, l limit, preferNew bool) (dropped uint64) {
	for q.len() > 0 && l.reached(q.len(), q.bytes) {
		dropped++
		if !preferNew {
			m.Release()
			return dropped
		}
		q.front().Release()
		q.drop()
	}
	q.fifo.push(arrived{m, from})
	q.bytes += len(m.Data)
	return dropped
}

func (q *dropQueue) drop() {
	q.bytes -= len(q.front().Data)
	q.fifo.drop()
}

func (q *dropQueue) pop(max int, m *Message) error {
	if q.len() == 0 {
		return errWait
	}
	front := q.front()
	if size := len(front.Data) - front.Header; size > max {
		return tooSmall(size, max)
	}
	m.data, m.pipe = front.Message, front.from
	if q.drop(); q.len() == 0 {
		q.slow.end()
	}
	return nil
}

func (q *dropQueue) clear() {
	for q.len() > 0 {
		q.front().Release()
		q.drop()
	}
}

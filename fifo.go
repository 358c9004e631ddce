package gonng

// fifo is a queue that keeps its memory. The zero value is empty.
type fifo[T any] struct {
	items []T
	head  int
}

func (q *fifo[T]) len() int { return len(q.items) - q.head }

func (q *fifo[T]) push(v ...T) {
	// A queue that is never empty would grow for ever behind its head.
	if q.head > keepItems && q.head*2 > len(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, v...)
}

// front is the oldest item; there must be one.
func (q *fifo[T]) front() *T { return &q.items[q.head] }

// drop removes the front.
func (q *fifo[T]) drop() {
	*q.front() = *new(T)
	if q.head++; q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
}

// keepItems is how much of an empty queue's memory is kept at least.
const keepItems = 4096

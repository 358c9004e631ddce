package sp

import (
	"math"
	"unsafe"

	"github.com/gonng/gonng/internal/msg"
)

// Bytes that a queue holds unless the program asks for a number of messages. The
// first is enough for one large write, and too little to add noticeable delay.
// The second is for queues that drop when they are full: a burst should not be
// lost because a goroutine was not scheduled for a moment.
const (
	QueueBytes = 128 << 10
	LossyBytes = 4 << 20
)

// Limit is the size of a queue. Whatever it says, one message always fits.
type Limit struct{ messages, bytes int }

// NewLimit is a limit in messages, or in bytes if messages is 0.
func NewLimit(messages, bytes int) Limit {
	if messages == 0 {
		return Limit{math.MaxInt, bytes}
	}
	return Limit{messages, math.MaxInt} // the program asked for messages and gets them
}

func (l Limit) reached(messages, bytes int) bool {
	return messages >= l.messages || bytes >= l.bytes
}

// arrival is a message in a queue, and the peer that sent it.
type arrival struct {
	msg.Message
	from *Peer
}

// slot is the memory that a place in a queue costs.
const slot = int(unsafe.Sizeof(arrival{}))

// queue holds messages until the program receives them. It charges what they pin:
// a message of 4 bytes in a chunk of 64 KiB keeps all of the chunk in use.
// Messages of one chunk stand side by side, so that the chunk is charged
// once. A queue that has grown since the last time and finds itself full copies the
// small out of the large first.
type queue struct {
	items []arrival
	head  int
	bytes int // memory that the messages pin, and that of their slots
	grown int // by how much bytes has grown since the last compact
	last  int // how many messages it had room for before it was empty: probably it needs that again
}

func (q *queue) len() int { return len(q.items) - q.head }

// push adds messages.
func (q *queue) push(c *Core, from *Peer, batch ...msg.Message) {
	if len(q.items)+len(batch) > cap(q.items) {
		q.grow(c, len(batch))
	}
	before := q.bytes
	for i := range batch {
		m := &batch[i]
		if n := len(q.items); n == q.head || !q.items[n-1].Shares(m) {
			q.bytes += m.Pinned()
		}
		q.items = append(q.items, arrival{})
		last := &q.items[len(q.items)-1] // in place: a struct put together elsewhere is copied slowly
		last.Message, last.from = *m, from
	}
	q.bytes += slot * len(batch)
	q.grown += q.bytes - before
	c.Counters.RecvQueue += len(batch)
}

// grow is called when there is no room for n messages more. A very large array grows by append:
// a lent one would be of twice the size that the queue needs.
func (q *queue) grow(c *Core, n int) {
	need := max(len(q.items)+n, q.last)
	if q.items == nil && need <= fewItems {
		if q.items = c.spare.take(); cap(q.items) >= n {
			return
		}
	}
	if need <= msg.LargestArray {
		larger := append(arrays.Get(max(need, 2*cap(q.items))), q.items...)
		clear(q.items)
		c.spare.give(q.items[:0])
		q.items = larger
	}
}

// pushLossily adds a message. Where the queue is full it drops the oldest ones, or, unless
// the new is preferred, the new one; then it reports false.
func (q *queue) pushLossily(c *Core, l Limit, preferNew bool, from *Peer, m msg.Message) bool {
	for q.full(l) {
		c.drop(SlowReceiver, 1, nil)
		if !preferNew {
			m.Release()
			return false
		}
		q.discard(c)
	}
	q.push(c, from, m)
	return true
}

// front is the oldest message; there must be one.
func (q *queue) front() *arrival { return &q.items[q.head] }

// drop takes the front out and leaves its reference to the caller.
func (q *queue) drop(c *Core) {
	front := q.front()
	q.bytes -= slot
	if next := q.head + 1; next == len(q.items) || !q.items[next].Shares(&front.Message) {
		q.bytes -= front.Pinned()
	}
	*front = arrival{}
	c.Counters.RecvQueue--
	switch q.head++; {
	case q.head == len(q.items):
		last := min(len(q.items), compactAfter)
		c.spare.give(q.items[:0])
		*q = queue{last: last}
	case q.head >= compactAfter && q.head*2 > len(q.items):
		// A queue that is never empty would grow for ever behind its head.
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
}

// pop moves the front into m unless its body is larger than max.
func (q *queue) pop(c *Core, m *Message, max int) Verdict {
	if q.len() == 0 {
		return Wait
	}
	front := q.front()
	if size := len(front.Data) - front.Header; size > max {
		c.Size = uint64(size)
		return TooSmall
	}
	m.Data, m.Peer = front.Message, front.from
	q.drop(c)
	return OK
}

// discard drops the front with its reference. That goes last: the memory is somebody
// else's then.
func (q *queue) discard(c *Core) {
	m := q.front().Message
	q.drop(c)
	m.Release()
}

func (q *queue) clear(c *Core) {
	for q.len() > 0 {
		q.discard(c)
	}
}

// keep releases the messages that wanted does not want.
func (q *queue) keep(c *Core, wanted func(*msg.Message) bool) (dropped int) {
	old := *q
	*q = queue{}
	c.Counters.RecvQueue -= old.len()
	for i := range old.items[old.head:] {
		m := &old.items[old.head+i]
		if wanted(&m.Message) {
			q.push(c, m.from, m.Message)
		} else {
			m.Release()
			dropped++
		}
	}
	clear(old.items)
	c.spare.give(old.items[:0])
	return dropped
}

// full reports whether the queue has reached its limit. Where the slots take half of that, to
// copy messages would make little room.
func (q *queue) full(l Limit) bool {
	half := min(l.bytes, LossyBytes) / 2
	if q.grown > half && (q.bytes >= l.bytes && slot*q.len() < half || l.bytes == math.MaxInt) {
		q.compact()
	}
	return l.reached(q.len(), q.bytes)
}

// compact copies messages out of memory of which they use less than a half.
func (q *queue) compact() {
	items := q.items[q.head:]
	for len(items) > 0 {
		n, used := 1, len(items[0].Data)
		for n < len(items) && items[n].Shares(&items[0].Message) {
			used += len(items[n].Data)
			n++
		}
		if pinned := items[0].Pinned(); 2*used < pinned {
			q.bytes += gather(items[:n], used) - pinned
		}
		items = items[n:]
	}
	q.grown = 0
}

// gather copies messages into memory of their own and says how much that is.
func gather(items []arrival, used int) int {
	if used == 0 {
		for i := range items {
			items[i].Release()
			items[i].Message = msg.NewMessage(nil).WithHeader(items[i].Header)
		}
		return 0
	}
	b := msg.NewBuffer(used)
	b.Retain(len(items) - 1)
	at := 0
	for i := range items {
		m := &items[i].Message
		data := b.Bytes()[at : at+len(m.Data) : at+len(m.Data)]
		at += copy(data, m.Data)
		copied := msg.In(b, data).WithHeader(m.Header)
		m.Release()
		*m = copied
	}
	return items[0].Pinned()
}

// compactAfter is how many places behind its head a queue that is never empty may have.
const compactAfter = 1 << 12

// arrays are those of the queues of all sockets of the process.
var arrays msg.Arrays[arrival]

// fewItems is how many messages a queue has in an array of its socket, if that has one.
const fewItems = 64

// spares are the small arrays of queues of a socket that are empty now, for those that fill.
// Unlike arrays they need no lock of their own.
type spares struct {
	free [][]arrival
	size int // of all
}

// spareItems is the size of all arrays that a socket keeps.
const spareItems = 16 * fewItems

func (s *spares) take() []arrival {
	n := len(s.free)
	if n == 0 {
		return nil
	}
	items := s.free[n-1]
	s.free = s.free[:n-1]
	s.size -= cap(items)
	return items
}

func (s *spares) give(items []arrival) {
	switch c := cap(items); {
	case c == 0:
	case c <= fewItems && s.size+c <= spareItems:
		s.free = append(s.free, items)
		s.size += c
	default:
		arrays.Put(items)
	}
}

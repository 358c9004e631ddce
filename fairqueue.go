package gonng

import (
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// fairQueue receives from all peers, a message of each in turn, and pauses a
// peer whose messages pile up. What a peer sent before it went stays.
type fairQueue struct {
	head, tail *Pipe // pipes with messages
	receivers  waitList
	limit      limit
}

func (q *fairQueue) arrivals() *waitList { return &q.receivers }
func (q *fairQueue) more() bool          { return q.head != nil }

func (q *fairQueue) deliver(p *Pipe, batch []transport.Message) bool {
	p.in.push(batch)
	if p.in.len() > 0 && !p.at.queued {
		q.enqueue(p)
	}
	q.receivers.wakeOne()
	return !q.full(p)
}

func (q *fairQueue) full(p *Pipe) bool {
	return p.in.len() > 0 && q.limit.reached(p.in.len(), p.in.bytes)
}

func (q *fairQueue) enqueue(p *Pipe) {
	p.at.queued = true
	if q.tail != nil {
		q.tail.at.nextReady = p
	} else {
		q.head = p
	}
	q.tail = p
}

func (q *fairQueue) dequeue() *Pipe {
	p := q.head
	q.head = p.at.nextReady
	if q.head == nil {
		q.tail = nil
	}
	p.at.nextReady, p.at.queued = nil, false
	return p
}

func (q *fairQueue) pop(max int, m *Message) error {
	p := q.head
	if p == nil {
		return errWait
	}
	front := p.in.front()
	if size := len(front.Data) - front.Header; size > max {
		return tooSmall(size, max)
	}
	m.data, m.pipe = *front, p
	p.in.drop()
	if p.in.len() == 0 || p.at.nextReady != nil {
		if q.dequeue(); p.in.len() > 0 {
			q.enqueue(p)
		}
	}
	if p.in.paused && !q.full(p) {
		p.resume()
	}
	if q.head != nil {
		q.receivers.wakeOne()
	}
	return nil
}

// keep returns the messages whose header makes sense and stays within the TTL.
// A peer whose header does not make sense is disconnected; the rest is counted.
func (s *socket) keep(p *Pipe, batch []transport.Message, header func(*transport.Message) error) []transport.Message {
	kept := batch[:0]
	for i := range batch { // by index: a copy would escape to the heap
		switch err := header(&batch[i]); err {
		case nil:
			kept = append(kept, batch[i])
			continue
		case wire.ErrTTL:
			s.stats.TTLExceeded++
		default:
			s.stats.Malformed++
			p.finish(s.opError("pipe", p.url, because(ErrProtocol, "%v sent a malformed message: %w", p.RemoteAddr(), err)))
		}
		batch[i].Release()
	}
	return kept
}

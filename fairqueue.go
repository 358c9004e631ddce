package gonng

import "github.com/gonng/gonng/transport"

// fairQueue receives from all peers, a message of each in turn, and pauses a
// peer whose messages pile up. What a peer sent before it went stays.
type fairQueue struct {
	head, tail *Pipe // pipes with messages
	receivers  waitList
	limit      limit
	trace      bool // raw: the header begins with the pipe
}

func (q *fairQueue) arrivals() *waitList { return &q.receivers }
func (q *fairQueue) more() bool          { return q.head != nil }
func (q *fairQueue) wake()               { q.receivers.wakeAll() }
func (q *fairQueue) configure(c *Config) { q.limit = newLimit(c.RecvBuffer, queueBytes) }

// gauge counts also what peers sent that have gone.
func (q *fairQueue) gauge(st *Stats) {
	for p := q.head; p != nil; p = p.at.nextReady {
		st.RecvQueue += p.in.len()
	}
}

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
	m.data, m.pipe, m.traced = *front, p, q.trace
	p.in.drop()
	if p.in.len() == 0 || p.at.nextReady != nil {
		if q.dequeue(); p.in.len() > 0 {
			q.enqueue(p)
		}
	}
	if p.in.paused {
		q.proceed(p)
	}
	if q.head != nil {
		q.receivers.wakeOne()
	}
	return nil
}

// proceed lets reading go on when there is room: by the receiver itself once
// there is nothing left of the peer, where that is possible.
func (q *fairQueue) proceed(p *Pipe) {
	switch {
	case p.s.loan.pipe == p: // the receiver will
	case p.polled == nil && !q.full(p):
		p.resume()
	case p.polled != nil && p.in.len() == 0:
		p.s.refill = p
	}
}

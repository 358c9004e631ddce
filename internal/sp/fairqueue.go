package sp

import "github.com/gonng/gonng/internal/msg"

// fairQueue receives from all peers, a message of each in turn, and holds back a peer
// whose messages pile up. Messages stay when the peer that sent them has gone.
type fairQueue struct {
	c         *Core
	peers     list[Peer] // those with messages to be handed out
	receivers Waiters
	limit     Limit
	// answered says that the messages are questions, which the program answers. While
	// the outbox of a peer is full, its questions are neither handed out nor read.
	answered bool
}

func (q *fairQueue) Await(w *Waiter) { q.receivers.Add(w) }
func (q *fairQueue) CanRecv() bool   { return q.peers.first != nil }

// configure sets the limit. Where it has grown, peers are read on.
func (q *fairQueue) configure(cfg Config) {
	q.limit = NewLimit(cfg.RecvBuffer, QueueBytes)
	for n := q.peers.first; n != nil; n = n.next {
		q.resume(n.of)
	}
}

// deliver queues what p sent and reports whether p may be read on.
func (q *fairQueue) deliver(p *Peer, batch []msg.Message) (more bool) {
	if q.answered {
		if p.retiring() { // it asks another when its connection ends
			for i := range batch {
				batch[i].Release()
			}
			return true
		}
		p.unanswered += len(batch)
	}
	p.in.push(q.c, p, batch...)
	if q.held(p) {
		return false
	}
	if p.in.len() > 0 {
		if p.turn.in == nil {
			q.peers.append(&p.turn, p)
		}
		q.c.WakeOne(&q.receivers)
	}
	return !p.in.full(q.limit)
}

// held reports whether the questions of p have to wait until p has taken answers. A
// peer that has gone takes none, so its questions do not wait.
func (q *fairQueue) held(p *Peer) bool { return q.answered && !p.out.closed && p.out.full() }

// pop moves the next message into m.
func (q *fairQueue) pop(m *Message, max int) Verdict {
	p := q.peers.front()
	if p == nil {
		return Wait
	}
	if v := p.in.pop(q.c, m, max); v != OK {
		return v
	}
	if p.in.len() == 0 {
		p.turn.leave()
	} else if p.turn.next != nil {
		p.turn.leave()
		q.peers.append(&p.turn, p)
	}
	if p.Held {
		q.resume(p)
	}
	if q.peers.first != nil {
		q.c.WakeOne(&q.receivers)
	}
	return OK
}

// resume decides whether p, if it is held, is read again: there must be room for its
// messages, or none of them left if it is lazy.
func (q *fairQueue) resume(p *Peer) {
	if p.Held && !q.held(p) && (p.in.len() == 0 || !p.Lazy && !p.in.full(q.limit)) {
		q.c.Effects.addResume(p)
	}
}

// asked is called when an answer for p was queued. If p has no room for more, its
// questions are handed out no more.
func (q *fairQueue) asked(p *Peer) {
	if p.turn.in != nil && q.held(p) {
		p.turn.leave()
	}
}

// writable is called when p has taken answers: its questions go on.
func (q *fairQueue) writable(p *Peer) {
	if q.answered {
		if p.in.len() > 0 && p.turn.in == nil {
			q.peers.append(&p.turn, p)
			q.c.WakeOne(&q.receivers)
		}
		q.resume(p)
	}
}

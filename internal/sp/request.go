package sp

import (
	"slices"
	"time"

	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/wire"
)

// Request is the endpoint of a Req: at most one outstanding request.
type Request struct {
	of      *Req
	cfg     Config
	waiting Waiters

	question uint32 // counts the requests of this endpoint
	receiver *Waiter

	id      uint32 // the number on the wire; 0: no request is outstanding
	header  [4]byte
	to      *Peer   // the peer that it was last sent to; nil: it waits for one
	askedOf []*Peer // all peers that it was sent to
	resend  deadline
	pause   time.Duration // until it is sent again
	body    msg.Message   // to send it again
	small   []byte        // holds a small body
	place   node[Request] // in the list of its peer
	reply   msg.Message   // until it is received
	from    *Peer         // the peer that replied; nil: there is no reply
	failed  Verdict       // the outcome: Wait for none yet, OK with a reply, or a failure
	size    uint64        // of a reply that was too large
}

// Offer sends a new request. The one before is given up, even if there is nobody to
// send this one to.
func (r *Request) Offer(m *Message) Verdict {
	x := r.of
	r.replaced()
	id := x.number(&x.Core)
	p := x.send(wire.AppendID(r.header[:0], id), &m.Data)
	if p == nil {
		return Wait
	}
	r.id, r.failed, r.pause = id, Wait, r.cfg.ResendTime
	r.assign(p)
	if r.pause > 0 {
		if len(m.Data.Data) > CopyMax {
			r.body = m.Data.Retain()
		} else {
			r.small = append(r.small[:0], m.Data.Data...)
			r.body = msg.NewMessage(r.small)
		}
		x.deadline(&x.Core, &r.resend, r.pause)
	}
	x.add(&x.Core, id, r)
	return OK
}

// replaced gives the request up for the next. A receive that waits for its reply fails,
// also one that was woken and has not looked yet: such a receive must neither be in the
// way of the next receive nor give up the next request.
func (r *Request) replaced() {
	r.forget(false)
	r.question++
	if w := r.receiver; w != nil && !w.Queued() {
		w.Verdict = Replaced
		w.Woken()
	}
	r.receiver = nil
	r.of.FailAll(&r.waiting, Replaced)
}

// again sends the request to p, which is ready.
func (r *Request) again(p *Peer) {
	r.pause = r.cfg.ResendTime
	r.againAfter(p, r.pause)
}

func (r *Request) againAfter(p *Peer, pause time.Duration) {
	x := r.of
	r.unassign()
	x.sendTo(p, wire.AppendID(r.header[:0], r.id), &r.body)
	x.Counters.Resends++
	r.assign(p)
	x.deadline(&x.Core, &r.resend, pause)
}

// overdue sends r again, because its time has passed without a reply. It goes at once to a
// peer that does not have it. When every peer with room has it, it goes to one of those,
// and the pause until the next time doubles.
func (r *Request) overdue() {
	if p := r.of.next(r.askedOf); p != nil {
		r.again(p)
		return
	}
	r.pause *= 2
	if p := r.of.next(nil); p != nil {
		r.againAfter(p, r.pause)
		return
	}
	r.of.deadline(&r.of.Core, &r.resend, r.pause)
}

// assign notes that p has the request.
func (r *Request) assign(p *Peer) {
	r.to = p
	if !slices.Contains(r.askedOf, p) {
		r.askedOf = slices.DeleteFunc(r.askedOf, func(o *Peer) bool { return o.ended })
		r.askedOf = append(r.askedOf, p)
	}
	p.asked.append(&r.place, r)
	p.load(1)
}

// unassign takes the request off its peer.
func (r *Request) unassign() {
	p := r.to
	if p == nil {
		return
	}
	r.place.leave()
	r.to = nil
	p.load(-1)
	p.lessBusy()
}

// keep keeps a reply until it is received. When the replies that wait pin much memory, and
// this one pins more than it uses, keep copies it.
func (r *Request) keep(m msg.Message, p *Peer) {
	x := r.of
	if n := len(m.Data); 2*n < m.Pinned() && x.pinned+m.Pinned() > LossyBytes {
		copied := msg.Copy(m.Data).WithHeader(m.Header)
		m.Release()
		m = copied
	}
	x.pinned += m.Pinned()
	x.Counters.RecvQueue++
	r.reply, r.from = m, p
}

// taken returns the reply that keep has kept. The caller has to release it.
func (r *Request) taken() (reply msg.Message, from *Peer) {
	reply, from = r.reply, r.from
	r.of.pinned -= reply.Pinned()
	r.of.Counters.RecvQueue--
	r.reply, r.from, r.failed = msg.Message{}, nil, Wait
	return reply, from
}

// finish ends the request with v: OK for a reply, or the failure that the next receive is
// to get.
func (r *Request) finish(v Verdict) {
	if r.id == 0 {
		return
	}
	r.of.remove(&r.of.Core, r.id)
	r.resend.clear()
	r.unassign()
	clear(r.askedOf)
	r.id, r.askedOf, r.failed = 0, r.askedOf[:0], v
	r.body.Release()
	r.body = msg.Message{}
}

// fail ends the request with a failure and wakes the receiver.
func (r *Request) fail(v Verdict) {
	r.finish(v)
	r.of.WakeOne(&r.waiting)
}

// forget gives up the request and its outcome. With swallow, the request counts as load of
// its peer for a while, because the peer may still be busy with it.
func (r *Request) forget(swallow bool) {
	if p := r.to; p != nil && swallow {
		after := swallowedTime
		if t := r.cfg.ResendTime; t > 0 {
			after = min(after, t)
		}
		s := &swallowed{by: p}
		s.owner = s
		p.load(1)
		r.of.deadline(&r.of.Core, &s.deadline, after)
	}
	r.finish(Wait)
	if r.from != nil {
		reply, _ := r.taken()
		reply.Release()
	}
	r.failed = Wait
}

func (r *Request) Pop(m *Message, max int, w *Waiter) Verdict {
	switch {
	case w != nil && w.question != r.question:
		return Replaced
	case r.receiver != nil && r.receiver != w:
		return Receiving
	case r.from != nil:
		if size := len(r.reply.Data) - r.reply.Header; size > max {
			r.of.Size = uint64(size)
			return TooSmall
		}
		m.Data, m.Peer = r.taken()
		return OK
	case r.failed != Wait && r.failed != OK:
		v := r.failed
		r.of.Size, r.failed = r.size, Wait
		return v
	case r.id == 0:
		return NoRequest
	}
	return Wait
}

func (r *Request) Await(w *Waiter) {
	w.question, r.receiver = r.question, w
	r.waiting.Add(w)
}

func (r *Request) End(w *Waiter) {
	if r.receiver == w {
		r.receiver = nil
	}
}

// GiveUp gives the request up, because a receive ended without a reply: it is not sent
// again, and its reply counts as late. While another receive waits GiveUp does nothing.
func (r *Request) GiveUp() {
	if r.receiver == nil {
		r.forget(true)
	}
}

func (r *Request) Room() *Waiters       { return &r.of.senders }
func (r *Request) CanSend() bool        { return r.of.ready() }
func (r *Request) CanRecv() bool        { return r.from != nil || r.failed > Wait }
func (r *Request) Configure(cfg Config) { r.cfg = cfg }

// Pace: the caller waits for the reply to the only request, so it is written at once.
// One of many can share a write, also with that of a caller that receives a reply now.
func (r *Request) Pace() Pace {
	if len(r.of.open.entries) == 1 && r.of.Counters.RecvQueue == 0 {
		return AtOnce
	}
	return Gather
}

func (r *Request) Close() {
	r.forget(true)
	r.of.FailAll(&r.of.senders, OK) // each looks whether it is closed
	r.of.FailAll(&r.waiting, Closed)
}

package sp

import (
	"slices"
	"time"

	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/wire"
)

// Req is req0. It sends each request to the ready peer that has the fewest unanswered ones,
// and passes the reply to the endpoint that asked. When the peer of a request goes away, Req
// sends the request at once to any other. When the resend time has passed, Req sends it to a
// peer that does not have it. Peers that have it get it again only after pauses that double.
type Req struct {
	Core
	balance
	questions[*Request]
	unsent []*Request // their peer has gone, and they wait for another
	pinned int        // the bytes that the replies pin which wait to be received
}

// NewReq makes a Req.
func NewReq() *Req {
	x := new(Req)
	x.balance.c = &x.Core
	return x
}

func (x *Req) NewEndpoint() Endpoint {
	r := &Request{of: x, cfg: x.cfg}
	r.resend.owner = r
	return r
}

func (x *Req) Attach(p *Peer) {
	x.attach(p)
	x.sendUnsent()
}

func (x *Req) writable(p *Peer) {
	x.balance.writable(p)
	x.sendUnsent()
}

// Detach sends the requests that p has not answered to other peers.
func (x *Req) Detach(p *Peer) {
	x.balance.detach(p)
	for r := p.asked.front(); r != nil; r = p.asked.front() {
		r.unassign()
		r.resend.clear()
		if r.cfg.ResendTime == 0 {
			r.fail(PeerGone)
			continue
		}
		x.unsent = append(x.unsent, r)
	}
	x.sendUnsent()
}

// sendUnsent sends the requests that wait for a peer, as far as one is ready.
func (x *Req) sendUnsent() {
	for len(x.unsent) > 0 {
		r := x.unsent[0]
		if r.id != 0 && r.to == nil {
			p := x.next(nil)
			if p == nil {
				return
			}
			r.again(p)
		}
		x.unsent[0] = nil
		x.unsent = x.unsent[1:]
	}
	x.unsent = nil
}

// Deliver passes each reply to its request.
func (x *Req) Deliver(p *Peer, batch []msg.Message) (int, bool) {
	n := len(batch)
	batch = x.filter(p, batch, answerLen)
	for i := range batch {
		m := &batch[i]
		if r := x.answered(p, m.Data); r != nil {
			r.finish(OK)
			r.keep(*m, p)
			x.WakeOne(&r.waiting)
		} else {
			m.Release()
		}
	}
	return n, true
}

// TooLarge fails the request that p has answered with a reply above the limit.
func (x *Req) TooLarge(p *Peer, head []byte, size uint64) {
	if len(head) < 4 {
		return
	}
	if r := x.answered(p, head); r != nil {
		r.size = size
		r.fail(TooLarge)
	}
}

// answered is the request that p has answered; nil: there is none, or p was not asked.
func (x *Req) answered(p *Peer, data []byte) *Request {
	r, ok := x.open.entries[wire.ID(data)]
	switch {
	case !ok:
		x.drop(LateReply, 1, p)
	case r.to != p && !slices.Contains(r.askedOf, p):
		x.drop(Unasked, 1, p)
		return nil
	}
	return r
}

// Next implements Protocol.
func (x *Req) Next() int64 { return x.questions.Next() }

// swallowedTime is how long a request that was given up counts against its peer, at
// most: a peer that swallows requests must not attract them, and one that failed
// once must not be shunned.
const swallowedTime = 10 * time.Second

// swallowed counts a request that was given up as load of its peer, for a while.
type swallowed struct {
	deadline
	by *Peer
}

// Expire sends the requests again that are due.
func (x *Req) Expire() {
	present := x.Clock()
	for d := x.due.expired(present); d != nil; d = x.due.expired(present) {
		switch o := d.owner.(type) {
		case *swallowed:
			o.by.load(-1)
		case *Request:
			o.overdue()
		}
	}
}

func (x *Req) Close() {
	x.FailAll(&x.senders, Closed)
	for _, id := range x.numbers() {
		x.FailAll(&x.open.entries[id].waiting, Closed)
	}
}

package gonng

import (
	"slices"
	"time"

	"github.com/gonng/gonng/internal/wire"
)

// detach sends what p had not answered to somebody else.
func (x *req) detach(p *Pipe) {
	x.balance.detach(p)
	var lost []*request
	for _, r := range x.open {
		if r.pipe == p {
			lost = append(lost, r)
		}
	}
	slices.SortFunc(lost, func(a, b *request) int { return int(int32(a.id - b.id)) })
	for _, r := range lost {
		if r.e.config().ResendTime == 0 {
			err := errorf(ErrConnectionReset, "the peer that had the request has gone, and resending is off")
			r.cancel()
			r.failed = err
			r.waiting.wakeOne()
			continue
		}
		r.pipe = nil
		x.unsent = append(x.unsent, r)
	}
	x.sendUnsent()
}

// sendUnsent sends the requests that wait for a peer, as far as one is ready.
func (x *req) sendUnsent() {
	for len(x.unsent) > 0 {
		r := x.unsent[0]
		if r.id != 0 && r.pipe == nil && !x.again(r) {
			return
		}
		x.unsent = x.unsent[1:]
	}
	x.unsent = nil
}

// again sends a request once more.
func (x *req) again(r *request) bool {
	p, token, err := x.send(wire.AppendID(r.header[:0], r.id), &r.body)
	if err != nil {
		return false
	}
	x.s.stats.Resends++
	r.pipe = p
	x.schedule(r)
	if token {
		x.s.afterwards(p.kick)
	}
	return true
}

// schedule sets when r is sent again. One timer serves all requests; it fires
// at the earliest of them, or before.
func (x *req) schedule(r *request) {
	after := r.e.config().ResendTime
	if after == 0 {
		r.resendAt = 0
		return
	}
	r.resendAt = now() + int64(after)
	if x.resendAt == 0 || r.resendAt < x.resendAt {
		x.setTimer(r.resendAt)
	}
}

func (x *req) setTimer(at int64) {
	x.resendAt = at
	after := time.Duration(at - now())
	if x.resend == nil {
		x.resend = time.AfterFunc(after, x.resendDue)
	} else {
		x.resend.Reset(after)
	}
}

func (x *req) resendDue() {
	x.s.mu.Lock()
	defer x.s.unlock()
	x.resendAt = 0
	if x.s.closed {
		return
	}
	earliest, present := int64(0), now()
	for _, r := range x.open {
		switch {
		case r.pipe == nil || r.resendAt == 0: // waits for a peer, or for ever
		case r.resendAt <= present:
			r.pipe = nil
			x.unsent = append(x.unsent, r)
		case earliest == 0 || r.resendAt < earliest:
			earliest = r.resendAt
		}
	}
	x.sendUnsent()
	if earliest != 0 && (x.resendAt == 0 || earliest < x.resendAt) {
		x.setTimer(earliest)
	}
}

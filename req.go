package gonng

import (
	"context"
	"slices"
	"time"

	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Req0 sends a request to one of its peers and receives the reply. A peer that
// goes away, or does not reply within the resend time, costs nothing but time:
// the request is sent to another, or to the same when it is back. Receiving
// without an outstanding request is ErrBadState; sending again gives up the
// request before. nng: nng_req0; pynng: Req0.
//
// The socket has one request outstanding, each context another, and [Req0.Request]
// any number.
type Req0 struct {
	*socket
	*sender
	*receiver
	pattern *req
}

// NewReq0 makes a Req0.
func NewReq0(opts ...ReqOption) (*Req0, error) {
	s := newSocket(ProtocolReq0)
	r := &req{s: s, ledger: newLedger[*request]()}
	own := &request{req: r, e: &s.endpoint}
	x := &Req0{s, s.canSend(own), s.canRecv(own), r}
	return open(x, s, r, opts)
}

// ReqContext is one more outstanding request on a Req0. nng: nng_ctx; pynng:
// Context.
type ReqContext struct {
	*sender
	*receiver
	scope[ReqOption]
	request *request
}

// Configure is Set for the options of Req0, too, such as [WithResendTime].
func (x *Req0) Configure(opts ...ReqOption) error { return set(x.socket, opts) }

// NewContext makes a context with the socket's present options. nng:
// nng_ctx_open; pynng: new_context.
func (x *Req0) NewContext() (*ReqContext, error) {
	r := &request{req: x.pattern}
	c, err := newScope[ReqOption](x.socket, r)
	if err != nil {
		return nil, err
	}
	r.e = c.e
	return &ReqContext{&sender{c.e, r}, &receiver{c.e, r}, c, r}, nil
}

// Request sends body and returns the reply. Any number of goroutines may have
// requests outstanding at the same time.
func (x *Req0) Request(ctx context.Context, body []byte) ([]byte, error) {
	c, err := x.borrow()
	if err != nil {
		return nil, err
	}
	defer x.giveBack(c)
	if err := c.Send(ctx, body); err != nil {
		return nil, err
	}
	return c.Recv(ctx)
}

// RequestMsg is Request for messages. It takes m over when it returns a reply;
// on failure m still belongs to the caller.
func (x *Req0) RequestMsg(ctx context.Context, m *Message) (*Message, error) {
	c, err := x.borrow()
	if err != nil {
		return nil, err
	}
	defer x.giveBack(c)
	if err := c.lend(ctx, m, false); err != nil {
		return nil, err
	}
	reply, err := c.RecvMsg(ctx)
	if err == nil {
		m.Free()
	}
	return reply, err
}

// borrow takes a context for one Request; giveBack keeps it for the next.
func (x *Req0) borrow() (*ReqContext, error) {
	r := x.pattern
	r.s.mu.Lock()
	n := len(r.idle)
	if n == 0 {
		r.s.mu.Unlock()
		return x.NewContext()
	}
	c := r.idle[n-1]
	r.idle = r.idle[:n-1]
	*c.request.e.own = r.s.cfg
	r.s.mu.Unlock()
	return c, nil
}

func (x *Req0) giveBack(c *ReqContext) {
	r := x.pattern
	r.s.mu.Lock()
	c.request.cancel()
	r.idle = append(r.idle, c)
	r.s.mu.Unlock()
}

// req is the pattern: round robin, and replies to whoever asked.
type req struct {
	balance
	ledger[*request]
	s        *socket
	unsent   []*request // lost their peer and wait for another
	idle     []*ReqContext
	resend   *time.Timer
	resendAt int64 // when it fires; 0: it is not set
}

// request is the state of a context: at most one outstanding request.
type request struct {
	req     *req
	e       *endpoint
	waiting waitList

	id       uint32 // 0: none outstanding
	header   [4]byte
	pipe     *Pipe // who has it
	resendAt int64
	body     transport.Message // to send it again
	small    []byte            // holds a small body

	reply    transport.Message
	from     *Pipe
	answered bool
	failed   error
}

func (x *req) attach(p *Pipe) error {
	x.balance.attach(p)
	x.sendUnsent()
	return nil
}

func (x *req) writable(p *Pipe) {
	x.balance.writable(p)
	x.sendUnsent()
}

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
			err := because(ErrConnectionReset, "the peer that had the request has gone, and resending is off")
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
		p.kick()
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

// deliver passes each reply to its request.
func (x *req) deliver(p *Pipe, batch []transport.Message) bool {
	for _, m := range x.s.keep(p, batch, answerHeader) {
		r, ok := x.whose(m)
		if !ok {
			x.s.drop(lateReply, 1, p)
			m.Release()
			continue
		}
		r.cancel()
		r.reply, r.from, r.answered = m, p, true
		x.unread++
		r.waiting.wakeOne()
	}
	return true
}

func (x *req) wake() {
	x.senders.wakeAll()
	for _, r := range x.open {
		r.waiting.wakeAll()
	}
	if x.resend != nil {
		x.resend.Stop()
	}
}

// offer sends a new request; the one before is given up, even if there is
// nobody to send this one to.
func (r *request) offer(m *outgoing) (*Pipe, error) {
	x := r.req
	r.cancel()
	id := x.next()
	p, token, err := x.send(wire.AppendID(r.header[:0], id), &m.body)
	if err != nil {
		r.waiting.wakeOne() // nothing to wait for any more
		return nil, err
	}
	r.id, r.pipe = id, p
	if r.e.config().ResendTime > 0 {
		if len(m.body.Data) > copyMax {
			r.body = m.body.Retain()
		} else {
			r.small = append(r.small[:0], m.body.Data...)
			r.body = transport.NewMessage(r.small)
		}
	}
	x.open[id] = r
	x.schedule(r)
	return flushing(p, token), nil
}

func (r *request) room() *waitList { return &r.req.senders }
func (r *request) ready() bool     { return r.req.ready() }

// inline: the only request is waited for; one of many can share a write.
func (r *request) inline() bool { return len(r.req.open) == 1 }

// abandon is the end of a context.
func (r *request) abandon() {
	r.cancel()
	r.room().wakeAll()
	r.waiting.wakeAll()
}

// cancel forgets the request, its reply and its failure.
func (r *request) cancel() {
	if r.id != 0 {
		delete(r.req.open, r.id)
	}
	if r.answered {
		r.req.unread--
	}
	r.body.Release()
	r.reply.Release()
	r.id, r.pipe, r.body, r.reply, r.from, r.answered, r.failed = 0, nil, transport.Message{}, transport.Message{}, nil, false, nil
}

func (r *request) pop(max int, m *Message) error {
	switch {
	case r.answered:
		if size := len(r.reply.Data) - r.reply.Header; size > max {
			return tooSmall(size, max)
		}
		m.data, m.pipe = r.reply, r.from
		r.reply = transport.Message{}
		r.cancel()
		r.waiting.wakeOne() // nothing to wait for any more
		return nil
	case r.failed != nil:
		err := r.failed
		r.cancel()
		return err
	case r.id == 0:
		return because(ErrBadState, "there is no request to receive a reply to: send one first")
	}
	return errWait
}

func (r *request) arrivals() *waitList { return &r.waiting }
func (r *request) more() bool          { return r.answered || r.failed != nil }

package gonng

import (
	"context"
	"time"

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
	scope
	request *request
}

// NewContext makes a context with the socket's present options. nng:
// nng_ctx_open; pynng: new_context.
func (x *Req0) NewContext() (*ReqContext, error) {
	r := &request{req: x.pattern}
	c, err := newScope(x.socket, r)
	if err != nil {
		return nil, err
	}
	r.e = c.e
	return &ReqContext{&sender{c.e, r}, &receiver{c.e, r}, c, r}, nil
}

// Request sends body and returns the reply. Any number of goroutines may have
// requests outstanding at the same time. It takes as long as ctx allows: the send
// timeout bounds the wait for a peer, the receive timeout that for the reply, and
// without them a request that nobody answers is sent again and again, see
// [WithResendTime].
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

// req is the pattern: requests to one ready pipe, in turn, and replies to whoever
// asked. What has to be sent again is in resend.go.
type req struct {
	balance
	ledger[*request]
	s        *socket
	unsent   []*request // lost their peer and wait for another
	idle     []*ReqContext
	resend   *time.Timer
	resendAt int64 // when it fires; 0: it is not set
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

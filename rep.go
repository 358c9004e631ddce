package gonng

import (
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Rep0 receives requests and sends each its reply, which goes to where the
// last received request came from. Sending without a request is ErrBadState;
// receiving again gives up the request before. nng: nng_rep0; pynng: Rep0.
//
// The socket answers one request at a time, each context another; see
// [Rep0.Serve].
type Rep0 struct {
	*socket
	*sender
	*receiver
	pattern *rep
}

// NewRep0 makes a Rep0.
func NewRep0(opts ...SocketOption) (*Rep0, error) {
	s := newSocket(ProtocolRep0)
	r := &rep{s: s}
	own := &reply{rep: r, e: &s.endpoint}
	x := &Rep0{s, s.canSend(own), s.canRecv(own), r}
	return open(x, s, r, opts)
}

// RepContext answers one more request at a time on a Rep0. nng: nng_ctx;
// pynng: Context.
type RepContext struct {
	*sender
	*receiver
	reply *reply
}

// NewContext makes a context with the socket's present options. nng:
// nng_ctx_open; pynng: new_context.
func (x *Rep0) NewContext() (*RepContext, error) {
	e, err := x.newEndpoint()
	if err != nil {
		return nil, err
	}
	r := &reply{rep: x.pattern, e: e}
	return &RepContext{&sender{e, r}, &receiver{e, r}, r}, nil
}

// Set changes options of this context.
func (c *RepContext) Set(opts ...SocketOption) error { return setEndpoint(c.reply.e, opts) }

// Close gives up the context's request. Calls that wait return ErrClosed. The
// other contexts are left alone. nng: nng_ctx_close.
func (c *RepContext) Close() error {
	c.reply.e.closeWith(func() {
		c.reply.to = nil
		c.reply.rep.wake()
	})
	return nil
}

// rep is the pattern: requests from all peers fairly, replies to the one named.
type rep struct {
	fairQueue
	s       *socket
	senders waitList
}

// reply is the state of a context: where the next reply goes.
type reply struct {
	rep       *rep
	e         *endpoint
	to        *Pipe // nil: there is no request
	backtrace []byte
}

func (x *rep) attach(*Pipe) error  { return nil }
func (x *rep) detach(*Pipe)        { x.senders.wakeAll() } // replies to it are dropped now
func (x *rep) writable(*Pipe)      { x.senders.wakeAll() }
func (x *rep) configure(c *Config) { x.limit = newLimit(c.RecvBuffer) }

func (x *rep) deliver(p *Pipe, batch []transport.Message) bool {
	return x.fairQueue.deliver(p, x.s.keep(p, batch, x.header))
}

func (x *rep) header(m *transport.Message) (err error) {
	m.Header, err = wire.BacktraceLen(m.Data, x.s.cfg.TTL)
	return err
}

func (x *rep) wake() {
	x.senders.wakeAll()
	x.receivers.wakeAll()
}

func (r *reply) pop(max int, m *Message) error {
	err := r.rep.pop(max, m)
	if err == nil {
		r.to = m.pipe
		r.backtrace = append(r.backtrace[:0], m.data.Data[:m.data.Header]...)
	}
	return err
}

func (r *reply) arrivals() *waitList { return r.rep.arrivals() }
func (r *reply) more() bool          { return r.rep.more() }

func (r *reply) offer(m *outgoing) (*Pipe, error) {
	if r.to == nil {
		return nil, because(ErrBadState, "there is no request to reply to: receive one first")
	}
	result := r.to.out.put(r.backtrace, &m.body)
	if result == putFull {
		return nil, errWait
	}
	if result == putGone {
		r.rep.s.stats.NoRequester++
	}
	p := r.to
	r.to = nil
	return flushing(p, result == putToken), nil
}

func (r *reply) room() *waitList { return &r.rep.senders }
func (r *reply) ready() bool     { return r.to != nil && r.to.out.hasRoom() }

// inline: replies share a write while more requests are waiting.
func (r *reply) inline() bool { return !r.rep.more() }

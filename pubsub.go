package gonng

import "github.com/gonng/gonng/transport"

// Pub0 sends each message to all its peers and never waits: a peer whose queue
// is full loses the message, see [WithSendBuffer], which is counted on its
// pipe. nng: nng_pub0; pynng: Pub0.
type Pub0 struct {
	*socket
	*sender
}

// NewPub0 makes a Pub0.
func NewPub0(opts ...SocketOption) (*Pub0, error) {
	s := newSocket(ProtocolPub0)
	p := &pub{fanout{s: s}}
	x := &Pub0{s, s.canSend(p)}
	return open(x, s, p, opts)
}

// pub sends to every pipe, dropping where full.
type pub struct{ fanout }

func (x *pub) offer(m *outgoing) (*Pipe, error) { return x.send(nil, &m.body, nil), nil }

func (x *pub) deliver(p *Pipe, batch []transport.Message) bool {
	return x.s.unwanted(p, batch)
}

func (x *pub) wake() {}

// Sub0 receives the messages that begin with one of its topics, and nothing
// without a topic. It never holds up the publisher: when its queue is full it
// drops the oldest message ([WithPreferNew], [WithRecvBuffer]), which is counted.
// nng: nng_sub0; pynng: Sub0.
type Sub0 struct {
	*socket
	*receiver
	subs *subs
	own  *subscriber
}

// NewSub0 makes a Sub0.
func NewSub0(opts ...SubOption) (*Sub0, error) {
	s := newSocket(ProtocolSub0)
	own := &subscriber{e: &s.endpoint}
	all := &subs{s: s, all: []*subscriber{own}}
	own.of = all
	x := &Sub0{s, s.canRecv(own), all, own}
	return open(x, s, all, opts)
}

// Subscribe adds topics; a message matches when it begins with one. The empty
// topic matches all. Subscribing twice is the same as once. It holds for messages
// that arrive afterwards. nng:
// NNG_OPT_SUB_SUBSCRIBE; pynng: subscribe.
func (x *Sub0) Subscribe(topics ...string) error { return x.own.subscribe(topics) }

// Unsubscribe removes topics; one that is not there is ErrNoEntry, and then
// none is removed. Messages that wait already are still received. nng:
// NNG_OPT_SUB_UNSUBSCRIBE; pynng: unsubscribe.
func (x *Sub0) Unsubscribe(topics ...string) error { return x.own.unsubscribe(topics) }

// SubContext is a subscriber of its own, with its own topics and queue, on the
// connections of a Sub0. nng: nng_ctx; pynng: Context.
type SubContext struct {
	*receiver
	scope
	own *subscriber
}

// NewContext makes a context with the socket's present options and no topics. It
// receives what is published from now on, beside the socket and other contexts.
// nng: nng_ctx_open.
func (x *Sub0) NewContext() (*SubContext, error) {
	own := &subscriber{of: x.subs}
	c, err := newScope(x.socket, own)
	if err != nil {
		return nil, err
	}
	own.e = c.e
	x.mu.Lock()
	x.subs.all = append(x.subs.all, own)
	x.mu.Unlock()
	return &SubContext{&receiver{c.e, own}, c, own}, nil
}

// Subscribe adds topics, as [Sub0.Subscribe] does, for this context only.
func (c *SubContext) Subscribe(topics ...string) error { return c.own.subscribe(topics) }

// Unsubscribe removes topics of this context.
func (c *SubContext) Unsubscribe(topics ...string) error { return c.own.unsubscribe(topics) }

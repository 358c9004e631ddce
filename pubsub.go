package gonng

import "github.com/gonng/gonng/internal/sp"

// Pub0 sends each message to all its peers and never waits: a peer whose queue
// is full loses the message, see [WithSendBuffer], which is counted on its
// pipe. nng: nng_pub0; pynng: Pub0.
type Pub0 struct {
	*socket
	*sender
}

// NewPub0 makes a Pub0. Errors: see [NewReq0]. nng: nng_pub0_open; pynng: Pub0().
func NewPub0(opts ...SocketOption) (*Pub0, error) {
	s := newSocket(ProtocolPub0, sp.NewPub())
	return openSocket(&Pub0{s, s.sender()}, s, opts)
}

// Sub0 receives the messages that begin with one of its topics, and nothing
// without a topic. It never holds up the publisher: when its queue is full it
// drops the oldest message ([WithPreferNew], [WithRecvBuffer]), which is counted.
// nng: nng_sub0; pynng: Sub0.
type Sub0 struct {
	*socket
	*receiver
}

// NewSub0 makes a Sub0. Errors: see [NewReq0]. nng: nng_sub0_open; pynng: Sub0().
func NewSub0(opts ...SubOption) (*Sub0, error) {
	s := newSocket(ProtocolSub0, sp.NewSub())
	return openSocket(&Sub0{s, s.receiver()}, s, opts)
}

// Set changes options, as [Req0.Set] does. WithTopics adds topics.
func (x *Sub0) Set(opts ...SubOption) error { return set(x.socket, opts) }

// Subscribe adds topics; a message matches when it begins with one of them. The empty
// topic matches all messages. Subscribing twice is the same as once. It holds for
// messages that arrive afterwards. ErrClosed: the socket is closed. nng:
// NNG_OPT_SUB_SUBSCRIBE, nng_sub0_socket_subscribe; pynng: subscribe.
func (x *Sub0) Subscribe(topics ...string) error { return x.subscribe(topics) }

// Unsubscribe removes topics, and the messages that wait and match none of the topics
// left; those are counted as Filtered. When one of the topics is not there it returns
// ErrNoEntry and removes none. ErrClosed: the socket is closed. nng:
// NNG_OPT_SUB_UNSUBSCRIBE, nng_sub0_socket_unsubscribe; pynng: unsubscribe.
func (x *Sub0) Unsubscribe(topics ...string) error { return x.unsubscribe(topics) }

// SubContext is a subscriber of its own, with its own topics and queue, on the
// connections of a Sub0. nng: nng_ctx; pynng: Context.
type SubContext struct {
	*receiver
	*endpoint
}

// Set changes options of this context only: its timeouts, [WithRecvBuffer] and
// [WithPreferNew]; [WithTopics] adds topics. The rest is the socket's, and
// ErrNotSupported here. All options are changed or, when one is refused, none.
// ErrClosed: the context or the socket is closed.
func (c *SubContext) Set(opts ...SubOption) error { return setContext(c.endpoint, opts) }

// NewContext makes a context with the socket's present options and no topics. It
// receives what is published from now on, beside the socket and other contexts.
// ErrClosed: the socket is closed. nng: nng_ctx_open; pynng: new_context.
func (x *Sub0) NewContext() (*SubContext, error) {
	e, err := x.newContext()
	if err != nil {
		return nil, err
	}
	return &SubContext{&receiver{e}, e}, nil
}

// Subscribe adds topics, as [Sub0.Subscribe] does, for this context only. nng:
// nng_sub0_ctx_subscribe.
func (c *SubContext) Subscribe(topics ...string) error { return c.subscribe(topics) }

// Unsubscribe removes topics of this context, as [Sub0.Unsubscribe] does for the socket.
// nng: nng_sub0_ctx_unsubscribe.
func (c *SubContext) Unsubscribe(topics ...string) error { return c.unsubscribe(topics) }

func (e *endpoint) subscribe(topics []string) error {
	e.s.lock()
	defer e.s.unlock()
	if err := e.endedLocked(); err != nil {
		return e.s.opError("subscribe", "", err)
	}
	e.subscribeLocked(topics)
	return nil
}

func (e *endpoint) unsubscribe(topics []string) error {
	e.s.lock()
	defer e.s.unlock()
	err := e.endedLocked()
	if err == nil {
		if missing, ok := e.core.(*sp.Subscriber).Unsubscribe(topics...); !ok {
			err = errorf(ErrNoEntry, "there is no subscription to %q", missing)
		}
	}
	return e.s.opError("unsubscribe", "", err)
}

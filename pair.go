package gonng

import (
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Pair0 talks to one peer, both ways. A second peer is refused while the first
// is there: until it has gone, and elsewhere than on Linux until what it sent has
// been received, too. The dialer of one that is refused sees a connection that ends
// at once, not an error of Dial, and tries again. Send waits for a peer, and while
// its queue is full ([WithSendBuffer]). nng: nng_pair0; pynng: Pair0.
type Pair0 struct {
	*socket
	*sender
	*receiver
}

// NewPair0 makes a Pair0.
func NewPair0(opts ...SocketOption) (*Pair0, error) {
	s := newSocket(ProtocolPair0)
	p := &pair{s: s}
	x := &Pair0{s, s.canSend(p), s.canRecv(p)}
	return open(x, s, p, opts)
}

// Pair1 is Pair0 whose messages count the nodes that they pass, so that they
// can be forwarded, and that may have many peers ([WithPolyamorous]): then each
// received message knows its pipe, see [Message.Pipe], and [Pipe.Send] answers
// it. A message to a pipe that has gone or is full is dropped and counted. nng:
// nng_pair1; pynng: Pair1.
type Pair1 struct {
	*socket
	*sender
	*receiver
}

// NewPair1 makes a Pair1.
func NewPair1(opts ...Pair1Option) (*Pair1, error) {
	s := newSocket(ProtocolPair1)
	p := &pair{s: s, header: wire.AppendHops(nil, 1)}
	x := &Pair1{s, s.canSend(p), s.canRecv(p)}
	return open(x, s, p, opts)
}

// pair sends to and receives from the only pipe. With a header, a hop count, it is
// pair1; polyamorous it sends to the pipe that the message names, or to any.
type pair struct {
	balance
	fairQueue
	s      *socket
	header []byte
	poly   bool
}

func (x *pair) attach(p *Pipe) error {
	if !x.poly {
		if err := x.onlyOne(); err != nil {
			return err
		}
	}
	return x.balance.attach(p)
}

// onlyOne refuses a second peer. One that has gone is in nobody's way, however
// long the program takes to receive what it sent.
func (b *balance) onlyOne() error {
	if len(b.pipes) == 0 {
		return nil
	}
	p := b.pipes[0]
	if gone, _ := p.hungUp(); !gone {
		return errorf(ErrBusy, "a pair socket has one peer, and %v is connected", p.RemoteAddr())
	}
	b.detach(p)
	return nil
}

func (x *pair) offer(m *outgoing) (*Pipe, error) {
	if x.poly && m.pipe != nil {
		return x.sendTo(m)
	}
	p, token, err := x.send(x.header, &m.body)
	return flushing(p, token), err
}

// sendTo sends to the pipe that the message names.
func (x *pair) sendTo(m *outgoing) (*Pipe, error) {
	if m.pipe.s != x.s {
		return nil, errorf(ErrInvalid, "the message's pipe belongs to another socket")
	}
	result := m.pipe.out.put(x.header, &m.body)
	switch result {
	case putFull:
		x.s.droppedFull(m.pipe)
	case putGone:
		x.s.drop(noPeer, 1, m.pipe)
	case putToken:
		m.pipe.at.slow.end() // the queue was empty
	}
	return flushing(m.pipe, result == putToken), nil
}

func (x *pair) inline() bool { return x.s.quiet() }

func (x *pair) deliver(p *Pipe, batch []transport.Message) bool {
	if x.header != nil {
		batch = x.s.keep(p, batch, x.s.hops)
	}
	return x.fairQueue.deliver(p, batch)
}

func (x *pair) configure(c *Config) {
	x.fairQueue.configure(c)
	x.poly = c.Polyamorous
}

func (x *pair) wake() {
	x.balance.wake()
	x.fairQueue.wake()
}

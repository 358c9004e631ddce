package sp

import (
	"github.com/gonng/gonng/internal/msg"
)

// Pub is pub0: to all peers, dropping where there is no room.
type Pub struct {
	Core
	fanout
	sole
	never
}

// NewPub makes a Pub.
func NewPub() *Pub {
	x := new(Pub)
	x.fanout.c = &x.Core
	return x
}

func (x *Pub) FansOut() bool         { return true }
func (x *Pub) NewEndpoint() Endpoint { return x }
func (x *Pub) Attach(p *Peer)        { x.attach(p) }
func (x *Pub) Detach(p *Peer)        { x.detach(p) }
func (x *Pub) Close()                {}

func (x *Pub) Offer(m *Message) Verdict {
	x.send(nil, &m.Data, nil)
	return OK
}

func (x *Pub) Deliver(p *Peer, batch []msg.Message) (int, bool) {
	x.unexpected(p, batch)
	return len(batch), true
}

// Sub is sub0: each message to every subscriber that it matches. It never holds up
// the publisher: a subscriber whose queue is full loses a message.
type Sub struct {
	Core
	subscribers list[Subscriber]
	topics      topics
	matched     []*Subscriber // by the present message
}

// NewSub makes a Sub without a subscriber.
func NewSub() *Sub { return new(Sub) }

// Subscriber is the endpoint of a Sub, with its topics and its queue.
type Subscriber struct {
	of      *Sub
	cfg     Config
	place   node[Subscriber]   // in Sub.subscribers
	topics  table[string, int] // its places at the nodes of its topics
	queue   queue
	waiting Waiters
	matched bool // by the present message
	mute
}

func (x *Sub) NewEndpoint() Endpoint {
	s := &Subscriber{of: x, cfg: x.cfg}
	x.subscribers.append(&s.place, s)
	return s
}

// batchWork bounds how many references to messages one Deliver makes, since the lock is
// held meanwhile.
const batchWork = 1024

// SubTurn is how many messages a goroutine that reads the peer of a Sub is to deliver at a time.
// Since a Sub never has it wait, it then lets others run. If each turn were a chunk full of small
// messages, a subscriber among a thousand in one process would wait for its own half a second.
const SubTurn = 256

func (x *Sub) Deliver(p *Peer, batch []msg.Message) (n int, more bool) {
	x.Effects.yield = len(batch) >= SubTurn
	for work := 0; n < len(batch) && work < batchWork; n++ {
		m := &batch[n]
		x.matched = x.topics.match(m.Data, x.matched[:0])
		work += 1 + len(x.matched)
		if len(x.matched) == 0 {
			x.Counters.Filtered++
			m.Release()
		}
		for i, s := range x.matched {
			s.matched = false
			if i == len(x.matched)-1 { // takes the message over, those before share it
				s.push(*m, p)
			} else {
				s.push(m.Retain(), p)
			}
		}
	}
	return n, true
}

func (s *Subscriber) push(m msg.Message, p *Peer) {
	c := &s.of.Core
	if s.queue.pushLossily(c, NewLimit(s.cfg.RecvBuffer, LossyBytes), s.cfg.PreferNew, p, m) {
		c.Effects.yield = c.Effects.yield || s.queue.bytes > QueueBytes
		c.WakeOne(&s.waiting)
	}
}

func (s *Subscriber) Pop(m *Message, max int, _ *Waiter) Verdict {
	v := s.queue.pop(&s.of.Core, m, max)
	if s.CanRecv() {
		s.of.WakeOne(&s.waiting)
	}
	return v
}

func (s *Subscriber) Await(w *Waiter)      { s.waiting.Add(w) }
func (s *Subscriber) End(*Waiter)          {}
func (s *Subscriber) GiveUp()              {}
func (s *Subscriber) Pace() Pace           { return ByClock }
func (s *Subscriber) CanRecv() bool        { return s.queue.len() > 0 }
func (s *Subscriber) Configure(cfg Config) { s.cfg = cfg }

// Subscribe adds topics. Once is the same as twice.
func (s *Subscriber) Subscribe(topics ...string) {
	for _, t := range topics {
		if s.of.topics.add(t, s) {
			s.of.Counters.Topics++
		}
	}
}

// Unsubscribe removes topics, and the messages that wait and match no other. When one
// is not there it is returned, and none is removed.
func (s *Subscriber) Unsubscribe(topics ...string) (missing string, ok bool) {
	seen := make(map[string]struct{}, len(topics))
	for _, t := range topics {
		_, there := s.topics.entries[t]
		if _, again := seen[t]; again || !there {
			return t, false
		}
		seen[t] = struct{}{}
	}
	for _, t := range topics {
		s.of.topics.remove(t, s)
	}
	c := &s.of.Core
	c.Counters.Topics -= len(topics)
	c.Counters.Filtered += uint64(s.queue.keep(c, func(m *msg.Message) bool { return s.of.topics.wants(m.Data, s) }))
	return "", true
}

// Close is the end of a context.
func (s *Subscriber) Close() {
	x := s.of
	x.Counters.Topics -= len(s.topics.entries)
	for t := range s.topics.entries {
		x.topics.remove(t, s)
	}
	if s.place.in != nil { // it may be closed twice
		s.place.leave()
	}
	x.matched = nil // s may be in it
	s.queue.clear(&x.Core)
	x.FailAll(&s.waiting, Closed)
}

func (x *Sub) Close() {
	for n := x.subscribers.first; n != nil; n = n.next {
		x.FailAll(&n.of.waiting, Closed)
	}
}

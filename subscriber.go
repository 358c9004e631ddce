package gonng

import (
	"slices"

	"github.com/gonng/gonng/transport"
)

// subs is the pattern of sub: each message to every subscriber that it matches,
// dropping oldest or newest.
type subs struct {
	neverSends
	s   *socket
	all []*subscriber
}

// subscriber is the state of a context: what it wants, and what has arrived.
type subscriber struct {
	of      *subs
	e       *endpoint
	topics  topics
	queue   dropQueue
	waiting waitList
	kept    int  // bytes of the present batch
	sparse  bool // of the last batch little was kept
}

func (x *subs) deliver(p *Pipe, batch []transport.Message) bool {
	for i := range batch {
		m := &batch[i]
		var last *subscriber // takes the message over, those before share it
		for _, sub := range x.all {
			if sub.topics.match(m.Data) {
				if last != nil {
					last.push(m.Retain(), p)
				}
				last = sub
			}
		}
		if last == nil {
			x.s.stats.Filtered++
			m.Release()
			continue
		}
		last.push(*m, p)
	}
	total := int(bytesIn(batch))
	p.ahead = false
	for _, sub := range x.all {
		sub.sparse = sub.kept < total/4
		sub.kept = 0
		p.ahead = p.ahead || sub.queue.bytes > queueBytes
	}
	return true
}

func (x *subs) gauge(st *Stats) {
	for _, sub := range x.all {
		st.RecvQueue += sub.queue.len()
	}
}

func (x *subs) wake() {
	for _, sub := range x.all {
		sub.waiting.wakeAll()
	}
}

func (x *subs) configure(c *Config) {
	x.all[0].configure(c)
}

func (sub *subscriber) configure(c *Config) {
	sub.topics.add(c.topics)
	c.topics = nil
}

func (sub *subscriber) push(m transport.Message, p *Pipe) {
	sub.kept += len(m.Data)
	if sub.sparse { // a few messages out of many would pin the memory of all
		shared := m
		m = transport.Copy(m.Data)
		shared.Release()
	}
	cfg := sub.e.config()
	dropped := sub.queue.push(m, p, newLimit(cfg.RecvBuffer, lossyBytes), cfg.PreferNew)
	sub.of.s.lost(&sub.queue, dropped)
	sub.waiting.wakeOne()
}

func (sub *subscriber) pop(max int, m *Message) error {
	err := sub.queue.pop(max, m)
	if sub.more() {
		sub.waiting.wakeOne()
	}
	return err
}

func (sub *subscriber) arrivals() *waitList { return &sub.waiting }
func (sub *subscriber) more() bool          { return sub.queue.len() > 0 }

// abandon is the end of a context.
func (sub *subscriber) abandon() {
	sub.of.all = slices.DeleteFunc(sub.of.all, func(x *subscriber) bool { return x == sub })
	sub.queue.clear()
	sub.waiting.wakeAll()
}

func (sub *subscriber) subscribe(topics []string) error {
	return sub.change("subscribe", func() error {
		sub.topics.add(topics)
		return nil
	})
}

func (sub *subscriber) unsubscribe(topics []string) error {
	return sub.change("unsubscribe", func() error { return sub.topics.remove(topics) })
}

func (sub *subscriber) change(op string, do func() error) error {
	s := sub.of.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || sub.e.closed {
		return s.opError(op, "", sub.e.ended())
	}
	return s.opError(op, "", do())
}

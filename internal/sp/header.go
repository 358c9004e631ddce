package sp

import (
	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/wire"
)

// headerCheck says how much of the data is protocol header.
type headerCheck func(data []byte, ttl int) (int, error)

// filter returns the messages whose header makes sense and stays within the TTL, with
// their Header set. It drops and counts the others. A peer whose header does not make
// sense is faulty, as nng has it.
func (c *Core) filter(p *Peer, batch []msg.Message, check headerCheck) []msg.Message {
	kept := 0
	for i := range batch { // by index: a copy would escape to the heap
		m := &batch[i]
		n, err := check(m.Data, c.cfg.TTL)
		if err == nil {
			m.Header = n
			if kept < i { // which is seldom, and copying a message takes longer than the check
				batch[kept] = *m
			}
			kept++
			continue
		}
		if err == wire.ErrTTL {
			c.drop(TTLExceeded, 1, p)
		} else {
			c.Counters.Malformed++
			c.Effects.addFaulty(p, err)
		}
		m.Release()
	}
	return batch[:kept]
}

// hopsLen checks the header of pair1.
func hopsLen(data []byte, ttl int) (int, error) {
	hops, err := wire.Hops(data)
	if err == nil && hops > ttl {
		err = wire.ErrTTL
	}
	return wire.HopsSize, err
}

// answerLen checks the header of replies and responses: the number of the question
// alone, since devices have taken off again what they added.
func answerLen(data []byte, _ int) (int, error) {
	if len(data) < 4 {
		return 0, wire.ErrTruncated
	}
	return 4, nil
}

// unexpected drops what p sent to a protocol that does not receive.
func (c *Core) unexpected(p *Peer, batch []msg.Message) {
	c.drop(Unexpected, len(batch), p)
	release(batch)
}

func release(batch []msg.Message) {
	for i := range batch {
		batch[i].Release()
	}
}

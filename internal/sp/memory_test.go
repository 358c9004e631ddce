package sp

import (
	"fmt"
	"testing"

	"github.com/gonng/gonng/internal/msg"
)

// readSize is how much a connection reads at once, at most.
const readSize = 64 << 10

// holds is what the messages of a queue and its places take, from what they lie in and not
// from what it has charged.
func holds(qs ...*queue) (bytes int) {
	for _, q := range qs {
		items := q.items[q.head:]
		for i := range items {
			if i == 0 || !items[i].Shares(&items[i-1].Message) {
				bytes += items[i].Pinned()
			}
		}
		bytes += slot * len(items)
	}
	return bytes
}

// TestOnePeerIsBounded: what one peer can make a socket hold is bounded by the queue,
// whatever sizes it sends, in whatever mix of messages that are kept and dropped.
func TestOnePeerIsBounded(t *testing.T) {
	for _, row := range []struct {
		name          string
		x             func() Protocol
		kept, dropped func(*rig) string // how such messages begin
		limit         int
	}{
		{"pair0", func() Protocol { return NewPair(0) }, nil, nil, QueueBytes},
		{"pair1", func() Protocol { return NewPair(1) }, header(word(1)), header(word(100)), QueueBytes},
		{"pull", func() Protocol { return NewPull() }, nil, nil, QueueBytes},
		{"sub", func() Protocol { return NewSub() }, header("a"), header("b"), LossyBytes},
		{"rep", func() Protocol { return NewRep() }, header(end(1)), header(word(1) + word(2) + word(3)), QueueBytes},
		{"bus", func() Protocol { return NewBus() }, nil, nil, QueueBytes},
		{"surveyor", func() Protocol { return NewSurveyor() }, survey, header(end(1)), LossyBytes},
		{"raw pair0", func() Protocol { return NewRaw(rawKinds["pair0"]) }, nil, nil, QueueBytes},
		{"raw pair1", func() Protocol { return NewRaw(rawKinds["pair1"]) }, header(word(1)), header(word(100)), QueueBytes},
		{"raw sub", func() Protocol { return NewRaw(rawKinds["sub"]) }, nil, nil, LossyBytes},
		{"raw req", func() Protocol { return NewRaw(rawKinds["req"]) }, header(end(1)), nil, QueueBytes},
		{"raw rep", func() Protocol { return NewRaw(rawKinds["rep"]) }, header(end(1)), header(word(1) + word(2) + word(3)), QueueBytes},
		{"raw pull", func() Protocol { return NewRaw(rawKinds["pull"]) }, nil, nil, QueueBytes},
		{"raw bus", func() Protocol { return NewRaw(rawKinds["bus"]) }, nil, nil, QueueBytes},
	} {
		for _, most := range []int{0, 100, 10 << 10, 1 << 20} {
			r := newRig(t, row.x(), Config{TTL: 2, PreferNew: true, SurveyTime: second})
			p := r.connect()
			if s, ok := r.Endpoint.(*Subscriber); ok {
				s.Subscribe("a")
			}
			kept, dropped := "", ""
			if row.kept != nil {
				kept = row.kept(r)
			}
			if row.dropped != nil {
				dropped = row.dropped(r)
			}
			worst, turns := 0, 10
			if dropped != "" || most > 100 {
				turns = 150
			}
			for turn, more := 0, true; more && turn < turns; turn++ {
				more = r.deliverBatch(p, r.read(most, kept, dropped))
				if !more || turn%10 == 9 {
					worst = max(worst, holds(r.queues(p)...))
				}
			}
			if bound := 2*row.limit + 256<<10 + most; worst > bound {
				t.Errorf("%s, messages of at most %d bytes: %d KiB are held, want at most %d", row.name, most, worst>>10, bound>>10)
			}
			if kept+dropped != "" && worst == 0 && most > 0 {
				t.Errorf("%s: nothing is held", row.name)
			}
		}
	}
}

func header(s string) func(*rig) string { return func(*rig) string { return s } }

// survey is the number of a survey of r.
func survey(r *rig) string {
	r.send(r, "?")
	return word(r.Endpoint.(*Survey).id)
}

// queues are those that p can fill.
func (r *rig) queues(p *Peer) []*queue {
	qs := []*queue{&p.in}
	switch e := r.Endpoint.(type) {
	case *Subscriber:
		qs = append(qs, &e.queue)
	case *Survey:
		qs = append(qs, &e.responses)
	case *Raw:
		qs = append(qs, &e.lossy)
	}
	return qs
}

// read makes what a connection reads at once: messages of random sizes in one buffer, or
// one large message.
func (r *rig) read(most int, kept, dropped string) []msg.Message {
	var sizes []int
	var heads []string
	for left := readSize; ; {
		n := r.random.IntN(most + 1)
		if most > 100 && r.random.IntN(2) == 0 {
			n = r.random.IntN(min(most, 8) + 1)
		}
		head := kept
		if dropped != "" && r.random.IntN(10) > 0 {
			head, n = dropped, 1000
		}
		n += len(head)
		if n > left && len(sizes) > 0 {
			break
		}
		sizes, heads = append(sizes, n), append(heads, head)
		if left -= n + 8; left < 0 {
			break
		}
	}
	batch := chunk(sizes...)
	for i := range batch {
		copy(batch[i].Data, heads[i])
	}
	return batch
}

// TestRepliesAreBounded: replies that wait pin little more than they use, though each came
// in a large read with much that is dropped.
func TestRepliesAreBounded(t *testing.T) {
	r := newRig(t, NewReq(), Config{})
	p := r.connect()
	pinned := 0
	var ends []Endpoint
	for i := range 1000 {
		e := r.context()
		ends = append(ends, e)
		r.send(e, "?")
		batch := chunk(4+len(fmt.Sprint(i)), readSize-100)
		copy(batch[0].Data, r.asked(p, "?")+fmt.Sprint(i))
		r.deliverBatch(p, batch)
		pinned += e.(*Request).reply.Pinned()
	}
	equal(t, "pinned, as charged", r.Protocol.(*Req).pinned, pinned)
	if pinned > LossyBytes+256<<10 {
		t.Errorf("1000 short replies pin %d KiB", pinned>>10)
	}
	for i, e := range ends {
		if i%2 == 0 {
			r.wantRecv(e, fmt.Sprint(i))
		} else {
			e.GiveUp()
		}
	}
	equal(t, "pinned at last", r.Protocol.(*Req).pinned, 0)
}

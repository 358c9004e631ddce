package sp

import (
	"maps"
	"slices"
	"time"

	"github.com/gonng/gonng/internal/wire"
)

// questions are the requests or surveys that wait for answers, by number.
type questions[T any] struct {
	open map[uint32]T
	due  deadlines
}

// number returns a number for a new question. A peer that knows one number cannot guess
// another.
func (q *questions[T]) number(c *Core) uint32 {
	for {
		id := c.Random() | wire.EndBit
		if _, taken := q.open[id]; !taken {
			return id
		}
	}
}

func (q *questions[T]) add(c *Core, id uint32, v T) {
	if q.open == nil {
		q.open = make(map[uint32]T)
	}
	q.open[id] = v
	c.Counters.Outstanding = len(q.open)
}

func (q *questions[T]) remove(c *Core, id uint32) {
	delete(q.open, id)
	c.Counters.Outstanding = len(q.open)
}

// numbers are those of the open questions, smallest first: nothing may depend on the
// order of the map.
func (q *questions[T]) numbers() []uint32 { return slices.Sorted(maps.Keys(q.open)) }

// deadline makes d expire after some time.
func (q *questions[T]) deadline(c *Core, d *deadline, after time.Duration) {
	if q.due.set(d, c.Clock(), after) {
		c.Effects.reschedule, c.Effects.rare = true, true
	}
}

func (q *questions[T]) Next() int64 { return q.due.next() }

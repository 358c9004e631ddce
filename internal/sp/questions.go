package sp

import (
	"maps"
	"slices"
	"time"

	"github.com/gonng/gonng/internal/wire"
)

// questions are the requests or surveys that wait for answers, by number.
type questions[T any] struct {
	open table[uint32, T]
	due  deadlines
}

// number returns a number for a new question. A peer that knows one number cannot guess
// another.
func (q *questions[T]) number(c *Core) uint32 {
	for {
		id := c.Random() | wire.EndBit
		if _, taken := q.open.entries[id]; !taken {
			return id
		}
	}
}

func (q *questions[T]) add(c *Core, id uint32, v T) {
	q.open.set(id, v)
	c.Counters.Outstanding = len(q.open.entries)
}

func (q *questions[T]) remove(c *Core, id uint32) {
	q.open.remove(id)
	c.Counters.Outstanding = len(q.open.entries)
}

// numbers are those of the open questions, smallest first: nothing may depend on the
// order of the map.
func (q *questions[T]) numbers() []uint32 { return slices.Sorted(maps.Keys(q.open.entries)) }

// deadline makes d expire after some time.
func (q *questions[T]) deadline(c *Core, d *deadline, after time.Duration) {
	if q.due.set(d, c.Clock(), after) {
		c.Effects.reschedule, c.Effects.rare = true, true
	}
}

func (q *questions[T]) Next() int64 { return q.due.next() }

package sp

import (
	"errors"
	"slices"
	"testing"
)

// TestEffects: each kind is a chain that is used up, and Any and Rare say whether to
// look.
func TestEffects(t *testing.T) {
	var e Effects
	equal(t, "any at first", e.Any(), false)
	var l Waiters
	ws := waiting(&l, 2)
	for _, w := range ws {
		w.Leave()
		e.addWaiter(w)
		equal(t, "only waiter", e.OnlyWaiter(), w == ws[0])
	}
	equal(t, "rare with waiters", e.Rare(), false)
	equal(t, "waiters", slices.Equal(slices.Collect(e.TakeWakes().All()), ws), true)
	equal(t, "no waiter", len(slices.Collect(e.TakeWakes().All())), 0)
	equal(t, "any with the waiters gone", e.Any(), false)

	p, q := new(Peer), new(Peer)
	e.addFlush(p)
	e.addFlush(q)
	equal(t, "rare with a flush", [2]bool{e.Any(), e.Rare()}, [2]bool{true, false})
	taken := e.TakeFlushes()
	equal(t, "any with the flush taken", e.Any(), false)
	equal(t, "flush", [2]*Peer{taken.Next(), taken.Next()}, [2]*Peer{q, p})

	p.Held = true
	e.addResume(p)
	equal(t, "rare with a resume", e.Rare(), true)
	equal(t, "held", p.Held, false)
	equal(t, "resume", e.NextResume(), p)
	equal(t, "calls out for a resume", e.CallsOut(), false)

	first, second := errors.New("first"), errors.New("second")
	e.addFaulty(p, first)
	e.addFaulty(p, second)
	e.addFaulty(q, second)
	equal(t, "calls out for a faulty peer", e.CallsOut(), true)
	equal(t, "faulty", [3]*Peer{e.NextFaulty(), e.NextFaulty(), e.NextFaulty()}, [3]*Peer{q, p, nil})
	equal(t, "fault", p.Fault, first)
}

// TestDropCounts: each reason has its counter, and is told with the last peer.
func TestDropCounts(t *testing.T) {
	for _, row := range []struct {
		reason  Reasons
		counter func(*Counters) uint64
	}{
		{TTLExceeded, func(c *Counters) uint64 { return c.TTLExceeded }},
		{Unexpected, func(c *Counters) uint64 { return c.Unexpected }},
		{Unasked, func(c *Counters) uint64 { return c.Unexpected }},
		{LateReply, func(c *Counters) uint64 { return c.LateReplies }},
		{NoPeer, func(c *Counters) uint64 { return c.NoPeer }},
		{SlowReceiver, func(c *Counters) uint64 { return c.DroppedFull }},
	} {
		var c Core
		p := new(Peer)
		c.drop(row.reason, 3, p)
		equal(t, "counted", row.counter(&c.Counters), 3)
		reasons, by := c.Effects.Reasons()
		equal(t, "reasons", reasons, row.reason)
		equal(t, "by", by, p)
		equal(t, "calls out", c.Effects.CallsOut() && c.Effects.Any(), true)
	}
}

package sp

import "testing"

// waiting queues new waiters.
func waiting(l *Waiters, n int) (ws []*Waiter) {
	for range n {
		w := new(Waiter)
		l.Add(w)
		ws = append(ws, w)
	}
	return ws
}

// TestWakeOne: the longest waiting is woken first, and no other until it has looked.
func TestWakeOne(t *testing.T) {
	r := newRig(t, NewPush(), Config{})
	var l Waiters
	ws := waiting(&l, 3)
	r.c.WakeOne(&l)
	r.c.WakeOne(&l)
	equal(t, "woken", r.woken(), ws[:1])
	equal(t, "the first is queued", ws[0].Queued(), false)
	equal(t, "waiting", l.Len(), 2)
	ws[0].Woken()
	r.c.WakeOne(&l)
	equal(t, "woken then", r.woken(), ws[1:2])
	r.c.PassOn(ws[1])
	equal(t, "woken when passed on", r.woken(), ws[2:])
	equal(t, "waiting at last", l.Len(), 0)
}

// TestLeave: who leaves is not woken, wherever in the queue it stood.
func TestLeave(t *testing.T) {
	r := newRig(t, NewPush(), Config{})
	for i := range 3 {
		var l Waiters
		ws := waiting(&l, 3)
		ws[i].Leave()
		r.c.FailAll(&l, Closed)
		equal(t, "woken", r.woken(), append(append([]*Waiter(nil), ws[:i]...), ws[i+1:]...))
	}
}

// TestEndOfAWaitIsNoWakeUp: one whose wait was ended says nothing about the wake-up of
// another.
func TestEndOfAWaitIsNoWakeUp(t *testing.T) {
	r := newRig(t, NewPush(), Config{})
	var l Waiters
	ws := waiting(&l, 3)
	r.c.WakeOne(&l)
	r.c.EndWait(ws[1], OK)
	r.woken()
	ws[1].Woken()
	r.c.WakeOne(&l)
	equal(t, "woken while the first has not looked", r.woken(), nil)
	ws[0].Woken()
	r.c.WakeOne(&l)
	equal(t, "woken then", r.woken(), ws[2:])
}

// TestFailAll: everybody is told, in order, also while a wake-up is under way.
func TestFailAll(t *testing.T) {
	r := newRig(t, NewPush(), Config{})
	var l Waiters
	ws := waiting(&l, 3)
	r.c.WakeOne(&l)
	r.c.FailAll(&l, Closed)
	equal(t, "woken", r.woken(), ws)
	equal(t, "verdict of the one that was woken before", ws[0].Verdict, OK)
	equal(t, "verdict", ws[2].Verdict, Closed)
	l.Add(ws[2])
	equal(t, "verdict of a new wait", ws[2].Verdict, OK)
}

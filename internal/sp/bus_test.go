package sp

import "testing"

// TestBus: to all peers and from all fairly, nothing to itself, and no wait.
func TestBus(t *testing.T) {
	r := newRig(t, NewBus(), Config{SendBuffer: 1, RecvBuffer: 2})
	a, b := r.connect(), r.connect()
	r.send(r, "1")
	equal(t, "to b", r.written(b), []string{"1"})
	equal(t, "verdict with a full", r.send(r, "2"), OK)
	equal(t, "to a", r.written(a), []string{"1"})
	equal(t, "to b", r.written(b), []string{"2"})
	equal(t, "lost", a.DroppedFull, 1)
	equal(t, "more", r.deliver(a, "a1", "a2"), false)
	r.deliver(b, "b1")
	r.wantRecv(r, "a1", "b1", "a2")
	w := new(Waiter)
	r.Await(w)
	r.Close()
	equal(t, "woken by Close", r.woken(), []*Waiter{w})
}

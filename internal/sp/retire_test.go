package sp

import "testing"

// retire retires p, and queues a waiter for the time when p is not busy any more.
func (r *rig) retire(p *Peer) *Waiter {
	r.Retire(p)
	w := new(Waiter)
	p.Retired().Add(w)
	return w
}

// TestRetireReq: the requests that a peer has are answered, or sent again elsewhere when their
// time is over. It gets no new one.
func TestRetireReq(t *testing.T) {
	r := newRig(t, NewReq(), Config{ResendTime: second})
	p := r.connect()
	other := r.context()
	r.send(r, "1")
	r.send(other, "2")
	w := r.retire(p)
	equal(t, "busy", p.Busy(), true)
	equal(t, "verdict of a new request", r.send(r.context(), "3"), Wait)
	written := r.written(p)
	equal(t, "written", len(written), 2)
	n, _ := question(written[0])
	r.deliver(p, n+"one")
	r.wantRecv(r, "one")
	equal(t, "busy with the other", p.Busy(), true)
	equal(t, "woken before", r.woken(), nil)

	q := r.connect()
	r.pass(second)
	r.deliver(q, r.asked(q, "2")+"two")
	r.wantRecv(other, "two")
	equal(t, "busy at the end", p.Busy(), false)
	equal(t, "woken", r.woken(), []*Waiter{w})
	r.disconnect(p)
	equal(t, "resends", r.c.Counters.Resends, 1)
}

// TestRetireEnds: the end of a connection ends the wait, and its request goes elsewhere.
func TestRetireEnds(t *testing.T) {
	r := newRig(t, NewReq(), Config{ResendTime: second})
	p := r.connect()
	r.send(r, "1")
	q := r.connect()
	w := r.retire(p)
	r.disconnect(p)
	equal(t, "woken", r.woken(), []*Waiter{w})
	r.deliver(q, r.asked(q, "1")+"one")
	r.wantRecv(r, "one")
}

// TestRetirePush: what was accepted is written, and the rest goes to others.
func TestRetirePush(t *testing.T) {
	r := newRig(t, NewPush(), Config{})
	p := r.connect()
	r.send(r, "1")
	r.Retire(p)
	equal(t, "busy", p.Busy(), false)
	equal(t, "verdict", r.send(r, "2"), Wait)
	equal(t, "written", r.written(p), []string{"1"})
	equal(t, "verdict when all is written", r.send(r, "2"), Wait)
	q := r.connect()
	equal(t, "verdict with another", r.send(r, "2"), OK)
	equal(t, "written to the other", r.written(q), []string{"2"})
}

// TestRetireRep: what was read is answered, and what comes then is dropped. A question that
// was handed out and given up is not waited for.
func TestRetireRep(t *testing.T) {
	r := newRig(t, NewRep(), Config{})
	p, q := r.connect(), r.connect()
	r.deliver(p, end(1)+"1", end(2)+"2")
	r.recv(r)
	w := r.retire(p)
	equal(t, "more", r.deliver(p, end(3)+"3"), true)
	r.send(r, "one")
	equal(t, "busy", p.Busy(), true)
	body, _ := r.recv(r)
	equal(t, "second", body, "2")
	next := r.receive(r) // the program has no answer to it
	equal(t, "woken", r.woken(), []*Waiter{w})
	equal(t, "busy at the end", p.Busy(), false)
	equal(t, "written", r.written(p), []string{end(1) + "one"})
	equal(t, "queue", r.c.Counters.RecvQueue, 0)
	equal(t, "more of the other", r.deliver(q, end(4)+"4"), true)
	body, _ = r.recvAs(r, next)
	equal(t, "of the other", body, "4")
}

// TestRetireSurveyor: the surveys that a peer has got are waited for, and it gets no new one.
func TestRetireSurveyor(t *testing.T) {
	r := newSurveyor(t)
	p, q := r.connect(), r.connect()
	r.send(r, "?")
	n := r.asked(p, "?")
	w := r.retire(p)
	r.pass(second / 2)
	r.send(r.context(), "!")
	r.deliver(p, n+"p")
	r.wantRecv(r, "p")
	equal(t, "written to it", r.written(p), nil)
	equal(t, "written to the other", len(r.written(q)), 2)
	equal(t, "dropped", r.c.Counters.DroppedFull, 0)
	equal(t, "busy", p.Busy(), true)
	r.pass(second / 2)
	equal(t, "busy at the end", p.Busy(), false)
	equal(t, "woken", r.woken(), []*Waiter{w})
}

// TestRetireSurveyorIdle: a peer without surveys is not waited for.
func TestRetireSurveyorIdle(t *testing.T) {
	r := newSurveyor(t)
	p := r.connect()
	r.Retire(p)
	equal(t, "busy", p.Busy(), false)
}

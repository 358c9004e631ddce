package sp

import (
	"fmt"
	"testing"
)

// TestRep: an answer goes to where its question came from, with its backtrace. Without a
// question there is nothing to answer.
func TestRep(t *testing.T) {
	r := newRig(t, NewRep(), Config{})
	equal(t, "verdict without a question", r.send(r, "x"), NoQuestion)
	equal(t, "CanSend", r.CanSend(), false)
	a, b := r.connect(), r.connect()
	long := word(5) + word(6) + end(1)
	r.deliver(a, long+"1")
	r.deliver(b, end(2)+"2")
	body, _ := r.recv(r)
	equal(t, "first", body, "1")
	equal(t, "CanSend", r.CanSend(), true)
	equal(t, "verdict", r.send(r, "one"), OK)
	equal(t, "verdict of a second answer", r.send(r, "one"), NoQuestion)
	r.recv(r)
	r.send(r, "two")
	equal(t, "to a", r.written(a), []string{long + "one"})
	equal(t, "to b", r.written(b), []string{end(2) + "two"})
}

// TestRepAbandons: receiving again abandons the question before; a receive that finds
// nothing does not.
func TestRepAbandons(t *testing.T) {
	r := newRig(t, NewRep(), Config{})
	p := r.connect()
	r.deliver(p, end(1)+"1", end(2)+"2")
	r.recv(r)
	r.recv(r)
	r.send(r, "two")
	equal(t, "written", r.written(p), []string{end(2) + "two"})
}

// TestRepContexts: each answers its own question; the end of one leaves the others alone.
func TestRepContexts(t *testing.T) {
	r := newRig(t, NewRep(), Config{})
	p := r.connect()
	one, two := r.context(), r.context()
	r.deliver(p, end(1)+"1", end(2)+"2", end(3)+"3")
	r.recv(one)
	r.recv(two)
	one.Close()
	equal(t, "verdict after the end of the context", r.send(one, "x"), NoQuestion)
	equal(t, "verdict", r.send(two, "two"), OK)
	equal(t, "written", r.written(p), []string{end(2) + "two"})
	r.recv(r)
	w, v := new(Waiter), new(Waiter)
	one.Await(w)
	two.Await(v)
	one.Close()
	equal(t, "woken", r.woken(), []*Waiter{w})
	equal(t, "verdict", w.Verdict, Closed)
	r.Close()
	equal(t, "woken by the end of the socket", r.woken(), []*Waiter{v})
}

// TestRepReceiving: a second receive at the same time on one endpoint is refused.
func TestRepReceiving(t *testing.T) {
	r := newRig(t, NewRep(), Config{})
	p := r.connect()
	w := r.receive(r)
	_, v := r.recv(r)
	equal(t, "verdict of a second receive", v, Receiving)
	_, v = r.recv(r.context())
	equal(t, "verdict at another endpoint", v, Wait)
	r.deliver(p, end(1)+"1")
	body, v := r.recvAs(r, w)
	equal(t, "received", fmt.Sprint(body, v), fmt.Sprint("1", OK))
	r.End(w)
	_, v = r.recv(r)
	equal(t, "verdict once the first has ended", v, Wait)
}

// TestRepPeerGone: the answer for a peer that has gone is dropped and counted.
func TestRepPeerGone(t *testing.T) {
	r := newRig(t, NewRep(), Config{})
	p := r.connect()
	r.deliver(p, end(1)+"1")
	r.recv(r)
	r.disconnect(p)
	equal(t, "verdict", r.send(r, "one"), OK)
	equal(t, "no peer", r.c.Counters.NoPeer, 1)
}

// TestFullPeerIsNotServed: an answer never waits. A peer that takes no answers is neither
// read nor handed out; other peers are. When it has taken them, it is again.
func TestFullPeerIsNotServed(t *testing.T) {
	r := newRig(t, NewRep(), Config{SendBuffer: 1})
	p, other := r.connect(), r.connect()
	r.deliver(p, end(1)+"1", end(2)+"2", end(3)+"3", end(4)+"4")
	worker := r.context()
	r.recv(r)
	r.recv(worker)
	equal(t, "verdict", r.send(r, "one"), OK)
	equal(t, "verdict with the peer full", r.send(worker, "two"), OK)
	_, v := r.recv(r)
	equal(t, "verdict with the peer full", v, Wait)
	equal(t, "more from the full peer", r.deliver(p, end(5)+"5"), false)
	equal(t, "more from the other", r.deliver(other, end(9)+"9"), true)
	body, _ := r.recv(r)
	equal(t, "received", body, "9")
	r.send(r, "nine")
	w := r.receive(r)
	equal(t, "written", r.write(p), []string{end(1) + "one", end(2) + "two"})
	equal(t, "woken", r.woken(), []*Waiter{w})
	equal(t, "read on", r.resumed(), []*Peer{p})
	r.End(w)
	r.wantRecv(r, "3", "4", "5")
}

// TestFullPeerGoes: what a peer asked that went while it had no room is handed out, and the
// answers are counted; and it is read on, so that its end is noticed.
func TestFullPeerGoes(t *testing.T) {
	for _, end1 := range []func(*rig, *Peer){
		func(r *rig, p *Peer) { p.WriteFailed(); r.Detach(p) },
		func(r *rig, p *Peer) { r.disconnect(p) },
	} {
		r := newRig(t, NewRep(), Config{SendBuffer: 1})
		p := r.connect()
		r.deliver(p, end(1)+"1", end(2)+"2")
		r.recv(r)
		r.send(r, "one")
		equal(t, "more", r.deliver(p, end(3)+"3"), false)
		end1(r, p)
		equal(t, "read on", r.resumed(), []*Peer{p})
		r.wantRecv(r, "2", "3")
		equal(t, "receive queue", r.c.Counters.RecvQueue, 0)
		r.send(r, "three")
		equal(t, "no peer", r.c.Counters.NoPeer, 1)
	}
}

// TestRepHeader: too many hops are dropped and counted, a backtrace without end makes the
// peer faulty.
func TestRepHeader(t *testing.T) {
	r := newRig(t, NewRep(), Config{TTL: 2})
	p := r.connect()
	r.deliver(p, word(1)+end(1)+"2", word(1)+word(2)+end(1)+"3", end(1)+"1")
	r.wantRecv(r, "2", "1")
	equal(t, "dropped", r.c.Counters.TTLExceeded, 1)
	equal(t, "faulty", r.c.Effects.NextFaulty(), nil)
	r.deliver(p, word(1)+"abc", end(2)+"good")
	equal(t, "faulty", r.c.Effects.NextFaulty(), p)
	r.wantRecv(r, "good")
}

// TestRepPace: answers share a write while more questions wait.
func TestRepPace(t *testing.T) {
	r := newRig(t, NewRep(), Config{})
	p := r.connect()
	r.deliver(p, end(1)+"1", end(2)+"2")
	r.recv(r)
	equal(t, "with a question waiting", r.Pace(), Gather)
	r.recv(r)
	equal(t, "without", r.Pace(), AtOnce)
}

package sp

import (
	"fmt"
	"testing"
	"time"
)

const second = time.Second

// asked is the number of the only question that has been written to p.
func (r *rig) asked(p *Peer, body string) (number string) {
	r.Helper()
	w := r.written(p)
	if len(w) != 1 {
		r.Fatalf("%d questions are written: %q", len(w), w)
	}
	number, got := question(w[0])
	equal(r.T, "question", got, body)
	return number
}

// receive queues a receive at e, which finds nothing.
func (r *rig) receive(e Endpoint) *Waiter {
	r.Helper()
	_, v := r.recv(e)
	equal(r.T, "verdict of a receive", v, Wait)
	w := new(Waiter)
	e.Await(w)
	return w
}

// TestReqReply: the request gets its reply, once; a second one is late.
func TestReqReply(t *testing.T) {
	r := newRig(t, NewReq(), Config{})
	_, v := r.recv(r)
	equal(t, "verdict without a request", v, NoRequest)
	equal(t, "verdict without a peer", r.send(r, "1"), Wait)
	p := r.connect()
	equal(t, "verdict", r.send(r, "1"), OK)
	n := r.asked(p, "1")
	w := r.receive(r)
	equal(t, "outstanding", r.c.Counters.Outstanding, 1)
	r.deliver(p, n+"one", n+"again")
	equal(t, "outstanding with the reply", r.c.Counters.Outstanding, 0)
	equal(t, "woken", r.woken(), []*Waiter{w})
	equal(t, "receive queue", r.c.Counters.RecvQueue, 1)
	body, _ := r.recvAs(r, w)
	r.End(w)
	equal(t, "reply", body, "one")
	equal(t, "receive queue", r.c.Counters.RecvQueue, 0)
	equal(t, "late", r.c.Counters.LateReplies, 1)
	_, v = r.recv(r)
	equal(t, "verdict after the reply", v, NoRequest)
}

// TestReplyFromPeerThatWasAsked: another's is not an answer.
func TestReplyFromPeerThatWasAsked(t *testing.T) {
	r := newRig(t, NewReq(), Config{})
	p, stranger := r.connect(), r.connect()
	r.send(r, "1")
	n := r.asked(p, "1")
	r.deliver(stranger, n+"lie")
	equal(t, "unexpected", r.c.Counters.Unexpected, 1)
	reasons, by := r.c.Effects.Reasons()
	equal(t, "reasons", reasons, Unasked)
	equal(t, "by", by, stranger)
	r.deliver(p, n+"truth")
	r.wantRecv(r, "truth")
}

// TestReqMalformedReply: a reply without a number makes the peer faulty.
func TestReqMalformedReply(t *testing.T) {
	r := newRig(t, NewReq(), Config{})
	p := r.connect()
	r.send(r, "1")
	n := r.asked(p, "1")
	r.deliver(p, "abc", n+"good")
	equal(t, "faulty", r.c.Effects.NextFaulty(), p)
	equal(t, "malformed", r.c.Counters.Malformed, 1)
	r.wantRecv(r, "good")
}

// TestContextsAreApart: each endpoint gets the reply to its own request.
func TestContextsAreApart(t *testing.T) {
	r := newRig(t, NewReq(), Config{})
	p := r.connect()
	ends := []Endpoint{r, r.context(), r.context()}
	var replies []string
	for i, e := range ends {
		r.send(e, fmt.Sprint(i))
		replies = append(replies, r.asked(p, fmt.Sprint(i))+fmt.Sprint("to ", i))
	}
	r.deliver(p, replies[2], replies[0], replies[1])
	for i, e := range ends {
		r.wantRecv(e, fmt.Sprint("to ", i))
	}
}

// TestReplaced: a receive never gets the answer to a later request. It fails, also if it
// was awake already for the reply before, and is not in the way of the next.
func TestReplaced(t *testing.T) {
	for _, awake := range []string{"no", "for a reply", "because its time is over"} {
		r := newRig(t, NewReq(), Config{})
		p := r.connect()
		r.send(r, "1")
		n := r.asked(p, "1")
		first := r.receive(r)
		switch awake {
		case "for a reply":
			r.deliver(p, n+"one")
			equal(t, "woken", r.woken(), []*Waiter{first})
		case "because its time is over":
			r.c.EndWait(first, OK)
			r.woken()
		}
		r.send(r, "2")
		if awake == "no" {
			equal(t, "woken", r.woken(), []*Waiter{first})
		}
		equal(t, awake+": verdict of the first", first.Verdict, Replaced)
		next := r.receive(r)
		r.deliver(p, r.asked(p, "2")+"two")
		equal(t, awake+": woken by the second reply", r.woken(), []*Waiter{next})
		_, v := r.recvAs(r, first)
		equal(t, awake+": received by the first", v, Replaced)
		r.End(first)
		body, _ := r.recvAs(r, next)
		equal(t, awake+": received by the second", body, "two")
	}
}

// TestReplacedReplyIsLate: the reply to a request that was replaced.
func TestReplacedReplyIsLate(t *testing.T) {
	r := newRig(t, NewReq(), Config{})
	p := r.connect()
	r.send(r, "1")
	n := r.asked(p, "1")
	r.send(r, "2")
	r.deliver(p, n+"one")
	equal(t, "late", r.c.Counters.LateReplies, 1)
	equal(t, "outstanding", r.c.Counters.Outstanding, 1)
	r.deliver(p, r.asked(p, "2")+"two")
	r.send(r, "3") // and the reply that nobody has received
	equal(t, "receive queue", r.c.Counters.RecvQueue, 0)
}

// TestReqReceiving: a second receive at the same time is refused.
func TestReqReceiving(t *testing.T) {
	r := newRig(t, NewReq(), Config{})
	r.connect()
	r.send(r, "1")
	w := r.receive(r)
	_, v := r.recv(r)
	equal(t, "verdict of a second receive", v, Receiving)
	w.Leave()
	r.End(w)
	_, v = r.recv(r)
	equal(t, "verdict once the first has ended", v, Wait)
}

// TestReqGiveUp: a request that was given up is not sent again, its reply is late, and the
// next receive is out of place.
func TestReqGiveUp(t *testing.T) {
	r := newRig(t, NewReq(), Config{ResendTime: second})
	p := r.connect()
	r.send(r, "1")
	n := r.asked(p, "1")
	r.GiveUp()
	equal(t, "outstanding", r.c.Counters.Outstanding, 0)
	r.pass(3 * second)
	equal(t, "written", r.written(p), nil)
	r.deliver(p, n+"one")
	equal(t, "late", r.c.Counters.LateReplies, 1)
	_, v := r.recv(r)
	equal(t, "verdict", v, NoRequest)
	r.send(r, "2")
	n = r.asked(p, "2")
	r.deliver(p, n+"two")
	r.GiveUp()
	equal(t, "receive queue", r.c.Counters.RecvQueue, 0)
	r.disconnect(p)
	equal(t, "resends", r.c.Counters.Resends, 0)
}

// TestGiveUpIsOfOneReceive: a receive that fails before it begins does not give up what
// another waits for.
func TestGiveUpIsOfOneReceive(t *testing.T) {
	r := newRig(t, NewReq(), Config{})
	p := r.connect()
	r.send(r, "1")
	w := r.receive(r)
	r.GiveUp()
	equal(t, "outstanding", r.c.Counters.Outstanding, 1)
	r.deliver(p, r.asked(p, "1")+"one")
	equal(t, "woken", r.woken(), []*Waiter{w})
	body, _ := r.recvAs(r, w)
	equal(t, "reply", body, "one")
}

// TestResend: to another peer first. The peers that have the request get it once more after
// pauses that double, until a new peer comes.
func TestResend(t *testing.T) {
	r := newRig(t, NewReq(), Config{ResendTime: second})
	a, b := r.connect(), r.connect()
	body := large(CopyMax + 1)
	r.send(r, body)
	n := r.asked(a, body)
	at := 0
	// resends says at which second which peer gets the request again.
	resends := func(until int) (got string) {
		for ; at < until; at++ {
			r.pass(second)
			for i, p := range []*Peer{a, b} {
				for _, w := range r.written(p) {
					equal(t, "written again", w, n+body)
					got += fmt.Sprintf("%d:%c ", at+1, 'a'+i)
				}
			}
		}
		return got
	}
	equal(t, "resends", resends(20), "1:b 2:a 4:b 8:a 16:b ")
	equal(t, "counted", r.c.Counters.Resends, 5)
	c := r.connect()
	equal(t, "resends to those who have it", resends(32), "")
	equal(t, "to the new one", r.asked(c, body), n)
	r.pass(2 * second)
	equal(t, "written", len(r.written(a))+len(r.written(b)), 1)
	r.deliver(b, n+"reply of one asked before")
	r.wantRecv(r, "reply of one asked before")
	r.pass(100 * second)
	equal(t, "next", r.Next(), 0)
}

// TestResendWaitsForRoom: without a peer that has room the pause goes on.
func TestResendWaitsForRoom(t *testing.T) {
	r := newRig(t, NewReq(), Config{ResendTime: second, SendBuffer: 1})
	p := r.connect()
	r.send(r, "1") // and p is full
	r.pass(second)
	equal(t, "resends", r.c.Counters.Resends, 0)
	equal(t, "next", r.Next(), r.clock+int64(2*second))
	r.written(p)
	r.pass(2 * second)
	equal(t, "resends", r.c.Counters.Resends, 1)
}

// TestResendAtOnce: when the peer goes its requests are sent to others, or to the next that
// comes or has room, in order.
func TestResendAtOnce(t *testing.T) {
	r := newRig(t, NewReq(), Config{ResendTime: second})
	a := r.connect()
	ends := []Endpoint{r, r.context(), r.context()}
	for i, e := range ends {
		r.send(e, fmt.Sprint(i))
	}
	was := r.written(a)
	b := r.connect()
	r.disconnect(a)
	equal(t, "written to the other", r.written(b), was)
	r.disconnect(b)
	equal(t, "outstanding", r.c.Counters.Outstanding, 3)
	ends[1].GiveUp()
	r.pass(3 * second)
	c := r.connect()
	equal(t, "written to the next", r.written(c), []string{was[0], was[2]})
	equal(t, "resends", r.c.Counters.Resends, 5)
	equal(t, "next", r.Next(), r.clock+int64(second))
}

// TestUnsentWaitsForRoom: a request that lost its peer is sent when another has room,
// before new ones.
func TestUnsentWaitsForRoom(t *testing.T) {
	r := newRig(t, NewReq(), Config{ResendTime: second, SendBuffer: 1})
	a, b := r.connect(), r.connect()
	c := r.context()
	r.send(r, "1")
	r.send(c, "2")
	r.disconnect(a)
	third := r.context()
	equal(t, "verdict", r.send(third, "3"), Wait)
	w := waiting(third.Room(), 1)
	r.write(b) // has room now
	equal(t, "woken", r.woken(), w)
	equal(t, "verdict", r.send(third, "3"), Wait)
	_, body := question(r.write(b)[0])
	equal(t, "written", body, "1")
}

// TestNoResend: with resending off a request fails with its peer, and only then.
func TestNoResend(t *testing.T) {
	r := newRig(t, NewReq(), Config{})
	a := r.connect()
	r.send(r, "1")
	w := r.receive(r)
	r.pass(1000 * time.Hour)
	equal(t, "resends", r.c.Counters.Resends, 0)
	b := r.connect()
	r.disconnect(a)
	equal(t, "woken", r.woken(), []*Waiter{w})
	_, v := r.recvAs(r, w)
	equal(t, "verdict", v, PeerGone)
	r.End(w)
	_, v = r.recv(r)
	equal(t, "verdict after that", v, NoRequest)
	equal(t, "written to the other", r.written(b), nil)
}

// TestReplyTooLarge: it fails its request, and no other.
func TestReplyTooLarge(t *testing.T) {
	r := newRig(t, NewReq(), Config{})
	p, stranger := r.connect(), r.connect()
	other := r.context()
	r.send(r, "1")
	n := r.asked(p, "1")
	r.send(other, "2")
	m := r.asked(stranger, "2")
	w := r.receive(r)
	r.TooLarge(stranger, []byte(n+"x"), 5000)
	r.TooLarge(p, []byte("abc"), 5000)
	equal(t, "woken by what is no reply", r.woken(), nil)
	r.TooLarge(p, []byte(n+"x"), 5000)
	equal(t, "woken", r.woken(), []*Waiter{w})
	_, v := r.recvAs(r, w)
	equal(t, "verdict", v, TooLarge)
	equal(t, "size", r.c.Size, 5000)
	r.deliver(stranger, m+"two")
	r.wantRecv(other, "two")
}

// TestFewestUnanswered: a request goes to the peer with the fewest, in turn among equals.
// Those that a receiver gave up count for the resend time, at most 10 s.
func TestFewestUnanswered(t *testing.T) {
	for _, row := range []struct{ resend, counts time.Duration }{{0, 10 * second}, {3 * second, 3 * second}, {time.Minute, 10 * second}} {
		r := newRig(t, NewReq(), Config{ResendTime: row.resend})
		a, b := r.connect(), r.connect()
		var ends []Endpoint
		ask := func() (to *Peer) {
			e := r.context()
			ends = append(ends, e)
			r.send(e, "?")
			for _, p := range []*Peer{a, b} {
				if len(r.written(p)) > 0 {
					to = p
				}
			}
			return to
		}
		equal(t, "to", []*Peer{ask(), ask(), ask(), ask()}, []*Peer{a, b, a, b})
		ends[1].GiveUp() // b swallows two
		ends[3].GiveUp()
		ends[0].(*Request).replaced() // a has one
		equal(t, "to the one with fewer", ask(), a)
		equal(t, "to", []*Peer{ask(), ask()}, []*Peer{b, a})
		r.pass(row.counts - 1)
		equal(t, "in turn among equals", ask() == b, true)
		r.pass(1)
		equal(t, "to the one that was forgiven", ask() == b, true)
	}
}

// TestPeersThatHaveGoneAreForgotten: a request that is sent again and again does not keep
// all the peers that it killed.
func TestPeersThatHaveGoneAreForgotten(t *testing.T) {
	r := newRig(t, NewReq(), Config{ResendTime: second})
	p := r.connect()
	r.send(r, "poison")
	for range 100 {
		q := r.connect()
		r.disconnect(p)
		equal(t, "requests of the next peer", q.SendQueue(), 1)
		p = q
	}
	if n := len(r.Endpoint.(*Request).askedOf); n > 3 {
		t.Errorf("%d peers are remembered", n)
	}
}

// TestReplyAfterDetach: a peer that cannot be sent to any more is still heard.
func TestReplyAfterDetach(t *testing.T) {
	r := newRig(t, NewReq(), Config{ResendTime: second})
	a := r.connect()
	r.send(r, "1")
	n := r.asked(a, "1")
	b := r.connect()
	a.WriteFailed()
	r.Detach(a)
	equal(t, "written to another", r.asked(b, "1"), n)
	r.deliver(a, n+"one")
	r.wantRecv(r, "one")
}

// TestReqPace: the only request is written at once, one of many with those that follow.
func TestReqPace(t *testing.T) {
	r := newRig(t, NewReq(), Config{})
	p := r.connect()
	other := r.context()
	r.send(r, "1")
	equal(t, "the only request", r.Pace(), AtOnce)
	n := r.asked(p, "1")
	r.send(other, "2")
	equal(t, "one of two", other.Pace(), Gather)
	r.deliver(p, n+"one")
	equal(t, "with a reply to receive", other.Pace(), Gather)
	r.recv(r)
	equal(t, "the only one again", other.Pace(), AtOnce)
}

// TestReqTooSmall: the reply stays.
func TestReqTooSmall(t *testing.T) {
	r := newRig(t, NewReq(), Config{})
	p := r.connect()
	r.send(r, "1")
	r.deliver(p, r.asked(p, "1")+"12345")
	var m Message
	equal(t, "verdict", r.Pop(&m, 4, nil), TooSmall)
	equal(t, "size", r.c.Size, 5)
	equal(t, "CanRecv", r.CanRecv(), true)
	r.wantRecv(r, "12345")
	equal(t, "CanRecv", r.CanRecv(), false)
}

// TestReqContextEndWakesSenders: who waits to send at a context that is closed looks, and so do
// the others, whose queue is the same.
func TestReqContextEndWakesSenders(t *testing.T) {
	r := newRig(t, NewReq(), Config{})
	e := r.context()
	equal(t, "verdict", r.send(e, "1"), Wait)
	ws := waiting(e.Room(), 2)
	e.Close()
	equal(t, "woken", r.woken(), ws)
	equal(t, "verdict", ws[0].Verdict, OK)
}

// TestReqClose: all who wait are told, in an order that does not depend on a map's; a
// context's end is its own.
func TestReqClose(t *testing.T) {
	var orders [2]string
	for turn := range orders {
		r := newRig(t, NewReq(), Config{ResendTime: second})
		p := r.connect()
		var ends []Endpoint
		for i := range 20 {
			e := r.context()
			ends = append(ends, e)
			r.send(e, "?")
			r.receive(e).Owner = i
		}
		ends[3].Close()
		woken := r.woken()
		equal(t, "woken by the end of a context", len(woken), 1)
		equal(t, "who", woken[0].Owner, any(3))
		equal(t, "outstanding", r.c.Counters.Outstanding, 19)
		r.disconnect(p)
		w := waiting(r.Room(), 1)[0]
		w.Owner = -1
		r.Close()
		for _, w := range r.woken() {
			orders[turn] += fmt.Sprint(w.Owner, " ")
			equal(t, "verdict", w.Verdict, Closed)
		}
	}
	equal(t, "the order a second time", orders[1], orders[0])
	if n := len(orders[0]); n != 2*10+3*10-2+3 {
		t.Errorf("woken are %s", orders[0])
	}
}

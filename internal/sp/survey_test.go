package sp

import (
	"fmt"
	"testing"
)

func newSurveyor(t *testing.T) *rig {
	return newRig(t, NewSurveyor(), Config{SurveyTime: second})
}

// TestSurvey: each peer is asked, and its responses are received until the time is over;
// then that is told once.
func TestSurvey(t *testing.T) {
	r := newSurveyor(t)
	_, v := r.recv(r)
	equal(t, "verdict without a survey", v, NoSurvey)
	a, b := r.connect(), r.connect()
	r.send(r, "?")
	n := r.asked(a, "?")
	equal(t, "number for the other", r.asked(b, "?"), n)
	equal(t, "outstanding", r.c.Counters.Outstanding, 1)
	r.deliver(b, n+"b")
	r.deliver(a, n+"a", n+"a again")
	for _, want := range []string{"b", "a", "a again"} {
		body, _ := r.recv(r)
		equal(t, "response", body, want)
	}
	_, v = r.recv(r)
	equal(t, "verdict before the time is over", v, Wait)
	r.pass(second - 1)
	equal(t, "CanRecv before", r.CanRecv(), false)
	r.pass(1)
	equal(t, "CanRecv", r.CanRecv(), true)
	equal(t, "outstanding", r.c.Counters.Outstanding, 0)
	_, v = r.recv(r)
	equal(t, "verdict when it is over", v, SurveyOver)
	_, v = r.recv(r)
	equal(t, "verdict after that", v, NoSurvey)
	r.deliver(a, n+"late")
	equal(t, "late", r.c.Counters.LateReplies, 1)
}

// TestResponsesInTime: what came in time is received though the time is over.
func TestResponsesInTime(t *testing.T) {
	r := newSurveyor(t)
	p := r.connect()
	r.send(r, "?")
	n := r.asked(p, "?")
	r.deliver(p, n+"1", n+"2")
	r.pass(second)
	r.deliver(p, n+"late")
	for _, want := range []string{"1", "2"} {
		body, _ := r.recv(r)
		equal(t, "response", body, want)
	}
	_, v := r.recv(r)
	equal(t, "verdict", v, SurveyOver)
}

// TestSurveyOverToldOnce: all who wait are told, and then nobody else; whether a
// response came at the last moment or not.
func TestSurveyOverToldOnce(t *testing.T) {
	for _, responses := range []int{0, 1} {
		r := newSurveyor(t)
		p := r.connect()
		r.send(r, "?")
		n := r.asked(p, "?")
		ws := []*Waiter{r.receive(r), r.receive(r), r.receive(r)}
		for i := range responses {
			r.deliver(p, n+fmt.Sprint(i))
		}
		equal(t, "woken by responses", r.woken(), ws[:responses])
		r.pass(second)
		if responses > 0 {
			ws[0].Woken()
			body, _ := r.recvAs(r, ws[0])
			equal(t, "response", body, "0")
		}
		equal(t, "woken", r.woken(), ws[responses:])
		for _, w := range ws[responses:] {
			equal(t, "verdict", w.Verdict, SurveyOver)
		}
		_, v := r.recv(r)
		equal(t, "verdict of one who comes later", v, NoSurvey)
	}
}

// TestSurveyOverAfterVainWake: one who was woken for a response that another took learns
// that the survey is over, too.
func TestSurveyOverAfterVainWake(t *testing.T) {
	r := newSurveyor(t)
	p := r.connect()
	r.send(r, "?")
	n := r.asked(p, "?")
	first, second1 := r.receive(r), r.receive(r)
	r.deliver(p, n+"1")
	equal(t, "woken", r.woken(), []*Waiter{first})
	r.recv(r) // by a third
	r.pass(second)
	equal(t, "woken", r.woken(), []*Waiter{second1})
	first.Woken()
	_, v := r.recvAs(r, first)
	equal(t, "verdict", v, SurveyOver)
}

// TestSurveyNextIsWoken: a receiver that takes a response wakes another if there is more.
func TestSurveyNextIsWoken(t *testing.T) {
	r := newSurveyor(t)
	p := r.connect()
	r.send(r, "?")
	n := r.asked(p, "?")
	first, next := r.receive(r), r.receive(r)
	r.deliver(p, n+"1", n+"2")
	equal(t, "woken", r.woken(), []*Waiter{first})
	first.Woken()
	r.recvAs(r, first)
	equal(t, "woken by the first", r.woken(), []*Waiter{next})
}

// TestSurveyReplaced: another survey ends the one before; who waits for that is told, also
// if it is awake already.
func TestSurveyReplaced(t *testing.T) {
	r := newSurveyor(t)
	p := r.connect()
	r.send(r, "1")
	n := r.asked(p, "1")
	awake, asleep := r.receive(r), r.receive(r)
	r.deliver(p, n+"one")
	r.woken()
	r.send(r, "2")
	equal(t, "woken", r.woken(), []*Waiter{asleep})
	equal(t, "verdict", asleep.Verdict, Replaced)
	equal(t, "outstanding", r.c.Counters.Outstanding, 1)
	next := r.receive(r)
	m := r.asked(p, "2")
	r.deliver(p, m+"two", n+"one")
	equal(t, "late", r.c.Counters.LateReplies, 1)
	_, v := r.recvAs(r, awake)
	equal(t, "verdict of the one awake", v, Replaced)
	r.c.PassOn(awake)
	equal(t, "woken", r.woken(), []*Waiter{next})
	body, _ := r.recvAs(r, next)
	equal(t, "response", body, "two")
	r.pass(second)
	_, v = r.recv(r)
	equal(t, "verdict", v, SurveyOver)
}

// TestSurveyAskedPeers: a response counts from a peer that was connected when the survey
// began.
func TestSurveyAskedPeers(t *testing.T) {
	r := newSurveyor(t)
	p := r.connect()
	r.send(r, "?")
	n := r.asked(p, "?")
	stranger := r.connect()
	r.deliver(stranger, n+"lie")
	equal(t, "unexpected", r.c.Counters.Unexpected, 1)
	r.deliver(p, n+"truth")
	r.Detach(p)
	r.deliver(p, n+"more")
	for _, want := range []string{"truth", "more"} {
		body, _ := r.recv(r)
		equal(t, "response", body, want)
	}
	r.deliver(p, "abc")
	equal(t, "faulty", r.c.Effects.NextFaulty(), p)
}

// TestSurveyContexts: each has a survey of its own; a full queue of responses loses the
// oldest and holds up nobody.
func TestSurveyContexts(t *testing.T) {
	r := newSurveyor(t)
	p := r.connect()
	other := r.context()
	other.Configure(Config{SurveyTime: 2 * second, RecvBuffer: 2})
	r.send(r, "1")
	n := r.asked(p, "1")
	r.send(other, "2")
	m := r.asked(p, "2")
	equal(t, "more", r.deliver(p, m+"a", m+"b", n+"one", m+"c", m+"d"), true)
	equal(t, "dropped", r.c.Counters.DroppedFull, 2)
	r.pass(second)
	body, _ := r.recv(r)
	equal(t, "response", body, "one")
	_, v := r.recv(r)
	equal(t, "verdict of the first", v, SurveyOver)
	for _, want := range []string{"c", "d"} {
		body, _ := r.recv(other)
		equal(t, "response", body, want)
	}
	w := r.receive(other)
	other.Close()
	equal(t, "woken", r.woken(), []*Waiter{w})
	equal(t, "outstanding", r.c.Counters.Outstanding, 0)
	equal(t, "next", r.Next(), 0)
}

// TestSurveyorClose: all who wait are told, in an order that does not depend on a map's.
func TestSurveyorClose(t *testing.T) {
	var orders [2]string
	for turn := range orders {
		r := newSurveyor(t)
		for i := range 20 {
			e := r.context()
			r.send(e, "?")
			r.receive(e).Owner = i
		}
		r.Close()
		for _, w := range r.woken() {
			equal(t, "verdict", w.Verdict, Closed)
			orders[turn] += fmt.Sprint(w.Owner, " ")
		}
	}
	equal(t, "the order a second time", orders[1], orders[0])
	equal(t, "length", len(orders[0]), 2*10+3*10)
}

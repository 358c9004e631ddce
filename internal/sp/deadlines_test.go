package sp

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestDeadlinesOracle: set and cleared in any order, deadlines expire as those of a plain
// list would.
func TestDeadlinesOracle(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var ds deadlines
	all := make([]deadline, 50)
	for i := range all {
		all[i].owner = i
	}
	present, told := int64(1), int64(0)
	for range 20000 {
		switch d := &all[random.IntN(len(all))]; random.IntN(4) {
		case 0:
			d.clear()
		case 1:
			d.clear()
			got := ds.set(d, present, time.Duration(random.IntN(5)*10))
			if got != (told == 0 || d.at < told) {
				t.Fatalf("set says %t for %d, the shell comes at %d", got, d.at, told)
			}
		case 2:
			present += int64(random.IntN(8))
		case 3:
			want := earliest(all)
			due := ds.expired(present)
			switch {
			case due == nil && want != 0 && want <= present:
				t.Fatalf("nothing is due at %d, want the one of %d", present, want)
			case due != nil && due.at != want, due != nil && due.place.in != nil:
				t.Fatalf("at %d that of %d is due, want %d", present, due.at, want)
			}
		}
		if got, want := ds.next(), earliest(all); got != want {
			t.Fatalf("next is %d, want %d", got, want)
		}
		told = earliest(all)
	}
	if n := len(ds.lists); n > 5 {
		t.Errorf("%d lists for 5 lengths of time", n)
	}
}

// earliest is when the first of those that are set is due.
func earliest(all []deadline) (at int64) {
	for i := range all {
		if d := &all[i]; d.place.in != nil && (at == 0 || d.at < at) {
			at = d.at
		}
	}
	return at
}

// TestDeadlineTells: set says when the shell has to set its timer anew, and does not where
// the one that is set does: a request after the other costs no timer.
func TestDeadlineTells(t *testing.T) {
	var ds deadlines
	var a, b, c, d deadline
	equal(t, "the first", ds.set(&a, 1, 10), true)
	equal(t, "next", ds.next(), 11)
	equal(t, "a later one", ds.set(&b, 1, 20), false)
	equal(t, "an earlier one", ds.set(&c, 1, 5), true)
	equal(t, "next", ds.next(), 6)
	a.clear()
	b.clear()
	c.clear()
	equal(t, "a later one than was", ds.set(&d, 2, 10), false)
	equal(t, "next", ds.next(), 12)
	d.clear()
	equal(t, "next of none", ds.next(), 0)
	equal(t, "the first again", ds.set(&d, 2, 10), true)
}

// TestDeadlineFarAway: a time that is too long for the clock is not over at once.
func TestDeadlineFarAway(t *testing.T) {
	var ds deadlines
	var d deadline
	ds.set(&d, 1000, math.MaxInt64)
	if due := ds.expired(2000); due != nil {
		t.Error("the longest time is over after 1 µs")
	}
	equal(t, "next", ds.next(), math.MaxInt64)
}

// TestDeadlineBeforeZero: a clock may begin below zero, as in a bubble of testing/synctest.
func TestDeadlineBeforeZero(t *testing.T) {
	var ds deadlines
	var d deadline
	ds.set(&d, -1000, 100)
	equal(t, "next", ds.next(), -900)
}

// TestQuestionNumbers: numbers have the end bit, and one that is open is not given again.
func TestQuestionNumbers(t *testing.T) {
	c := &Core{}
	next := []uint32{7, 7, 8}
	c.Random = func() uint32 {
		n := next[0]
		next = next[1:]
		return n
	}
	var q questions[int]
	first := q.number(c)
	q.add(c, first, 1)
	second := q.number(c)
	q.add(c, second, 2)
	equal(t, "numbers", q.numbers(), []uint32{7 | 1<<31, 8 | 1<<31})
	equal(t, "outstanding", c.Counters.Outstanding, 2)
	q.remove(c, first)
	equal(t, "outstanding then", c.Counters.Outstanding, 1)
	equal(t, "the second number", second, 8|1<<31)
}

// TestManyDeadlines: to find the next of many deadlines costs as much as to find one of
// few, since those of one duration share a list.
func TestManyDeadlines(t *testing.T) {
	var ds deadlines
	for i := range 1000 {
		ds.set(new(deadline), int64(i), time.Second)
	}
	equal(t, "lists", len(ds.lists), 1)
}

// TestManyDurations: lists of durations that are not used any more go.
func TestManyDurations(t *testing.T) {
	var ds deadlines
	many := make([]deadline, 1000)
	for i := range many {
		ds.set(&many[i], 1, time.Duration(i))
	}
	equal(t, "lists", len(ds.lists), len(many))
	for i := range many {
		many[i].clear()
	}
	ds.set(&many[0], 1, 5)
	equal(t, "lists then", len(ds.lists), 1)
}

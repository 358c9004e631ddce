package sp

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// deadlines finds the deadline that is due next. It has a list for each duration: deadlines
// that are set with the same duration are due in the order in which they were set. Most
// deadlines of a socket share one duration, so that to set or clear one costs the same
// however many there are.
type deadlines struct {
	lists []*deadlineList
	told  int64 // what next returned last: the shell comes then or before; 0: it does not come
}

// deadlineList is the deadlines that were set with one duration, the earliest first.
type deadlineList struct {
	list[deadline]
	after time.Duration
}

// deadline is a time at which owner has to do something.
type deadline struct {
	at    int64          // as Core.Clock tells it
	place node[deadline] // in a list while it is set
	owner any
}

// set makes d due when after has passed, and reports whether the shell has to be told,
// since it would come too late.
func (ds *deadlines) set(d *deadline, present int64, after time.Duration) (tell bool) {
	d.clear()
	d.at = later(present, after)
	ds.of(after).append(&d.place, d)
	return ds.told == 0 || d.at < ds.told
}

// later adds after to the present. It returns the latest possible time if the sum
// overflows.
func later(present int64, after time.Duration) int64 {
	if at := present + int64(after); at >= present { // the present may be negative
		return at
	}
	return math.MaxInt64
}

// fewLists is how many empty lists may stay. Peers that leave during a survey have a
// duration each, and thousands of lists would be looked through for each question ever after.
const fewLists = 8

// of returns the list for a duration. It uses an empty list again before it makes one.
func (ds *deadlines) of(after time.Duration) *deadlineList {
	var found, empty *deadlineList
	empties := 0
	for _, l := range ds.lists {
		if l.after == after {
			found = l
		} else if l.first == nil {
			empty = l
			empties++
		}
	}
	found = cmp.Or(found, empty)
	if empties > fewLists {
		ds.lists = slices.DeleteFunc(ds.lists, func(l *deadlineList) bool { return l.first == nil && l != found })
	}
	if found == nil {
		found = new(deadlineList)
		ds.lists = append(ds.lists, found)
	}
	found.after = after
	return found
}

// clear takes d out of its list. It does nothing when d is not set.
func (d *deadline) clear() {
	if d.place.in != nil {
		d.place.leave()
	}
}

// next returns the time of the earliest deadline, or 0 when none is set.
func (ds *deadlines) next() (at int64) {
	for _, l := range ds.lists {
		if d := l.front(); d != nil && (at == 0 || d.at < at) {
			at = d.at
		}
	}
	ds.told = at
	return at
}

// expired clears and returns the earliest deadline that is due, or nil when none is.
func (ds *deadlines) expired(present int64) (due *deadline) {
	for _, l := range ds.lists {
		if d := l.front(); d != nil && d.at <= present && (due == nil || d.at < due.at) {
			due = d
		}
	}
	if due != nil {
		due.clear()
	}
	return due
}

package sp

import (
	"math"
	"time"
)

// deadlines tells what is due next. Most deadlines are the same time away when they
// are set; those stand in one list in the order in which they are due, so that
// setting and clearing one costs the same however many there are.
type deadlines struct {
	lists []*deadlineList
	told  int64 // what next has said last: the shell comes then, or before; 0: it does not
}

type deadlineList struct {
	after       time.Duration
	first, last *deadline
}

type deadline struct {
	at         int64
	list       *deadlineList // nil: not set
	next, prev *deadline
	owner      any
}

// set makes d due after that time, and reports whether the shell has to be told, since it
// would come too late.
func (ds *deadlines) set(d *deadline, present int64, after time.Duration) (tell bool) {
	d.clear()
	l := ds.of(after)
	d.at, d.list, d.prev, d.next = later(present, after), l, l.last, nil
	if l.last != nil {
		l.last.next = d
	} else {
		l.first = d
	}
	l.last = d
	return ds.told == 0 || d.at < ds.told
}

// later is a time after the present; one that is too far away is the end of all time.
func later(present int64, after time.Duration) int64 {
	if at := present + int64(after); at >= present { // which may be negative
		return at
	}
	return math.MaxInt64
}

// of is the list of deadlines that are set after from now.
func (ds *deadlines) of(after time.Duration) *deadlineList {
	var empty *deadlineList
	for _, l := range ds.lists {
		if l.after == after {
			return l
		}
		if l.first == nil {
			empty = l
		}
	}
	if empty == nil {
		empty = new(deadlineList)
		ds.lists = append(ds.lists, empty)
	}
	empty.after = after
	return empty
}

func (d *deadline) clear() {
	l := d.list
	if l == nil {
		return
	}
	if d.prev != nil {
		d.prev.next = d.next
	} else {
		l.first = d.next
	}
	if d.next != nil {
		d.next.prev = d.prev
	} else {
		l.last = d.prev
	}
	d.list, d.prev, d.next = nil, nil, nil
}

// next is when something is due next; 0: nothing is.
func (ds *deadlines) next() (at int64) {
	for _, l := range ds.lists {
		if d := l.first; d != nil && (at == 0 || d.at < at) {
			at = d.at
		}
	}
	ds.told = at
	return at
}

// expired takes out a deadline that is due; nil: none is.
func (ds *deadlines) expired(present int64) (due *deadline) {
	for _, l := range ds.lists {
		if d := l.first; d != nil && d.at <= present && (due == nil || d.at < due.at) {
			due = d
		}
	}
	if due != nil {
		due.clear()
	}
	return due
}

package gonng

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// EventKind is what happened.
type EventKind int

const (
	// EventConnected: a peer connected.
	EventConnected EventKind = iota + 1
	// EventDisconnected: a peer that was connected has gone. Err says why; Count is the
	// number of messages that were accepted for it and not written.
	EventDisconnected
	// EventRefused: a peer that came to a listener was not accepted. Err says why. A refusal
	// that follows another for a like reason within a minute is counted only (see [Stats]);
	// Count says how many the last such minutes had.
	EventRefused
	// EventDialFailed: a dialer could not connect, and Err says why. Further failures of
	// the same kind before it connects are counted only.
	EventDialFailed
	// EventDropsBegan: the socket has begun to drop messages for the reason Reason. Count is
	// how many it has dropped so far, Peer one that they came from or were for, if known.
	EventDropsBegan
	// EventDropsEnded: nothing was dropped for the reason Reason for 5 seconds, or the
	// socket is closed. Count is how many were dropped since EventDropsBegan.
	EventDropsEnded
)

var eventTexts = map[EventKind]string{
	EventConnected:    "connected",
	EventDisconnected: "disconnected",
	EventRefused:      "refused",
	EventDialFailed:   "dial failed",
	EventDropsBegan:   "drops began",
	EventDropsEnded:   "drops ended",
}

// String is the name of the kind, such as "dial failed".
func (k EventKind) String() string {
	if text, ok := eventTexts[k]; ok {
		return text
	}
	return fmt.Sprintf("EventKind(%d)", int(k))
}

// Event is something that happened to a socket of this process. It keeps no socket and no
// pipe in memory, but names them.
type Event struct {
	Seq      uint64    // the number of the event, from 1: each event has one more than the one before
	Time     time.Time // when it was noticed
	Kind     EventKind // what happened; says what Count and Err are
	Socket   uint32    // see [Socket].ID
	Name     string    // of the socket
	Protocol Protocol  // of the socket
	Pipe     uint32    // see [Pipe.ID]; 0: none
	URL      string    // of the dialer or listener; "": none
	Peer     string    // address or process of the peer; "": none
	Reason   string    // of drops: the counter of [Stats] that moves, by its name in JSON, such as "dropped_full"
	Count    uint64    // see Kind
	Err      error     // see Kind; a text of more than 500 bytes is cut off
}

// String is the event in a line, without its time.
func (e Event) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%v): %v", e.Name, e.Protocol, e.Kind)
	for _, part := range []struct{ word, value string }{{"", e.Reason}, {"at ", e.URL}, {"peer ", e.Peer}} {
		if part.value != "" {
			fmt.Fprintf(&b, ", %s%s", part.word, part.value)
		}
	}
	if e.Count > 0 {
		fmt.Fprintf(&b, ", count %d", e.Count)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %s", reason(e.Err))
	}
	return b.String()
}

// eventsKept is the number of events that Events has.
const eventsKept = 1000

// eventList has the last events, and calls the functions of OnEvent.
type eventList struct {
	mu    sync.Mutex
	last  []Event // a ring, once it has eventsKept
	count uint64  // all events there ever were
	hooks hooks[Event]
}

// happened has the events of this process.
var happened eventList

func (l *eventList) add(e Event) {
	l.mu.Lock()
	e.Seq, e.Time = l.count+1, time.Now()
	if len(l.last) < eventsKept {
		l.last = append(l.last, e)
	} else {
		l.last[l.count%eventsKept] = e
	}
	l.count++
	list := l.hooks
	l.mu.Unlock()
	list.call(e)
}

func (l *eventList) all() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := 0
	if len(l.last) == eventsKept {
		oldest = int(l.count % eventsKept)
	}
	return slices.Concat(l.last[oldest:], l.last[:oldest])
}

func (l *eventList) onAdd(fn func(Event)) (remove func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hooks = l.hooks.with(&fn)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.hooks = l.hooks.without(&fn)
	}
}

// Events are the last thousand events of all sockets of this process, also of those that are
// closed, the oldest first. They are kept always, so that a program or a person who looks
// after a failure finds it. No message costs anything for it: events are noted where a
// connection comes or goes, and where drops begin.
func Events() []Event { return happened.all() }

// OnEvent calls fn at each event of a socket of this process from now on, until remove is
// called. fn is called as a logger is: by the goroutine to which the event happens, which
// waits for it, and by several at the same time. So fn should return soon, and must not close
// a socket; it may start a goroutine that does. OnEvent panics when fn is nil.
func OnEvent(fn func(Event)) (remove func()) {
	if fn == nil {
		panic("gonng: OnEvent(nil): the function is nil")
	}
	return happened.onAdd(fn)
}

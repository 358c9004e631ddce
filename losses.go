package gonng

import (
	"sync"
	"time"

	"github.com/gonng/gonng/internal/sp"
)

// lossReasons are the counters of messages that a socket drops, by their names in JSON.
var lossReasons = [...]struct {
	name  string
	count func(*Stats) uint64
}{
	{"dropped_full", func(st *Stats) uint64 { return st.DroppedFull }},
	{"ttl_exceeded", func(st *Stats) uint64 { return st.TTLExceeded }},
	{"unexpected", func(st *Stats) uint64 { return st.Unexpected }},
	{"late_replies", func(st *Stats) uint64 { return st.LateReplies }},
	{"no_peer", func(st *Stats) uint64 { return st.NoPeer }},
}

// loss is what losses knows of a reason.
type loss struct {
	on     bool   // EventDropsBegan was told, and EventDropsEnded was not
	before uint64 // the counter when that began
	count  uint64 // the counter at the last look
	moved  int64  // when the counter was last seen to have moved; 0: never
}

// losses tells Events when a socket begins and ends to drop messages. A sender or receiver
// that drops a message only counts it. The first of an episode, which is logged, starts a
// timer, by which losses looks at the counters each second, until none has moved for
// sp.EpisodeGap: from then on the next loss begins an episode again.
type losses struct {
	s *socket

	mu    sync.Mutex // taken before the socket's lock, so that counters never seem to fall
	timer *time.Timer
	of    [len(lossReasons)]loss
	ended bool // the socket is closed
}

const (
	lossLook = time.Second     // between two looks at the counters
	lossGap  = 5 * time.Second // without a loss: the drops have ended
)

func (l *losses) init(s *socket) { l.s = s }

// look compares the counters with those of the last look. The caller gives the pipe that a
// loss had to do with, if it knows one. The socket is not locked.
func (l *losses) look(by *Pipe) {
	for _, e := range l.news(by) {
		l.s.happens(e)
	}
}

func (l *losses) news(by *Pipe) (events []Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	st, present, watch := l.s.Stats(), now(), false
	for i, reason := range lossReasons {
		one, count := &l.of[i], reason.count(&st)
		if count != one.count {
			if !one.on {
				one.on, one.before = true, one.count
				events = append(events, lossEvent(EventDropsBegan, reason.name, count-one.before, by))
			}
			one.count, one.moved = count, present
		}
		if one.on && (l.ended || present-one.moved >= int64(lossGap)) {
			one.on = false
			events = append(events, lossEvent(EventDropsEnded, reason.name, count-one.before, nil))
		}
		watch = watch || one.moved != 0 && present-one.moved <= int64(sp.EpisodeGap)
	}
	switch {
	case l.ended || !watch:
	case l.timer == nil:
		l.timer = time.AfterFunc(lossLook, func() { l.look(nil) })
	default:
		l.timer.Reset(lossLook)
	}
	return events
}

func lossEvent(kind EventKind, reason string, count uint64, by *Pipe) Event {
	e := Event{Kind: kind}
	if by != nil {
		e = by.event(kind)
	}
	e.Reason, e.Count = reason, count
	return e
}

// stop is the last look, when the socket closes.
func (l *losses) stop() {
	l.mu.Lock()
	l.ended = true
	if l.timer != nil {
		l.timer.Stop()
	}
	l.mu.Unlock()
	l.look(nil)
}

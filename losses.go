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
	stats func() Stats
	tell  func(Event) // the socket is not locked

	mu    sync.Mutex // taken before the socket's lock, so that counters never seem to fall
	timer *time.Timer
	of    [len(lossReasons)]loss
	ended bool // the socket is closed
}

const (
	lossLook = time.Second     // between two looks at the counters
	lossGap  = 5 * time.Second // without a loss: the drops have ended
)

func (l *losses) init(stats func() Stats, tell func(Event)) { l.stats, l.tell = stats, tell }

// look compares the counters with those of the last look. by names the pipe that a loss had
// to do with, if the caller knows one. The socket is not locked.
func (l *losses) look(by Event) {
	for _, e := range l.news(by) {
		l.tell(e)
	}
}

func (l *losses) news(by Event) (events []Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	st, present, watch := l.stats(), now(), false
	for i, reason := range lossReasons {
		one, count := &l.of[i], reason.count(&st)
		if count != one.count {
			if !one.on {
				one.on, one.before = true, one.count
				events = append(events, by.ofLoss(EventDropsBegan, reason.name, count-one.before))
			}
			one.count, one.moved = count, present
		}
		if one.on && (l.ended || present-one.moved >= int64(lossGap)) {
			one.on = false
			events = append(events, Event{}.ofLoss(EventDropsEnded, reason.name, count-one.before))
		}
		watch = watch || one.moved != 0 && present-one.moved <= int64(sp.EpisodeGap)
	}
	switch {
	case l.ended || !watch:
	case l.timer == nil:
		l.timer = time.AfterFunc(lossLook, func() { l.look(Event{}) })
	default:
		l.timer.Reset(lossLook)
	}
	return events
}

// ofLoss makes an event of a loss of one that names a pipe, or nothing.
func (e Event) ofLoss(kind EventKind, reason string, count uint64) Event {
	e.Kind, e.Reason, e.Count = kind, reason, count
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
	l.look(Event{})
}

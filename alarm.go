package gonng

import (
	"math"
	"sync"
	"time"
)

// alarm calls the protocol when something is due: a request to be sent again, a survey
// to end.
type alarm struct {
	mu    sync.Mutex // taken before the socket's lock, so that the newest setting wins
	timer *time.Timer
	at    int64 // when the timer fires; 0: it is not set
}

// set sets the timer to when the protocol next has something to do.
func (a *alarm) set(s *socket) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s.lock()
	at := s.proto.Next()
	if s.closed || at == math.MaxInt64 { // that is never
		at = 0
	}
	s.unlock()
	switch {
	case at == 0:
		if a.timer != nil && a.at != 0 {
			a.timer.Stop()
		}
		a.at = 0
		return
	case a.at != 0 && a.at <= at:
		return // the timer fires before, and is then set again
	}
	a.at = at
	after := max(0, time.Duration(at-now()))
	if a.timer == nil {
		a.timer = time.AfterFunc(after, func() { s.due() })
	} else {
		a.timer.Reset(after)
	}
}

// stop stops the timer when the socket closes.
func (a *alarm) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
	}
	a.at = 0
}

// due is called when the timer fires.
func (s *socket) due() {
	s.alarm.mu.Lock()
	s.alarm.at = 0
	s.alarm.mu.Unlock()
	s.lock()
	if !s.closed {
		s.proto.Expire()
	}
	s.unlock()
	s.alarm.set(s)
}

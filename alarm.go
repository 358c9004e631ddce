package gonng

import (
	"sync"
	"time"
)

// alarm calls the protocol when something is due: a request to be sent again, a survey
// to end.
type alarm struct {
	next func() int64 // when the protocol next has something to do; 0: never
	due  func()       // what the timer calls

	mu    sync.Mutex // taken before the socket's lock, so that the newest setting wins
	timer *time.Timer
	at    int64 // when the timer fires; 0: it is not set
}

func (a *alarm) init(next func() int64, due func()) { a.next, a.due = next, due }

// set sets the timer to when the protocol next has something to do.
func (a *alarm) set() {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := a.next()
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
		a.timer = time.AfterFunc(after, a.due)
	} else {
		a.timer.Reset(after)
	}
}

// fired notes that the timer has fired.
func (a *alarm) fired() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = 0
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

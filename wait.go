package gonng

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// waiter is one goroutine that waits for a socket's state to change.
type waiter struct {
	woken      chan struct{}
	timer      *time.Timer
	until      int64           // when the call's time is over; 0: never
	list       *waitList       // nil: not queued
	last       *waitList       // that it was in
	reads      *Pipe           // waits by reading it; see loan
	done       <-chan struct{} // whose closing ends the reading
	failed     error           // what the wait has come to, if not to a change
	next, prev *waiter
}

// newWaiter returns a waiter to use again, or a new one. A socket has its own:
// in a testing/synctest bubble, a channel or timer from outside is of no use.
func (s *socket) newWaiter() *waiter {
	if w := s.idle; w != nil {
		s.idle, w.next = w.next, nil
		return w
	}
	w := &waiter{woken: make(chan struct{}, 1)}
	w.timer = time.AfterFunc(time.Hour, func() {
		s.mu.Lock()
		defer s.unlock()
		if w.list != nil && w.overdue() { // not the timer of an earlier call, late
			w.list.end(w, errOverdue)
		}
	})
	w.timer.Stop()
	return w
}

// overdue reports whether the call's time is over.
func (w *waiter) overdue() bool { return w.until != 0 && now() >= w.until }

// errOverdue stands for the error that says how long the wait was.
var errOverdue = errors.New("gonng: overdue")

// waitList is a queue of waiters, guarded by the socket's mutex. Only one
// wake-up is under way at a time: with 64 workers waiting, a message wakes
// one, and that one wakes the next only if there is more to do. Fast workers
// then empty a whole batch without a goroutine switch.
type waitList struct {
	head, tail *waiter
	waking     bool
}

func (l *waitList) add(w *waiter) {
	w.list, w.last, w.prev, w.next, w.failed = l, l, l.tail, nil, nil
	if l.tail != nil {
		l.tail.next = w
	} else {
		l.head = w
	}
	l.tail = w
}

func (l *waitList) remove(w *waiter) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		l.head = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		l.tail = w.prev
	}
	w.list, w.prev, w.next = nil, nil, nil
}

// wakeOne wakes the longest waiting, unless a wake-up is under way.
func (l *waitList) wakeOne() {
	if w := l.head; w != nil && !l.waking {
		l.waking = true
		l.wake(w)
	}
}

func (l *waitList) wake(w *waiter) {
	l.remove(w)
	w.woken <- struct{}{}
	if w.reads != nil {
		w.reads.lendable.Interrupt()
	}
}

// wakeAll wakes everybody, for changes that concern all: a close.
func (l *waitList) wakeAll() { l.fail(nil) }

// fail ends the wait of everybody with err.
func (l *waitList) fail(err error) {
	for l.head != nil {
		l.end(l.head, err)
	}
}

// end ends the wait of w with err.
func (l *waitList) end(w *waiter, err error) {
	w.failed = err
	l.wake(w)
}

// call is one call that may have to wait, perhaps several times.
type call struct {
	s       *socket
	ctx     context.Context
	timeout time.Duration
	w       *waiter
}

// wait parks the goroutine until it is woken or the time is over. The socket's
// mu is held when it is called and when it returns, not between.
func (c *call) wait(l *waitList) error {
	w := c.waiter()
	if w.overdue() {
		return c.failure(errOverdue)
	}
	l.add(w)
	c.s.parked++
	c.s.lastParked = w
	c.s.unlock()
	err := c.sleep()
	c.s.mu.Lock()
	c.s.parked--
	if w.list != nil {
		l.remove(w)
		return err
	}
	l.waking = false
	if err == nil {
		return c.failure(w.failed)
	}
	<-w.woken // woken and canceled at once: pass it on
	l.wakeOne()
	return err
}

// failure is what the call returns when its wait came to err.
func (c *call) failure(err error) error {
	if err == errOverdue {
		return errorf(ErrTimeout, "timed out after %v", c.timeout)
	}
	return err
}

// waiter is the call's waiter.
func (c *call) waiter() *waiter {
	if c.w == nil {
		c.w = c.s.newWaiter()
		if c.timeout > 0 {
			c.w.until = now() + int64(c.timeout)
			c.w.timer.Reset(c.timeout)
		}
	}
	return c.w
}

func (c *call) sleep() error {
	done := c.ctx.Done()
	if done == nil {
		<-c.w.woken
		return nil
	}
	select {
	case <-c.w.woken:
		return nil
	case <-done:
		return contextError(c.ctx)
	}
}

// end gives the waiter back. The socket's mu is held.
func (c *call) end() {
	if c.w != nil {
		if c.timeout > 0 {
			c.w.timer.Stop()
			c.w.until = 0
		}
		c.w.next, c.s.idle = c.s.idle, c.w
		c.w = nil
	}
}

// late says of a wait that was in vain what it lacked: a peer, most often, or
// else what is not "". The socket's mu is held.
func (s *socket) late(err error, why string) error {
	if !errors.Is(err, ErrTimeout) {
		return err
	}
	if len(s.pipes) > 0 {
		if why == "" {
			return err
		}
		return fmt.Errorf("%w: %s", err, why)
	}
	why = "no peer is connected"
	for _, d := range s.dialers {
		if last := d.LastError(); last != nil {
			why += ": " + strings.TrimPrefix(last.Error(), "gonng: ")
			break
		}
	}
	return fmt.Errorf("%w: %s", err, why)
}

// contextError is what a call returns whose context has ended.
func contextError(ctx context.Context) error {
	err, kind := ctx.Err(), ErrCanceled
	if err == context.DeadlineExceeded {
		kind = ErrTimeout
	}
	if why := context.Cause(ctx); why != err { // the program's own words for it
		err = fmt.Errorf("%w: %w", err, why)
	}
	return &cause{kind, err}
}

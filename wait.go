package gonng

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gonng/gonng/internal/sp"
)

// waiter is one goroutine that waits for a socket's state to change.
type waiter struct {
	sp.Waiter
	woken chan struct{}
	timer *time.Timer
	until int64           // when the call's time is over; 0: never
	reads *Pipe           // the pipe that the goroutine reads while it waits, or nil
	done  <-chan struct{} // of the context whose end interrupts that
	err   error           // why the shell has ended the wait, or nil
	next  *waiter         // the next one to use again
}

// newWaiterLocked returns a waiter that was used before, or a new one. Each socket has
// waiters of its own: in a testing/synctest bubble, a channel or timer from outside is of
// no use.
func (s *socket) newWaiterLocked() *waiter {
	if w := s.idle; w != nil {
		s.idle, w.next = w.next, nil
		s.idles--
		return w
	}
	w := &waiter{woken: make(chan struct{}, 1)}
	w.Owner = w
	w.timer = time.AfterFunc(time.Hour, func() {
		s.lock()
		defer s.unlock()
		if w.Queued() && w.overdue() { // not the timer of an earlier call, late
			s.endWaitLocked(w, errOverdue)
		}
	})
	w.timer.Stop()
	return w
}

// overdue reports whether the call's time is over.
func (w *waiter) overdue() bool { return w.until != 0 && now() >= w.until }

// errOverdue stands for the error that says how long the wait was.
var errOverdue = errors.New("gonng: overdue")

// endWaitLocked ends the wait of w with err.
func (s *socket) endWaitLocked(w *waiter, err error) {
	w.err = err
	s.core.EndWait(&w.Waiter, sp.OK)
}

// wakeLocked wakes w. It returns the pipe to interrupt if w waits by reading it.
func (s *socket) wakeLocked(w *waiter) *Pipe {
	w.woken <- struct{}{}
	return w.reads
}

// call is one call that may have to wait, perhaps several times.
type call struct {
	s       *socket
	ctx     context.Context
	timeout time.Duration
	w       *waiter
}

// beginLocked prepares the call's waiter for a wait.
func (c *call) beginLocked() error {
	if c.w == nil {
		c.w = c.s.newWaiterLocked()
		if c.timeout > 0 {
			c.w.until = now() + int64(c.timeout)
			c.w.timer.Reset(c.timeout)
		}
	}
	c.w.err, c.w.Verdict = nil, sp.OK
	if c.w.overdue() {
		return c.failure(errOverdue)
	}
	return nil
}

// waitLocked parks the goroutine in l until it is woken, its context ends or its time is
// over. The socket is locked when waitLocked is called and when it returns, not between.
func (c *call) waitLocked(l *sp.Waiters) error {
	if err := c.beginLocked(); err != nil {
		return err
	}
	l.Add(&c.w.Waiter)
	return c.parkLocked()
}

// receiveLocked is waitLocked for the next message of e. Where it can, the caller reads
// the connection meanwhile.
func (c *call) receiveLocked(e *endpoint) error {
	if err := c.beginLocked(); err != nil {
		return err
	}
	p := c.s.takeReadingLocked()
	e.core.Await(&c.w.Waiter)
	if p != nil {
		return c.readLocked(p)
	}
	return c.parkLocked()
}

// parkLocked waits for the wake-up of the call's waiter, which is queued.
func (c *call) parkLocked() error {
	s, w := c.s, c.w
	s.parked++
	s.unlock()
	err := c.sleep()
	s.lock()
	s.parked--
	if w.Queued() {
		w.Leave()
		return err
	}
	if err == nil {
		w.Woken()
		return c.failure(w.err)
	}
	<-w.woken // woken and canceled at once
	s.core.PassOn(&w.Waiter)
	return err
}

// sleep waits for the wake-up or the end of the context.
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

// failure is the error that the call returns when the shell has ended its wait with err,
// or the protocol with a verdict; nil: the wait was for a change, which has come.
func (c *call) failure(err error) error {
	switch {
	case err == errOverdue:
		return errorf(ErrTimeout, "timed out after %v", c.timeout)
	case err == nil && c.w.Verdict != sp.OK:
		return c.s.refusal(c.w.Verdict, 0)
	}
	return err
}

// refused reports whether the protocol has ended the wait.
func (c *call) refused() bool { return c.w.Verdict != sp.OK }

// endLocked gives the waiter back.
func (c *call) endLocked() {
	if c.w == nil {
		return
	}
	if c.timeout > 0 {
		c.w.timer.Stop()
		c.w.until = 0
	}
	if c.s.idles < keepWaiters {
		c.w.next, c.s.idle = c.s.idle, c.w
		c.s.idles++
	}
	c.w = nil
}

// keepWaiters is how many waiters a socket keeps to use again. More than that, which a
// burst of calls needed, are left to the garbage collector.
const keepWaiters = 256

// explainTimeoutLocked adds to a timeout error why nothing came: no peer is connected,
// and the last error of a dialer; or else why, unless that is "".
func (s *socket) explainTimeoutLocked(err error, why string) error {
	if !errors.Is(err, ErrTimeout) {
		return err
	}
	if s.pipes.len() > 0 {
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

// contextError is the error of a call whose context has ended.
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

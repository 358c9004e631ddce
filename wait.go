package gonng

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gonng/gonng/internal/sp"
)

// waiter is one call that waits for a socket's state to change, perhaps several times.
type waiter struct {
	sp.Waiter
	s       *socket
	ctx     context.Context
	timeout time.Duration
	woken   chan struct{}
	timer   *time.Timer
	until   int64 // when the call's time is over; 0: never
	reads   *Pipe // the pipe that the goroutine reads while it waits, or nil
	err     error // why the shell has ended the wait, or nil
}

// newWaiterLocked returns a waiter that was used before, or a new one, for a call. Each
// socket has waiters of its own: in a testing/synctest bubble, a channel or timer from
// outside is of no use.
func (s *socket) newWaiterLocked(ctx context.Context, timeout time.Duration) *waiter {
	var w *waiter
	if last := len(s.idle) - 1; last >= 0 {
		w, s.idle = s.idle[last], s.idle[:last]
	} else {
		w = &waiter{s: s, woken: make(chan struct{}, 1)}
		w.init()
	}
	w.ctx, w.timeout, w.err, w.Verdict = ctx, timeout, nil, sp.OK
	if timeout > 0 {
		w.until = now() + int64(timeout)
		w.timer.Reset(timeout)
	}
	return w
}

// keepWaiters is how many waiters a socket keeps to use again. More than that, which a
// burst of calls needed, are left to the garbage collector.
const keepWaiters = 256

func (s *socket) keepWaiterLocked(w *waiter) {
	if len(s.idle) < keepWaiters {
		s.idle = append(s.idle, w)
	}
}

func (w *waiter) init() {
	w.Owner = w
	w.timer = time.AfterFunc(time.Hour, func() {
		w.s.lock()
		defer w.s.unlock()
		if w.Queued() && w.overdue() { // not the timer of an earlier call, late
			w.endLocked(errOverdue)
		}
	})
	w.timer.Stop()
}

// doneLocked is the end of the call: the waiter is given back.
func (w *waiter) doneLocked() {
	if w.timeout > 0 {
		w.timer.Stop()
		w.until = 0
	}
	w.ctx = nil
	w.s.keepWaiterLocked(w)
}

// overdue reports whether the call's time is over.
func (w *waiter) overdue() bool { return w.until != 0 && now() >= w.until }

// errOverdue stands for the error that says how long the wait was.
var errOverdue = errors.New("gonng: overdue")

// endLocked ends the wait with err; nil: the caller is to look again.
func (w *waiter) endLocked(err error) {
	w.err = err
	w.s.core.EndWait(&w.Waiter, sp.OK)
}

// wake wakes the goroutine. The waiter has been taken out of its queue under the lock; if its
// goroutine finds that before, it waits for the wake-up.
func (w *waiter) wake() { w.woken <- struct{}{} }

// waitLocked parks the goroutine in l until it is woken, its context ends or its time is
// over. The socket is locked when waitLocked is called and when it returns, not between.
func (w *waiter) waitLocked(l *sp.Waiters) error {
	if w.overdue() {
		return w.failure(errOverdue)
	}
	l.Add(&w.Waiter)
	return w.parkLocked()
}

// receiveLocked is waitLocked for the next message of e. Where it can, the caller reads
// the connection meanwhile.
func (w *waiter) receiveLocked(e sp.Endpoint) error {
	if w.overdue() {
		return w.failure(errOverdue)
	}
	p := w.s.takeReadingLocked()
	e.Await(&w.Waiter)
	if p == nil {
		return w.parkLocked()
	}
	w.reads = p
	p.readForLocked(w, w.ctx)
	return w.failure(w.err)
}

// parkLocked waits for the wake-up of the waiter, which is queued, or the end of the
// context. The socket is unlocked meanwhile.
func (w *waiter) parkLocked() (err error) {
	s := w.s
	s.parked++
	s.unlock()
	if done := w.ctx.Done(); done == nil {
		<-w.woken
	} else {
		select {
		case <-w.woken:
		case <-done:
			err = contextError(w.ctx)
		}
	}
	s.lock()
	s.parked--
	switch {
	case w.Queued():
		w.Leave()
		return err
	case err != nil:
		<-w.woken // woken and canceled at once
		s.core.PassOn(&w.Waiter)
		return err
	}
	w.Woken()
	if w.err == nil && w.Verdict == sp.OK {
		return nil
	}
	return w.failure(w.err)
}

// hasReadLocked ends the wait after the goroutine has read its pipe: the wake-up, if there
// was one, is used up.
func (w *waiter) hasReadLocked() {
	w.reads = nil
	if w.Queued() {
		w.Leave()
		return
	}
	<-w.woken
	w.Woken()
}

// waitsUntil reports whether the end of the context to which done belongs ends the wait.
func (w *waiter) waitsUntil(done <-chan struct{}) bool {
	return w.Queued() && w.ctx.Done() == done
}

// failure is the error that the call returns when the shell has ended its wait with err,
// or the protocol with a verdict; nil: the wait was for a change, which has come.
func (w *waiter) failure(err error) error {
	switch {
	case err == errOverdue:
		return errorf(ErrTimeout, "timed out after %v", w.timeout)
	case err == nil && w.Verdict != sp.OK:
		return w.s.refusal(w.Verdict, 0)
	}
	return err
}

// refused reports whether the protocol has ended the wait.
func (w *waiter) refused() bool { return w.Verdict != sp.OK }

// explained is an error with why it came to that. The text is put together when it is asked
// for, since errors of the program are in it: their methods are not called while the socket
// is locked.
type explained struct {
	err  error
	why  string
	last error // of a dialer, or nil
}

func (e *explained) Error() string {
	text := e.err.Error() + ": " + e.why
	if e.last != nil {
		text += ": " + strings.TrimPrefix(e.last.Error(), "gonng: ")
	}
	return text
}

func (e *explained) Unwrap() error { return e.err }

// explainTimeoutLocked adds to a timeout error why nothing came: no peer is connected,
// and the last error of a dialer; or else why, unless that is "".
func (s *socket) explainTimeoutLocked(err error, why string) error {
	if c, ok := err.(*cause); !ok || c.kind != ErrTimeout {
		return err
	}
	if s.pipes.len() > 0 {
		if why == "" {
			return err
		}
		return &explained{err: err, why: why}
	}
	for _, d := range s.dialers {
		if last := d.LastError(); last != nil {
			return &explained{err, "no peer is connected", last}
		}
	}
	return &explained{err: err, why: "no peer is connected"}
}

// contextError is the error of a call whose context has ended.
func contextError(ctx context.Context) error {
	err, kind := ctx.Err(), ErrCanceled
	if err == context.DeadlineExceeded {
		kind = ErrTimeout
	}
	if why := context.Cause(ctx); why != err {
		err = &causedBy{err, why}
	}
	return &cause{kind, err}
}

// causedBy is the error of a context with the program's own words for it. As with explained,
// nothing is asked of the program's error before the text is.
type causedBy struct{ err, why error }

func (e *causedBy) Error() string   { return e.err.Error() + ": " + e.why.Error() }
func (e *causedBy) Unwrap() []error { return []error{e.err, e.why} }

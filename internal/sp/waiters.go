package sp

// Waiter is a caller that waits. How it waits only the shell knows.
type Waiter struct {
	Owner any
	// Verdict is what the wait has come to if not to a change: an end of it.
	Verdict Verdict

	list, last *Waiters
	next, prev *Waiter
	question   uint32 // that it waits for an answer to
	byOne      bool   // WakeOne has woken it
}

// Queued reports whether w still waits.
func (w *Waiter) Queued() bool { return w.list != nil }

// Woken ends the wake-up of w: another may be woken. The end of a wait is no wake-up.
func (w *Waiter) Woken() {
	if w.byOne {
		w.byOne, w.last.waking = false, false
	}
}

// Leave takes w out of its queue.
func (w *Waiter) Leave() {
	l := w.list
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
	l.count--
}

// Waiters is a queue of waiters. Only one wake-up is under way at a time: with 64
// workers waiting, a message wakes one, and that one wakes the next only if there is
// more to do. Fast workers then empty a whole batch without a goroutine switch.
type Waiters struct {
	head, tail *Waiter
	count      int
	waking     bool
}

// Len is how many wait.
func (l *Waiters) Len() int { return l.count }

// Add queues w.
func (l *Waiters) Add(w *Waiter) {
	w.list, w.last, w.prev, w.next, w.Verdict = l, l, l.tail, nil, OK
	if l.tail != nil {
		l.tail.next = w
	} else {
		l.head = w
	}
	l.tail = w
	l.count++
}

// WakeOne wakes the one that has waited longest, unless a wake-up is under way.
func (c *Core) WakeOne(l *Waiters) {
	if w := l.head; w != nil && !l.waking {
		l.waking, w.byOne = true, true
		w.Leave()
		c.Effects.addWaiter(w)
	}
}

// PassOn is a waiter that was woken and does not use it.
func (c *Core) PassOn(w *Waiter) {
	w.Woken()
	c.WakeOne(w.last)
}

// EndWait ends the wait of w with v.
func (c *Core) EndWait(w *Waiter, v Verdict) {
	w.Leave()
	w.Verdict = v
	c.Effects.addWaiter(w)
}

// FailAll ends the wait of everybody with v.
func (c *Core) FailAll(l *Waiters, v Verdict) {
	for l.head != nil {
		c.EndWait(l.head, v)
	}
}

package sp

// Waiter is a caller that waits. Only the shell knows by what means.
type Waiter struct {
	Owner any
	// Verdict says why the wait was ended; OK: the caller was woken to look again.
	Verdict Verdict

	list, last *Waiters
	next, prev *Waiter
	question   uint32 // the question of the endpoint that it waits for
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

// Waiters is a queue of waiters. At most one wake-up is under way: when 64 workers wait, a
// message wakes one of them, and that one wakes the next only if there is more to do.
// Fast workers then empty a whole batch without a goroutine switch.
type Waiters struct {
	head, tail *Waiter
	count      int
	waking     bool
}

// Len is the number of waiters.
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

// WakeOne wakes the waiter that has waited longest, unless a wake-up is under way.
func (c *Core) WakeOne(l *Waiters) {
	if w := l.head; w != nil && !l.waking {
		l.waking, w.byOne = true, true
		w.Leave()
		c.Effects.addWaiter(w)
	}
}

// PassOn wakes the next waiter instead of w, which was woken and has no use for it.
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

// FailAll ends the waits of all with v.
func (c *Core) FailAll(l *Waiters, v Verdict) {
	for l.head != nil {
		c.EndWait(l.head, v)
	}
}

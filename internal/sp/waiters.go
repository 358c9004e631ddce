package sp

// Waiter is a caller that waits. Only the shell knows by what means.
type Waiter struct {
	Owner any
	// Verdict says why the wait was ended; OK: the caller was woken to look again.
	Verdict Verdict

	place    node[Waiter]
	last     *Waiters // where it waits, or waited last
	next     *Waiter  // in the chain of those to wake
	question uint32   // the question of the endpoint that it waits for
	byOne    bool     // WakeOne has woken it
}

// Queued reports whether w still waits.
func (w *Waiter) Queued() bool { return w.place.in != nil }

// Woken ends the wake-up of w: another may be woken. The end of a wait is no wake-up.
func (w *Waiter) Woken() {
	if w.byOne {
		w.byOne, w.last.waking = false, false
	}
}

// Leave takes w out of its queue.
func (w *Waiter) Leave() {
	w.place.leave()
	w.last.count--
}

// Waiters is a queue of waiters. At most one wake-up is under way: when 64 workers wait, a
// message wakes one of them, and that one wakes the next only if there is more to do.
// Fast workers then empty a whole batch without a goroutine switch.
type Waiters struct {
	list[Waiter]
	count  int
	waking bool
}

// Len is the number of waiters.
func (l *Waiters) Len() int { return l.count }

// Add queues w.
func (l *Waiters) Add(w *Waiter) {
	w.last, w.Verdict = l, OK
	l.append(&w.place, w)
	l.count++
}

// WakeOne wakes the waiter that has waited longest, unless a wake-up is under way.
func (c *Core) WakeOne(l *Waiters) {
	if w := l.front(); w != nil && !l.waking {
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
	for w := l.front(); w != nil; w = l.front() {
		c.EndWait(w, v)
	}
}

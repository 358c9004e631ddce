package gonngtest

import "time"

// Flow is one direction through a [Proxy], and how badly it goes. At first
// everything is forwarded at once.
//
// A write to the receiving side that has begun when a method is called is
// finished as it was begun.
type Flow struct {
	p *Proxy // its mu guards what follows

	stallRead, stallWrite bool
	chunk                 int
	delay                 time.Duration
	left                  int64 // until the cut; negative: no cut
	passed                int64
	held                  int
}

func newFlow(p *Proxy) *Flow { return &Flow{p: p, left: -1} }

func (f *Flow) set(change func()) {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	change()
	f.p.changed.Broadcast()
}

// StallRead forwards nothing more and stops reading, so that the sender cannot
// write once the buffers of the operating system are full.
func (f *Flow) StallRead() { f.set(func() { f.stallRead = true }) }

// StallWrite forwards nothing more, but goes on reading without limit: the
// sender can write all it has, and the receiver gets nothing.
func (f *Flow) StallWrite() { f.set(func() { f.stallWrite = true }) }

// Resume ends StallRead and StallWrite. What was kept back is forwarded.
func (f *Flow) Resume() { f.set(func() { f.stallRead, f.stallWrite = false, false }) }

// Chunk forwards at most n bytes in one write: 1 is one byte at a time. 0, as
// at first, is as much as there is.
func (f *Flow) Chunk(n int) { f.set(func() { f.chunk = n }) }

// Delay waits for d before each write. 0, as at first, does not.
func (f *Flow) Delay(d time.Duration) { f.set(func() { f.delay = d }) }

// CutAfter breaks every connection when n more bytes have been forwarded in
// this direction, counted over all connections, and does so once: a connection
// made later is not cut. The receiver gets those n bytes and not one more.
//
// A connection of tcp begins with a handshake of 8 bytes each way, and each
// message with 8 bytes of length (9 with ipc). So on a new connection
// CutAfter(8) cuts before the first message, and on one between two messages
// CutAfter(12) cuts within the body of the next. A negative n takes back a cut
// that has not happened.
func (f *Flow) CutAfter(n int64) {
	if n == 0 {
		n = -1
		f.p.CutAll()
	}
	f.set(func() { f.left = n })
}

// Bytes is how many bytes have been forwarded.
func (f *Flow) Bytes() int64 {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	return f.passed
}

// Held is how many bytes have been read and not yet forwarded, over all
// connections that have not been cut.
func (f *Flow) Held() int {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	return f.held
}

// take says how many of n bytes to write now, and whether to cut after them.
// The proxy's mu is held.
func (f *Flow) take(n int) (most int, last bool) {
	if f.chunk > 0 {
		n = min(n, f.chunk)
	}
	if f.left < 0 {
		return n, false
	}
	n = int(min(int64(n), f.left))
	f.left -= int64(n) // at 0 nobody else takes any until the cut
	return n, f.left == 0
}

func (f *Flow) mayTake() bool { return !f.stallRead && !f.stallWrite && f.left != 0 }

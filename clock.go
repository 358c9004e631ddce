package gonng

import (
	"sync/atomic"
	"time"
)

// started is the zero of now.
var started = time.Now()

// now is the time in nanoseconds, by the monotonic clock.
func now() int64 { return int64(time.Since(started)) }

// inlineGap is the pause after which the goroutine that sends a message writes it
// itself. Messages that follow each other faster are left to the writer goroutine, which
// gathers them. The gap is about as long as a system call takes.
const inlineGap = 5 * time.Microsecond

// clock tells whether a socket sends one message right after the other. A socket has one
// for all pipes: in a fan-out, the writes to the other pipes would make every pause long
// for each single pipe.
type clock struct {
	last atomic.Int64
	used atomic.Bool // false on req and rep, which do not need the time and do not ask for it
}

func (c *clock) wrote() {
	if c.used.Load() {
		c.last.Store(now())
	}
}

// quiet reports whether the socket has not written for inlineGap.
func (c *clock) quiet() bool {
	c.used.Store(true)
	return now()-c.last.Load() > int64(inlineGap)
}

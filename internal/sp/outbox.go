package sp

import "github.com/gonng/gonng/internal/msg"

// CopyMax is the largest body that is copied behind its length word; larger ones
// are kept by reference.
const CopyMax = 16 << 10

// outbox holds what waits to be written to one peer. Messages gather in pending;
// whoever has the writing token takes the whole of it and writes it at
// once, so that under load many messages share a system call, without a timer. The
// put that finds the token free takes it, and has the peer flushed.
type outbox struct {
	limit     Limit
	lossy     bool // messages are dropped when it is full: Current counts, too
	pending   msg.Batch
	queued    int // messages in pending
	size      int // and what they cost
	overhead  int // of each
	Current   msg.Batch
	taken     int  // messages in Current when it was taken; 0 once written
	takenSize int  // and what they cost
	writing   bool // the token is taken
	wanted    bool // to be told of room
	closed    bool // nothing more is accepted

	messages, bytes uint64 // accepted so far
}

// put says what became of a message.
type putResult uint8

const (
	putFull putResult = iota // there is no room, writable will tell
	putGone                  // the peer has
	putDone                  // accepted
)

// full reports whether there is room for no more. If so, writable will tell.
func (o *outbox) full() bool {
	if o.queued == 0 {
		return false
	}
	size := o.size
	if o.lossy {
		size += o.takenSize
	}
	if !o.limit.reached(o.queued, size) {
		return false
	}
	o.wanted = true
	return true
}

// put adds a message to the outbox of p. The body comes without a header of its own.
func (c *Core) put(p *Peer, header []byte, body *msg.Message) putResult {
	if p.out.full() {
		if p.out.closed {
			return putGone
		}
		return putFull
	}
	return c.putAlways(p, header, body)
}

// putAlways is put that takes the message even if there is no room.
func (c *Core) putAlways(p *Peer, header []byte, body *msg.Message) putResult {
	o := &p.out
	if o.closed {
		return putGone
	}
	if len(body.Data) <= CopyMax {
		o.pending.Append(header, body.Data)
	} else {
		o.pending.AppendMessage(header, *body)
	}
	size := len(header) + len(body.Data)
	if o.queued == 0 && !o.writing {
		p.slow = false // what was before is written
	}
	o.queued++
	o.size += size + o.overhead
	o.messages++
	o.bytes += uint64(size)
	c.Size = uint64(size)
	c.Counters.SendQueue++
	if !o.writing {
		o.writing = true
		c.Effects.addFlush(p)
	}
	return putDone
}

// take makes what is pending current. Without work the token is given back; with
// room somebody wants to know of it.
func (o *outbox) take(c *Core) (work, room bool) {
	work = o.queued > 0
	o.taken, o.takenSize = 0, 0
	if work {
		o.pending, o.Current = o.Current, o.pending
		o.taken, o.takenSize = o.queued, o.size
		c.Counters.SendQueue -= o.queued
		o.queued, o.size = 0, 0
	}
	o.writing = work
	if o.wanted && !o.closed {
		o.wanted = o.full() // a lossy one may have been taken whole and be full still
		room = !o.wanted
	}
	return work, room
}

package sp

import "github.com/gonng/gonng/internal/msg"

// CopyMax is the largest body that is copied behind its length word; larger ones
// are kept by reference.
const CopyMax = 16 << 10

// outbox holds the messages that wait to be written to one peer. They gather in pending.
// The goroutine that has the writing token takes all of pending and writes it at once,
// so that under load many messages share a system call, without a timer. A put that
// finds the token free takes it for the shell, and has the peer flushed.
type outbox struct {
	limit     Limit
	conn      Batches   // makes the batches, once there is something to write
	pending   msg.Batch // nil: none was needed yet
	queued    int       // messages in pending
	size      int       // the memory that they cost
	overhead  int       // the memory that each costs beside its bytes
	Current   msg.Batch // nil: nothing was taken yet
	taken     int       // messages in Current when it was taken; 0 once written
	takenSize int       // the memory that they cost
	lossy     bool      // messages are dropped when it is full, and Current counts, too
	writing   bool      // the token is taken
	wanted    bool      // writable is to be called when there is room
	closed    bool      // nothing more is accepted

	messages, bytes uint64 // accepted so far
}

// putResult says what became of a message.
type putResult uint8

const (
	putFull putResult = iota // there is no room; writable will tell
	putGone                  // the peer has gone
	putDone                  // the outbox has accepted it
)

// full reports whether there is no room for another message. If so, writable will tell
// when there is.
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
// common, which may be nil, has the message if it goes to other peers, too.
func (c *Core) put(p *Peer, header []byte, body *msg.Message, common *msg.Common) putResult {
	if p.out.full() {
		if p.out.closed {
			return putGone
		}
		return putFull
	}
	return c.putAlways(p, header, body, common)
}

// putAlways is put that takes the message even if there is no room.
func (c *Core) putAlways(p *Peer, header []byte, body *msg.Message, common *msg.Common) putResult {
	o := &p.out
	if o.closed {
		return putGone
	}
	o.add(header, body, common)
	size := len(header) + len(body.Data)
	if o.queued == 0 && !o.writing {
		p.slow = false // all earlier messages are written: the episode is over
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

// Batches makes the batches of one connection.
type Batches interface{ NewBatch() msg.Batch }

// add adds a message to pending.
func (o *outbox) add(header []byte, body *msg.Message, common *msg.Common) {
	if o.pending == nil {
		o.pending = o.conn.NewBatch()
	}
	if len(body.Data) > CopyMax {
		o.pending.AppendMessage(header, *body)
		return
	}
	if common != nil {
		if b, ok := o.pending.(msg.CommonBatch); ok {
			b.AppendCommon(common)
			return
		}
	}
	o.pending.Append(header, body.Data)
}

// take makes pending current. It reports whether there is work, and otherwise gives the
// token back; and whether writable is to be called because there is room.
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

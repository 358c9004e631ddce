package gonng

import "github.com/gonng/gonng/transport"

// copyMax is the largest body that is copied behind its length word; larger
// ones go by reference.
const copyMax = 16 << 10

// outbox holds what waits to be written to one peer. Messages gather in
// pending; whoever has the writing token takes the whole of it and writes it
// at once, so that under load many messages share a system call, without a
// timer. The token is taken by the put that finds it free and passed on with
// the work: to the caller's flush, or through kick to the writer goroutine.
//
// The socket's mutex guards it, and is held in every method.
type outbox struct {
	limit   limit
	pending transport.Batch
	queued  int             // messages in pending
	size    int             // and their bytes
	current transport.Batch // belongs to whoever has the token
	taken   int             // messages in current when it was taken; 0 once written
	writing bool            // the token is taken
	wanted  bool            // somebody waits for room
	closed  bool            // nothing more is accepted

	messages, bytes uint64 // accepted so far

	drained chan struct{} // closed when closed and written, if anybody asked

	kick  chan struct{} // passes the token to the writer goroutine, which exists once there was something to gather
	ended chan struct{} // closed when the writer goroutine has ended; nil before it exists
}

func (o *outbox) init(conn transport.Conn, l limit) {
	o.limit = l
	o.pending, o.current = conn.NewBatch(), conn.NewBatch()
}

// putResult says what became of a message.
type putResult int

const (
	putFull  putResult = iota // no room now; the socket will be told
	putGone                   // the pipe is closed
	putDone                   // whoever is writing takes it along
	putToken                  // accepted, and the caller has to flush
)

func (r putResult) accepted() bool { return r >= putDone }

// put adds a message. The body comes without a header of its own; above
// copyMax it is kept by reference.
func (o *outbox) put(header []byte, body *transport.Message) putResult {
	if r := o.would(); r != putDone {
		return r
	}
	if len(body.Data) <= copyMax {
		o.pending.Append(header, body.Data)
	} else {
		o.pending.AppendMessage(header, *body)
	}
	size := len(header) + len(body.Data)
	o.queued++
	o.size += size
	o.messages++
	o.bytes += uint64(size)
	if o.writing {
		return putDone
	}
	o.writing = true
	return putToken
}

// would is what put would say now. When that is putFull the socket is told
// when there is room.
func (o *outbox) would() putResult {
	switch {
	case o.closed:
		return putGone
	case o.queued > 0 && o.limit.reached(o.queued, o.size):
		o.wanted = true
		return putFull
	}
	return putDone
}

// take makes what is pending current. It reports false and gives the token
// back when there is nothing.
func (o *outbox) take() bool {
	if o.queued == 0 {
		o.writing, o.taken = false, 0
		if o.drained != nil {
			close(o.drained)
			o.drained = nil
		}
		return false
	}
	o.pending, o.current = o.current, o.pending
	o.taken, o.queued, o.size = o.queued, 0, 0
	return true
}

// close accepts nothing more and returns a channel that is closed when all
// that was accepted is written, or nil if it is already.
func (o *outbox) close() <-chan struct{} {
	o.closed = true
	if !o.writing {
		return nil
	}
	if o.drained == nil {
		o.drained = make(chan struct{})
	}
	return o.drained
}

// failed is for whoever has the token and could not write all of current.
func (o *outbox) failed() { o.closed, o.taken = true, o.current.Len() }

// unsent is how many messages were accepted and not written. It is exact once
// nobody writes any more.
func (o *outbox) unsent() int { return o.queued + o.taken }

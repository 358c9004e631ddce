package gonng

import (
	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// request is the state of a context: at most one outstanding request.
type request struct {
	req     *req
	e       *endpoint
	waiting waitList

	id       uint32 // 0: none outstanding
	header   [4]byte
	pipe     *Pipe // who has it
	resendAt int64
	body     transport.Message // to send it again
	small    []byte            // holds a small body

	reply    transport.Message
	from     *Pipe
	answered bool
	failed   error
}

// offer sends a new request; the one before is given up, even if there is
// nobody to send this one to.
func (r *request) offer(m *outgoing) (*Pipe, error) {
	x := r.req
	r.cancel()
	id := x.next()
	p, token, err := x.send(wire.AppendID(r.header[:0], id), &m.body)
	if err != nil {
		r.waiting.wakeOne() // nothing to wait for any more
		return nil, err
	}
	r.id, r.pipe = id, p
	if r.e.config().ResendTime > 0 {
		if len(m.body.Data) > copyMax {
			r.body = m.body.Retain()
		} else {
			r.small = append(r.small[:0], m.body.Data...)
			r.body = transport.NewMessage(r.small)
		}
	}
	x.open[id] = r
	x.schedule(r)
	return flushing(p, token), nil
}

func (r *request) room() *waitList { return &r.req.senders }
func (r *request) ready() bool     { return r.req.ready() }

// inline: the only request is waited for; one of many can share a write, with those
// of who receives a reply just now, too.
func (r *request) inline() bool { return len(r.req.open) == 1 && r.req.unread == 0 }

// abandon is the end of a context.
func (r *request) abandon() {
	r.cancel()
	r.room().wakeAll()
	r.waiting.wakeAll()
}

// cancel forgets the request, its reply and its failure.
func (r *request) cancel() {
	if r.id != 0 {
		delete(r.req.open, r.id)
	}
	if r.answered {
		r.req.unread--
	}
	r.body.Release()
	r.reply.Release()
	r.id, r.pipe, r.body, r.reply, r.from, r.answered, r.failed = 0, nil, transport.Message{}, transport.Message{}, nil, false, nil
}

func (r *request) pop(max int, m *Message) error {
	switch {
	case r.answered:
		if size := len(r.reply.Data) - r.reply.Header; size > max {
			return tooSmall(size, max)
		}
		m.data, m.pipe = r.reply, r.from
		r.reply = transport.Message{}
		r.cancel()
		r.waiting.wakeOne() // nothing to wait for any more
		return nil
	case r.failed != nil:
		err := r.failed
		r.cancel()
		return err
	case r.id == 0:
		return errorf(ErrBadState, "there is no request to receive a reply to: send one first")
	}
	return errWait
}

func (r *request) arrivals() *waitList { return &r.waiting }
func (r *request) more() bool          { return r.answered || r.failed != nil }

package gonng

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/transport"
)

// Sender is what can send: a socket or a context.
type Sender interface {
	// Send sends body. It waits until a peer can take the message, ctx ends or the send
	// timeout is over; Pub0, Surveyor0, Bus0, Rep0 and Respondent0 never wait. The
	// slice belongs to the caller again when Send returns. A nil error means that the
	// message is on its way, not that it has arrived. nng: nng_send; pynng: send,
	// asend.
	Send(ctx context.Context, body []byte) error
	// SendMsg sends m and takes it over on success; on failure it still
	// belongs to the caller. Bodies above 16 KiB are not copied. nng:
	// nng_sendmsg.
	SendMsg(ctx context.Context, m *Message) error
	// TrySend is Send that returns ErrTryAgain instead of waiting. nng:
	// NNG_FLAG_NONBLOCK.
	TrySend(body []byte) error
	// TrySendMsg is SendMsg that returns ErrTryAgain instead of waiting.
	TrySendMsg(m *Message) error
}

// sender implements Sender over an endpoint.
type sender struct{ e *endpoint }

// Send sends body, which is the caller's again when it returns. See [Sender].
func (x *sender) Send(ctx context.Context, body []byte) error { return x.send(ctx, body, nil) }

// SendMsg sends m and takes it over on success. See [Sender].
func (x *sender) SendMsg(ctx context.Context, m *Message) error { return x.sendMsg(ctx, m, false) }

// TrySend is Send that returns ErrTryAgain instead of waiting. See [Sender].
func (x *sender) TrySend(body []byte) error {
	return x.sendCopy(context.Background(), body, nil, true)
}

// TrySendMsg is SendMsg that returns ErrTryAgain instead of waiting. See
// [Sender].
func (x *sender) TrySendMsg(m *Message) error { return x.sendMsg(context.Background(), m, true) }

func (x *sender) send(ctx context.Context, body []byte, p *Pipe) error {
	return x.sendCopy(ctx, body, p, false)
}

// sendCopy sends a body that goes on belonging to the caller.
func (x *sender) sendCopy(ctx context.Context, body []byte, p *Pipe, try bool) error {
	if len(body) > sp.CopyMax { // smaller ones are copied into the batch
		return x.sendLargeCopy(ctx, body, p, try)
	}
	m, err := x.begin(ctx)
	if err != nil {
		return err
	}
	m.Data.Data = body
	if p != nil {
		m.Peer = &p.peer
	}
	return x.finish(ctx, try)
}

func (x *sender) sendLargeCopy(ctx context.Context, body []byte, p *Pipe, try bool) error {
	m := Message{in: sp.Message{Data: transport.Copy(body)}}
	if p != nil {
		m.in.Peer = &p.peer
	}
	defer m.Free()
	return x.sendMsg(ctx, &m, try)
}

func (x *sender) sendMsg(ctx context.Context, m *Message, try bool) error {
	err := x.sendShared(ctx, m, try)
	if err == nil {
		m.Free()
	}
	return err
}

// sendShared sends a message that goes on belonging to the caller.
func (x *sender) sendShared(ctx context.Context, m *Message, try bool) error {
	if m.freed.Load() {
		return x.e.s.opError("send", "", errorf(ErrInvalid, "the message was sent or freed before"))
	}
	offered, err := x.begin(ctx)
	if err != nil {
		return err
	}
	*offered = m.in
	if !x.e.s.raw {
		offered.Data, offered.Traced = m.in.Data.Strip(), false
	}
	return x.finish(ctx, try)
}

// begin locks the socket and returns the empty message that the caller fills with what it
// sends. A socket has one such message: one for each call would be an allocation for
// each call.
func (x *sender) begin(ctx context.Context) (*sp.Message, error) {
	if ctx.Err() != nil {
		return nil, x.e.s.opError("send", "", contextError(ctx))
	}
	x.e.s.lock()
	return &x.e.s.offered, nil
}

// finish sends what was offered and unlocks the socket.
func (x *sender) finish(ctx context.Context, try bool) error {
	s := x.e.s
	quiet := s.fansOut && s.clock.quiet() // before the offer: with many peers the offer takes longer than the gap
	s.core.Size = uint64(len(s.offered.Data.Data))
	v := x.offerLocked()
	if v == sp.Wait {
		if err := x.waitLocked(ctx, try, &v); err != nil {
			s.offered = sp.Message{}
			s.unlock()
			return s.opError("send", "", err)
		}
	}
	s.offered = sp.Message{}
	if v != sp.OK {
		err := x.refusalLocked(v)
		s.unlock()
		return s.opError("send", "", err)
	}
	s.stats.Sent++
	s.stats.SentBytes += s.core.Size
	if !s.core.Effects.Any() {
		s.unlock()
		return nil
	}
	flush := s.core.Effects.TakeFlush()
	pace := x.e.core.Pace()
	s.unlock()
	if pace == sp.ByClock && !s.fansOut {
		quiet = s.clock.quiet()
	}
	s.flush(&flush, pace == sp.AtOnce || pace == sp.ByClock && quiet)
	return nil
}

// offerLocked offers the message to the protocol. The verdict Closed means that the
// socket or the context is closed.
func (x *sender) offerLocked() sp.Verdict {
	e := x.e
	if e.gone || e.s.closed && (!e.answering || e.s.sealed) {
		return sp.Closed
	}
	return e.core.Offer(&e.s.offered)
}

// refusalLocked is the error for a verdict on what was offered.
func (x *sender) refusalLocked(v sp.Verdict) error {
	if v == sp.Closed {
		return x.e.endedLocked()
	}
	return x.e.s.refusal(v, 0)
}

// waitLocked waits until the protocol takes what was offered.
func (x *sender) waitLocked(ctx context.Context, try bool, v *sp.Verdict) error {
	if try {
		return ErrTryAgain
	}
	s, room := x.e.s, x.e.core.Room()
	c := call{s: s, ctx: ctx, timeout: x.e.config().SendTimeout}
	defer c.endLocked()
	m := s.offered // others offer theirs meanwhile
	for {
		if err := c.waitLocked(room); err != nil {
			return s.explainTimeoutLocked(err, "the send queue is full")
		}
		s.offered, s.core.Size = m, uint64(len(m.Data.Data))
		if *v = x.offerLocked(); *v != sp.Wait {
			s.core.WakeOne(room) // the next sender may find room, too
			return nil
		}
	}
}

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

// started is the zero of now.
var started = time.Now()

// now is the time in nanoseconds, by the monotonic clock.
func now() int64 { return int64(time.Since(started)) }

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

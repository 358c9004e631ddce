package gonng

import (
	"context"

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
func (x *sender) Send(ctx context.Context, body []byte) error { return x.e.send(ctx, body, nil) }

// SendMsg sends m and takes it over on success. See [Sender].
func (x *sender) SendMsg(ctx context.Context, m *Message) error { return x.e.sendMsg(ctx, m, false) }

// TrySend is Send that returns ErrTryAgain instead of waiting. See [Sender].
func (x *sender) TrySend(body []byte) error {
	return x.e.sendCopy(context.Background(), body, nil, true)
}

// TrySendMsg is SendMsg that returns ErrTryAgain instead of waiting. See
// [Sender].
func (x *sender) TrySendMsg(m *Message) error { return x.e.sendMsg(context.Background(), m, true) }

func (e *endpoint) send(ctx context.Context, body []byte, p *Pipe) error {
	return e.sendCopy(ctx, body, p, false)
}

// sendCopy sends a body that goes on belonging to the caller.
func (e *endpoint) sendCopy(ctx context.Context, body []byte, p *Pipe, try bool) error {
	if len(body) > sp.CopyMax { // smaller ones are copied into the batch
		return e.sendLargeCopy(ctx, body, p, try)
	}
	if ctx.Err() != nil {
		return e.s.opError("send", "", contextError(ctx))
	}
	e.s.lock()
	e.offered = sp.Message{}   // all of it: a call that waits has left its own
	e.offered.Data.Data = body // in place: a struct put together elsewhere is copied slowly
	e.offered.Peer = p.asPeer()
	return e.finish(ctx, try)
}

func (e *endpoint) sendLargeCopy(ctx context.Context, body []byte, p *Pipe, try bool) error {
	if len(body) >= largeBody && !try && ctx.Err() == nil {
		e.s.lock()
		e.offered = sp.Message{Data: transport.NewMessage(body), Peer: p.asPeer()}
		if e.writesLargeLocked() {
			return e.finish(ctx, false)
		}
		e.offered = sp.Message{}
		e.s.unlock()
	}
	m := Message{in: sp.Message{Data: transport.Copy(body), Peer: p.asPeer()}}
	defer m.Free()
	return e.sendMsg(ctx, &m, try)
}

func (e *endpoint) sendMsg(ctx context.Context, m *Message, try bool) error {
	err := e.sendShared(ctx, m, try)
	if err == nil {
		m.Free()
	}
	return err
}

// sendShared sends a message that goes on belonging to the caller.
func (e *endpoint) sendShared(ctx context.Context, m *Message, try bool) error {
	if m == nil || m.isFreed() {
		return e.s.opError("send", "", noMessage(m))
	}
	if ctx.Err() != nil {
		return e.s.opError("send", "", contextError(ctx))
	}
	e.s.lock()
	e.offered = m.toSend(e.s.Raw())
	return e.finish(ctx, try)
}

// noMessage is why m cannot be sent.
func noMessage(m *Message) error {
	if m == nil {
		return errorf(ErrInvalid, "the message is nil")
	}
	return errorf(ErrInvalid, "the message was sent or freed before")
}

// finish sends e.offered, which the caller has filled after it locked the socket, empties
// it and unlocks the socket.
func (e *endpoint) finish(ctx context.Context, try bool) error {
	s := e.s
	quiet := s.fansOut && s.clock.quiet() // before the offer: with many peers the offer takes longer than the gap
	large := !try && e.writesLargeLocked()
	v := e.offerLocked()
	if v == sp.Wait {
		if err := e.waitForRoomLocked(ctx, try, &v); err != nil {
			e.offered = sp.Message{}
			s.unlock()
			return s.opError("send", "", err)
		}
	}
	e.offered = sp.Message{}
	if v != sp.OK {
		err := e.refusalLocked(v, 0)
		s.unlock()
		return s.opError("send", "", err)
	}
	s.stats.sent(s.core.Size)
	if !s.core.Effects.Any() {
		s.unlock()
		return nil
	}
	flushes := s.core.Effects.TakeFlushes()
	pace := e.core.Pace()
	timeout := e.cfg.SendTimeout
	s.unlock()
	if large {
		pipeOf(flushes.Next()).writeLarge(ctx, timeout)
		return nil
	}
	if pace == sp.ByClock && !s.fansOut {
		quiet = s.clock.quiet()
	}
	s.flush(flushes, pace == sp.AtOnce || pace == sp.ByClock && quiet)
	return nil
}

// largeBody is the size from which a sender writes a message itself, as long as the peer takes
// it quickly: that needs no copy of the body, and no other goroutine.
const largeBody = 512 << 10

// writesLargeLocked reports whether the sender of e.offered writes it itself: a large message
// for the only peer, to which nothing else waits to be written.
func (e *endpoint) writesLargeLocked() bool {
	if len(e.offered.Data.Data) < largeBody || !e.s.acceptsLocked(e.answering) {
		return false
	}
	protocol, ok := e.core.(interface{ Idle(*sp.Message) *sp.Peer })
	if !ok {
		return false
	}
	p := protocol.Idle(&e.offered)
	return p != nil && pipeOf(p).borrows()
}

// offerLocked offers the message to the protocol. The verdict Closed means that the
// socket or the context is closed.
func (e *endpoint) offerLocked() sp.Verdict {
	if e.gone || !e.s.acceptsLocked(e.answering) {
		return sp.Closed
	}
	return e.s.offerLocked(e.core, &e.offered)
}

// acceptsLocked reports whether the socket still sends: after Close has begun only what
// handlers return, and that not to the end.
func (s *socket) acceptsLocked(answer bool) bool { return !s.closed || answer && !s.sealed }

func (s *socket) offerLocked(e sp.Endpoint, m *sp.Message) sp.Verdict {
	s.core.Size = uint64(len(m.Data.Data))
	return e.Offer(m)
}

// waitForRoomLocked waits until the protocol takes what was offered.
func (e *endpoint) waitForRoomLocked(ctx context.Context, try bool, v *sp.Verdict) error {
	if try {
		return ErrTryAgain
	}
	s, room := e.s, e.core.Room()
	w := s.newWaiterLocked(ctx, e.cfg.SendTimeout)
	defer w.doneLocked()
	m := e.offered // others offer theirs meanwhile
	for {
		if err := w.waitLocked(room); err != nil {
			return s.explainTimeoutLocked(err, "the send queue is full")
		}
		e.offered = m
		if *v = e.offerLocked(); *v != sp.Wait {
			s.core.WakeOne(room) // the next sender may find room, too
			return nil
		}
	}
}

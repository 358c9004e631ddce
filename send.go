package gonng

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/gonng/gonng/transport"
)

// Sender is what can send: a socket or a context.
type Sender interface {
	// Send sends body and waits until a peer can take it, ctx ends or the send
	// timeout is over; Pub0, Surveyor0 and Bus0 never wait. The slice is the
	// caller's again when it returns. A nil error means that the message is on its
	// way, not that it has arrived.
	// nng: nng_send; pynng: send, asend.
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

// sender implements Sender over a target.
type sender struct {
	e      *endpoint
	target target
}

// Send sends body, which is the caller's again when it returns. See [Sender].
func (x *sender) Send(ctx context.Context, body []byte) error { return x.send(ctx, body, nil) }

// SendMsg sends m and takes it over on success. See [Sender].
func (x *sender) SendMsg(ctx context.Context, m *Message) error { return x.sendMsg(ctx, m, false) }

// TrySend is Send that returns ErrTryAgain instead of waiting. See [Sender].
func (x *sender) TrySend(body []byte) error {
	return x.copied(context.Background(), body, nil, true)
}

// TrySendMsg is SendMsg that returns ErrTryAgain instead of waiting. See
// [Sender].
func (x *sender) TrySendMsg(m *Message) error { return x.sendMsg(context.Background(), m, true) }

func (x *sender) send(ctx context.Context, body []byte, p *Pipe) error {
	return x.copied(ctx, body, p, false)
}

// copied sends a body that stays the caller's.
func (x *sender) copied(ctx context.Context, body []byte, p *Pipe, try bool) error {
	if len(body) > copyMax { // smaller ones are copied into the batch
		return x.copiedLarge(ctx, body, p, try)
	}
	offered, err := x.begin(ctx)
	if err != nil {
		return err
	}
	offered.body.Data, offered.pipe = body, p
	return x.finish(ctx, try)
}

func (x *sender) copiedLarge(ctx context.Context, body []byte, p *Pipe, try bool) error {
	m := Message{data: transport.Copy(body), pipe: p}
	defer m.Free()
	return x.sendMsg(ctx, &m, try)
}

func (x *sender) sendMsg(ctx context.Context, m *Message, try bool) error {
	err := x.lend(ctx, m, try)
	if err == nil {
		m.Free()
	}
	return err
}

// lend sends a message that stays the caller's.
func (x *sender) lend(ctx context.Context, m *Message, try bool) error {
	if m.freed.Load() {
		return x.e.s.opError("send", "", errorf(ErrInvalid, "the message was sent or freed before"))
	}
	offered, err := x.begin(ctx)
	if err != nil {
		return err
	}
	if x.e.s.raw {
		offered.body, offered.pipe, offered.traced = m.data, m.pipe, m.traced
	} else {
		offered.body, offered.pipe = m.data.Strip(), m.pipe
	}
	return x.finish(ctx, try)
}

// begin locks the socket and returns where to put the message, which is empty.
// There is one such place a socket: one a call would be an allocation a call.
func (x *sender) begin(ctx context.Context) (*outgoing, error) {
	if ctx.Err() != nil {
		return nil, x.e.s.opError("send", "", contextError(ctx))
	}
	x.e.s.mu.Lock()
	return &x.e.s.offered, nil
}

// finish sends what was offered and unlocks the socket.
func (x *sender) finish(ctx context.Context, try bool) error {
	s := x.e.s
	size := len(s.offered.body.Data)
	p, err := x.offer()
	if err == errWait {
		p, err = x.wait(ctx, try)
	}
	s.offered = outgoing{}
	if err != nil {
		s.unlock()
		return s.opError("send", "", err)
	}
	s.stats.Sent++
	s.stats.SentBytes += uint64(size)
	if p == nil {
		s.unlock()
		return nil
	}
	inline := x.target.inline()
	s.unlock()
	s.flush(p, inline)
	return nil
}

func (x *sender) offer() (*Pipe, error) {
	if x.e.closed || x.e.s.closed {
		return nil, x.e.ended()
	}
	return x.target.offer(&x.e.s.offered)
}

// wait waits until the target takes what was offered.
func (x *sender) wait(ctx context.Context, try bool) (*Pipe, error) {
	if try {
		return nil, ErrTryAgain
	}
	s := x.e.s
	c := call{s: s, ctx: ctx, timeout: x.e.config().SendTimeout}
	defer c.end()
	m := s.offered // others offer theirs meanwhile
	for {
		if err := c.wait(x.target.room()); err != nil {
			return nil, s.late(err, "the send queue is full")
		}
		s.offered = m
		if p, err := x.offer(); err != errWait {
			x.target.room().wakeOne() // who waits may find room, too
			return p, err
		}
	}
}

// flush writes to each pipe of the chain. s.mu is not held.
func (s *socket) flush(p *Pipe, inline bool) {
	for p != nil {
		next := p.next
		p.next = nil
		p.flush(inline)
		p = next
	}
	s.wrote()
}

// inlineGap is the pause after which a message is written by the goroutine
// that sends it. Messages that follow faster are left to the writer, which
// gathers them: one system call takes about as long.
const inlineGap = 5 * time.Microsecond

// clock tells whether a socket is sending one message after the other. There
// is one for the socket: in a fan-out, writing to the other pipes makes every
// pause long for each single pipe.
type clock struct {
	last atomic.Int64
	used atomic.Bool // req and rep know without it, and do not pay for it
}

var started = time.Now()

func now() int64 { return int64(time.Since(started)) }

func (c *clock) wrote() {
	if c.used.Load() {
		c.last.Store(now())
	}
}

func (c *clock) quiet() bool {
	c.used.Store(true)
	return now()-c.last.Load() > int64(inlineGap)
}

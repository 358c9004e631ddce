package gonng

import (
	"context"
	"errors"
	"iter"
	"math"

	"github.com/gonng/gonng/internal/sp"
)

// Receiver is what can receive: a socket or a context.
type Receiver interface {
	// Recv waits for a message, until ctx ends or the receive timeout is over, and
	// returns its body, which belongs to the caller. On Req0 a Recv that ends without a
	// reply gives the request up, see [Req0]. nng: nng_recv; pynng: recv, arecv.
	Recv(ctx context.Context) ([]byte, error)
	// RecvMsg is Recv without a copy; [Message.Pipe] says which pipe the message came
	// from. The message belongs to the caller; see [Message.Bytes] for its memory.
	// nng: nng_recvmsg; pynng: recv_msg, arecv_msg.
	RecvMsg(ctx context.Context) (*Message, error)
	// RecvInto copies the body into buf and returns its length, without an
	// allocation. When buf is too small it returns ErrMessageTooLarge, and the
	// message stays the next.
	RecvInto(ctx context.Context, buf []byte) (int, error)
	// TryRecv is Recv that returns ErrTryAgain instead of waiting. pynng:
	// recv(block=False).
	TryRecv() ([]byte, error)
	// TryRecvMsg is RecvMsg that returns ErrTryAgain instead of waiting.
	TryRecvMsg() (*Message, error)
	// All receives in a loop. The loop ends without an error when the socket or
	// context is closed; any other error, as when ctx ends or the receive timeout is
	// over, is its last value. The slices belong to the caller.
	All(ctx context.Context) iter.Seq2[[]byte, error]
	// Messages is All for messages.
	Messages(ctx context.Context) iter.Seq2[*Message, error]
}

// receiver implements Receiver over an endpoint.
type receiver struct{ e *endpoint }

// Recv waits for the next message and returns its body, which is the caller's.
// See [Receiver].
func (x *receiver) Recv(ctx context.Context) ([]byte, error) { return x.recv(ctx, false) }

// TryRecv is Recv that returns ErrTryAgain instead of waiting. See [Receiver].
func (x *receiver) TryRecv() ([]byte, error) { return x.recv(context.Background(), true) }

func (x *receiver) recv(ctx context.Context, try bool) ([]byte, error) {
	m, err := x.take(ctx, math.MaxInt, try)
	if err != nil {
		return nil, err
	}
	data := m.in.Data
	m.in = sp.Message{}
	x.done()
	body := append(make([]byte, 0, len(data.Data)-data.Header), data.Body()...)
	data.Release()
	return body, nil
}

// RecvMsg waits for the next message and does not copy it. See [Receiver].
func (x *receiver) RecvMsg(ctx context.Context) (*Message, error) { return x.recvMsg(ctx, false) }

// TryRecvMsg is RecvMsg that returns ErrTryAgain instead of waiting. See
// [Receiver].
func (x *receiver) TryRecvMsg() (*Message, error) { return x.recvMsg(context.Background(), true) }

func (x *receiver) recvMsg(ctx context.Context, try bool) (*Message, error) {
	m, err := x.take(ctx, math.MaxInt, try)
	if err != nil {
		return nil, err
	}
	x.e.s.blank = x.e.s.blank[1:]
	x.done()
	return m, nil
}

// RecvInto waits for the next message and copies its body into buf. See
// [Receiver].
func (x *receiver) RecvInto(ctx context.Context, buf []byte) (int, error) {
	m, err := x.take(ctx, len(buf), false)
	if err != nil {
		return 0, err
	}
	if len(m.in.Data.Data) <= sp.CopyMax { // faster than to take the message along
		n := copy(buf, m.in.Data.Body())
		m.empty()
		x.done()
		return n, nil
	}
	data := m.in.Data
	m.in = sp.Message{}
	x.done()
	n := copy(buf, data.Body())
	data.Release()
	return n, nil
}

// All receives in a loop, until the socket or context is closed. See
// [Receiver].
func (x *receiver) All(ctx context.Context) iter.Seq2[[]byte, error] {
	return sequence(ctx, x.Recv)
}

// Messages is All for messages. See [Receiver].
func (x *receiver) Messages(ctx context.Context) iter.Seq2[*Message, error] {
	return sequence(ctx, x.RecvMsg)
}

// sequence is the loop of All and Messages.
func sequence[T any](ctx context.Context, recv func(context.Context) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			v, err := recv(ctx)
			if errors.Is(err, ErrClosed) || !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// take waits for a message and puts it into the socket's blank one. Unless take fails it
// leaves the socket locked: the caller takes what it needs of the message, then calls
// done.
func (x *receiver) take(ctx context.Context, max int, try bool) (*Message, error) {
	s := x.e.s
	if ctx.Err() != nil && !x.answered() {
		return nil, s.opError("recv", "", x.giveUp(contextError(ctx)))
	}
	s.lock()
	m := s.blankLocked()
	v := x.popLocked(m, max, nil)
	if v == sp.OK {
		return m, nil
	}
	var err error
	switch {
	case v != sp.Wait:
		err = x.refusalLocked(v, max)
	case try:
		m, err = x.tryAgainLocked(max)
	default:
		m, err = x.waitLocked(ctx, max)
	}
	if err != nil {
		s.unlock()
		return nil, s.opError("recv", "", err)
	}
	return m, nil
}

// answered reports whether the reply to a request is there. Such a reply is received
// even if the context has ended.
func (x *receiver) answered() bool {
	s := x.e.s
	s.lock()
	defer s.unlock()
	_, asks := x.e.core.(*sp.Request)
	return asks && x.e.core.CanRecv()
}

// giveUp gives up the request of a receive that failed with err before it began.
func (x *receiver) giveUp(err error) error {
	s := x.e.s
	s.lock()
	defer s.unlock()
	if x.e.endedLocked() == nil {
		x.e.core.GiveUp()
	}
	return err
}

// done unlocks the socket after take, and reads on for the peer whose last
// message it took.
func (x *receiver) done() {
	s := x.e.s
	if !s.core.Effects.Rare() {
		s.unlock()
		return
	}
	var refill *Pipe
	if peer := s.core.Effects.NextResume(); peer != nil {
		if refill = pipeOf(peer); refill.tryReader != nil {
			refill.reading = byReceiver
		}
	}
	s.unlock()
	switch {
	case refill == nil:
	case refill.tryReader != nil:
		refill.refill()
	default:
		refill.readOn()
	}
}

func (x *receiver) popLocked(m *Message, max int, w *sp.Waiter) sp.Verdict {
	if x.e.gone || x.e.s.closed {
		return sp.Closed
	}
	return x.e.core.Pop(&m.in, max, w)
}

func (x *receiver) refusalLocked(v sp.Verdict, max int) error {
	if v == sp.Closed {
		return x.e.endedLocked()
	}
	return x.e.s.refusal(v, max)
}

// waitLocked waits until the protocol has a message and takes it.
func (x *receiver) waitLocked(ctx context.Context, max int) (*Message, error) {
	s := x.e.s
	c := call{s: s, ctx: ctx, timeout: x.e.config().RecvTimeout}
	defer c.endLocked()
	for {
		err := c.receiveLocked(x.e)
		if err != nil {
			x.e.core.End(&c.w.Waiter)
			if x.e.endedLocked() != nil {
				return nil, x.e.endedLocked()
			}
			if !c.refused() {
				x.e.core.GiveUp()
			}
			return nil, s.explainTimeoutLocked(err, "")
		}
		m := s.blankLocked()
		switch v := x.popLocked(m, max, &c.w.Waiter); v {
		case sp.OK:
			x.e.core.End(&c.w.Waiter)
			return m, nil
		case sp.Wait:
		default: // too small a buffer, for instance: another receiver may take the message
			x.e.core.End(&c.w.Waiter)
			s.core.PassOn(&c.w.Waiter)
			return nil, x.refusalLocked(v, max)
		}
	}
}

// tryAgainLocked tries once more to receive without waiting. If the connection is lent,
// something may have arrived that was not read yet.
func (x *receiver) tryAgainLocked(max int) (*Message, error) {
	if !x.e.s.readNowLocked() {
		return nil, ErrTryAgain
	}
	m := x.e.s.blankLocked()
	switch v := x.popLocked(m, max, nil); v {
	case sp.OK:
		return m, nil
	case sp.Wait:
		return nil, ErrTryAgain
	default:
		return nil, x.refusalLocked(v, max)
	}
}

// blankLocked is an empty message, which every receive fills and only RecvMsg keeps.
// Messages are made many at a time and not pooled: a pooled one that a program frees
// twice would belong to another call the second time.
func (s *socket) blankLocked() *Message {
	if len(s.blank) == 0 {
		s.blank = make([]Message, 64)
	}
	return &s.blank[0]
}

package gonng

import (
	"context"
	"errors"
	"iter"
	"math"
	"runtime"

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
func (x *receiver) Recv(ctx context.Context) ([]byte, error) { return x.e.recv(ctx, false) }

// TryRecv is Recv that returns ErrTryAgain instead of waiting. See [Receiver].
func (x *receiver) TryRecv() ([]byte, error) { return x.e.recv(context.Background(), true) }

// RecvMsg waits for the next message and does not copy it. See [Receiver].
func (x *receiver) RecvMsg(ctx context.Context) (*Message, error) { return x.e.recvMsg(ctx, false) }

// TryRecvMsg is RecvMsg that returns ErrTryAgain instead of waiting. See
// [Receiver].
func (x *receiver) TryRecvMsg() (*Message, error) { return x.e.recvMsg(context.Background(), true) }

// RecvInto waits for the next message and copies its body into buf. See
// [Receiver].
func (x *receiver) RecvInto(ctx context.Context, buf []byte) (int, error) {
	return x.e.recvInto(ctx, buf)
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

func (e *endpoint) recv(ctx context.Context, try bool) ([]byte, error) {
	m, err := e.take(ctx, math.MaxInt, try)
	if err != nil {
		return nil, err
	}
	data := m.takeData()
	e.s.received()
	body := append(make([]byte, 0, len(data.Data)-data.Header), data.Body()...)
	data.Release()
	return body, nil
}

func (e *endpoint) recvMsg(ctx context.Context, try bool) (*Message, error) {
	m, err := e.take(ctx, math.MaxInt, try)
	if err != nil {
		return nil, err
	}
	e.s.keepBlankLocked()
	e.s.received()
	return m, nil
}

func (e *endpoint) recvInto(ctx context.Context, buf []byte) (int, error) {
	m, err := e.take(ctx, len(buf), false)
	if err != nil {
		return 0, err
	}
	if m.isSmall() { // faster than to take the message along
		n := copy(buf, m.Bytes())
		m.empty()
		e.s.received()
		return n, nil
	}
	data := m.takeData()
	e.s.received()
	n := copy(buf, data.Body())
	data.Release()
	return n, nil
}

// take waits for a message and puts it into the socket's blank one. Unless take fails it
// leaves the socket locked: the caller takes what it needs of the message, then calls
// received.
func (e *endpoint) take(ctx context.Context, max int, try bool) (*Message, error) {
	s := e.s
	if ctx.Err() != nil && !e.answered() {
		return nil, s.opError("recv", "", e.giveUp(contextError(ctx)))
	}
	s.lock()
	m := s.blankLocked()
	v := e.popLocked(m, max, nil)
	if v == sp.OK {
		return m, nil
	}
	var err error
	switch {
	case v != sp.Wait:
		err = e.refusalLocked(v, max)
	case try:
		m, err = e.tryAgainLocked(max)
	default:
		m, err = e.waitForMessageLocked(ctx, max)
	}
	if err != nil {
		s.unlock()
		return nil, s.opError("recv", "", err)
	}
	return m, nil
}

// answered reports whether the reply to a request is there. Such a reply is received
// even if the context has ended.
func (e *endpoint) answered() bool {
	e.s.lock()
	defer e.s.unlock()
	_, asks := e.core.(*sp.Request)
	return asks && e.core.CanRecv()
}

// giveUp gives up the request of a receive that failed with err before it began.
func (e *endpoint) giveUp(err error) error {
	e.s.lock()
	defer e.s.unlock()
	if e.endedLocked() == nil {
		e.core.GiveUp()
	}
	return err
}

func (e *endpoint) popLocked(m *Message, max int, w *sp.Waiter) sp.Verdict {
	if e.gone || e.s.closed {
		return sp.Closed
	}
	return e.core.Pop(&m.in, max, w)
}

// refusalLocked is the error for a verdict on what was offered or to be received.
func (e *endpoint) refusalLocked(v sp.Verdict, max int) error {
	if v == sp.Closed {
		return e.endedLocked()
	}
	return e.s.refusal(v, max)
}

// waitForMessageLocked waits until the protocol has a message and takes it.
func (e *endpoint) waitForMessageLocked(ctx context.Context, max int) (*Message, error) {
	s := e.s
	w := s.newWaiterLocked(ctx, e.cfg.RecvTimeout)
	defer w.doneLocked()
	for {
		err := w.receiveLocked(e.core)
		if err != nil {
			e.core.End(&w.Waiter)
			if e.endedLocked() != nil {
				return nil, e.endedLocked()
			}
			if !w.refused() {
				e.core.GiveUp()
			}
			return nil, s.explainTimeoutLocked(err, "")
		}
		m := s.blankLocked()
		switch v := e.popLocked(m, max, &w.Waiter); v {
		case sp.OK:
			e.core.End(&w.Waiter)
			return m, nil
		case sp.Wait:
		default: // too small a buffer, for instance: another receiver may take the message
			e.core.End(&w.Waiter)
			s.core.PassOn(&w.Waiter)
			return nil, e.refusalLocked(v, max)
		}
	}
}

// tryAgainLocked tries once more to receive without waiting. If the connection is lent,
// something may have arrived that was not read yet.
func (e *endpoint) tryAgainLocked(max int) (*Message, error) {
	if !e.s.readNowLocked() {
		return nil, ErrTryAgain
	}
	m := e.s.blankLocked()
	switch v := e.popLocked(m, max, nil); v {
	case sp.OK:
		return m, nil
	case sp.Wait:
		return nil, ErrTryAgain
	default:
		return nil, e.refusalLocked(v, max)
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

// keepBlankLocked gives the message of blankLocked to the program.
func (s *socket) keepBlankLocked() { s.blank = s.blank[1:] }

// received unlocks the socket after take, and reads on for the peer whose last message
// was taken.
func (s *socket) received() {
	s.taken++
	turn := s.taken%turnMessages == 0
	var p *Pipe
	if s.core.Effects.Rare() {
		if peer := s.core.Effects.NextResume(); peer != nil {
			p = pipeOf(peer)
			p.refillsLocked()
		}
	}
	s.unlock()
	if p != nil {
		p.refillOrReadOn()
	}
	if turn {
		runtime.Gosched()
	}
}

// A receiver that finds a message each time never waits, and a goroutine that reads finds more
// each time. The runtime would stop either only after 10 ms: with a hundred busy sockets in a
// process the last would have its turn a second after the first. So they let others run by
// themselves, receivers every turnMessages, those who read after turnBytes at once, and those
// of a Sub0 after sp.SubTurn messages.
const (
	turnMessages = 4096
	turnBytes    = 32 << 10
)

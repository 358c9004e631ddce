package gonng

import (
	"context"
	"errors"
	"iter"
	"math"

	"github.com/gonng/gonng/transport"
)

// Receiver is what can receive: a socket or a context.
type Receiver interface {
	// Recv waits for a message, until ctx ends or the receive timeout is over,
	// and returns its body, which is the caller's. nng: nng_recv; pynng: recv,
	// arecv.
	Recv(ctx context.Context) ([]byte, error)
	// RecvMsg is Recv without a copy, and says which pipe the message came
	// from. See [Message.Bytes] for who owns the memory. nng: nng_recvmsg;
	// pynng: recv_msg.
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
	// All receives until the socket or context is closed, which ends the loop
	// quietly, or another error, which is its last value.
	All(ctx context.Context) iter.Seq2[[]byte, error]
	// Messages is All for messages.
	Messages(ctx context.Context) iter.Seq2[*Message, error]
}

// receiver implements Receiver over a source.
type receiver struct {
	e      *endpoint
	source source
}

// Recv implements [Receiver].
func (x *receiver) Recv(ctx context.Context) ([]byte, error) { return x.recv(ctx, false) }

// TryRecv implements [Receiver].
func (x *receiver) TryRecv() ([]byte, error) { return x.recv(context.Background(), true) }

func (x *receiver) recv(ctx context.Context, try bool) ([]byte, error) {
	m, _, err := x.take(ctx, math.MaxInt, try, false)
	if err != nil {
		return nil, err
	}
	body := append(make([]byte, 0, len(m.Data)-m.Header), m.Body()...)
	m.Release()
	return body, nil
}

// RecvMsg implements [Receiver].
func (x *receiver) RecvMsg(ctx context.Context) (*Message, error) {
	_, msg, err := x.take(ctx, math.MaxInt, false, true)
	return msg, err
}

// TryRecvMsg implements [Receiver].
func (x *receiver) TryRecvMsg() (*Message, error) {
	_, msg, err := x.take(context.Background(), math.MaxInt, true, true)
	return msg, err
}

// RecvInto implements [Receiver].
func (x *receiver) RecvInto(ctx context.Context, buf []byte) (int, error) {
	m, _, err := x.take(ctx, len(buf), false, false)
	if err != nil {
		return 0, err
	}
	n := copy(buf, m.Body())
	m.Release()
	return n, nil
}

// All implements [Receiver].
func (x *receiver) All(ctx context.Context) iter.Seq2[[]byte, error] {
	return sequence(ctx, x.Recv)
}

// Messages implements [Receiver].
func (x *receiver) Messages(ctx context.Context) iter.Seq2[*Message, error] {
	return sequence(ctx, x.RecvMsg)
}

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

// take waits for a message. With wrap it comes as a Message.
func (x *receiver) take(ctx context.Context, max int, try, wrap bool) (transport.Message, *Message, error) {
	s := x.e.s
	if ctx.Err() != nil {
		return transport.Message{}, nil, s.opError("recv", "", contextError(ctx))
	}
	c := call{ctx: ctx}
	s.mu.Lock()
	m, p, err := x.pop(&c, max, try)
	if err != nil {
		s.mu.Unlock()
		c.end()
		if err == errTooSmall {
			err = because(ErrMessageTooLarge, "the message has %d bytes, the buffer %d", len(m.Data)-m.Header, max)
		}
		return transport.Message{}, nil, s.opError("recv", "", err)
	}
	var msg *Message
	if wrap {
		msg = s.wrap(m, p)
	}
	s.unlock()
	c.end()
	return m, msg, nil
}

// pop waits until the source has a message.
func (x *receiver) pop(c *call, max int, try bool) (transport.Message, *Pipe, error) {
	c.timeout = x.e.config().RecvTimeout
	for {
		if x.e.closed || x.e.s.closed {
			return transport.Message{}, nil, ErrClosed
		}
		m, p, err := x.source.pop(max)
		if err != errWait {
			if x.source.more() {
				x.source.arrivals().wakeOne()
			}
			return m, p, err
		}
		if try {
			return m, nil, ErrTryAgain
		}
		if err := c.wait(&x.e.s.mu, x.source.arrivals()); err != nil {
			return m, nil, err
		}
	}
}

// wrap makes a Message. Messages are made many at a time and not pooled: a
// pooled one that is freed twice would be somebody else's the second time.
func (s *socket) wrap(m transport.Message, p *Pipe) *Message {
	if len(s.blank) == 0 {
		s.blank = make([]Message, 32)
	}
	msg := &s.blank[0]
	s.blank = s.blank[1:]
	msg.data, msg.pipe = m, p
	return msg
}

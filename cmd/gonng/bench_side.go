package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gonng/gonng"
)

// benchSide is one side of a test: a pair socket and its only peer.
type benchSide struct {
	*bench
	socket pairSocket
	ctx    context.Context // ends with the run, or with errPeerLeft when the peer goes
	buf    []byte          // the last small message
	msg    *gonng.Message  // the last large message
	done   atomic.Int64    // of count
}

type pairSocket interface {
	gonng.Socket
	gonng.Sender
	gonng.Receiver
}

// largeMessage is from where on a message is not copied. Below that, memory of
// our own avoids even the allocation of a Message.
const largeMessage = 16<<10 + 1

var errPeerLeft = errors.New("the peer has left")

func (b *bench) openSide(ctx context.Context) (*benchSide, error) {
	s := &benchSide{bench: b}
	// nng's tools take messages of any size too.
	log, unlimited := gonng.WithLogger(b.log), gonng.WithRecvMaxSize(0)
	var err error
	if b.pair0 {
		s.socket, err = gonng.NewPair0(log, unlimited)
	} else {
		s.socket, err = gonng.NewPair1(log, unlimited)
	}
	if err != nil {
		return nil, err
	}
	if body := make([]byte, b.size); b.size < largeMessage {
		s.buf = body
	} else {
		s.msg = gonng.NewMessage(body)
	}
	var left context.CancelCauseFunc
	s.ctx, left = context.WithCancelCause(ctx)
	s.socket.OnPipe(gonng.PipeClosed, func(*gonng.Pipe) { left(errPeerLeft) })
	return s, nil
}

func (s *benchSide) close() { _ = s.socket.Close() }

// listen says what to start at the other side, and returns the URL for it.
func (s *benchSide) listen(ctx context.Context, url string) (string, error) {
	l, err := s.socket.Listen(ctx, url)
	if err != nil {
		return "", err
	}
	if !s.silent && !s.mode.bothSides() {
		fmt.Fprintf(s.err, "waiting for: gonng bench %s %s %d %d\n", s.mode.partner()+s.protocolOption(), l.URL(), s.size, s.count)
	}
	return l.URL(), nil
}

func (s *benchSide) protocolOption() string {
	if s.pair0 {
		return " --pair0"
	}
	return ""
}

func (s *benchSide) dial(ctx context.Context, url string) error {
	_, err := s.socket.Dial(ctx, url, gonng.WithDialMode(gonng.DialWait))
	if errors.Is(err, gonng.ErrConnectionRefused) {
		return fmt.Errorf("%w; start this at the other side first: gonng bench %s %s %d %d",
			err, s.mode.partner()+s.protocolOption(), url, s.size, s.count)
	}
	return err
}

// send sends the last message again, or at first one of zeros.
func (s *benchSide) send() error {
	if s.msg == nil {
		return s.explain(s.socket.Send(s.ctx, s.buf))
	}
	m := s.msg.Clone()
	err := s.socket.SendMsg(s.ctx, m)
	if err != nil {
		m.Free()
	}
	return s.explain(err)
}

// recv receives the next message and checks its size.
func (s *benchSide) recv() error {
	if s.msg == nil {
		n, err := s.socket.RecvInto(s.ctx, s.buf)
		if err == nil && n == s.size {
			return nil
		}
		if err == nil {
			return s.wrongSize(n)
		}
		if !errors.Is(err, gonng.ErrMessageTooLarge) && !errors.Is(err, errPeerLeft) {
			return err
		}
	}
	m, err := s.next(s.ctx)
	if err != nil {
		return s.explain(err)
	}
	if len(m.Bytes()) != s.size {
		defer m.Free()
		return s.wrongSize(len(m.Bytes()))
	}
	if s.msg == nil {
		copy(s.buf, m.Bytes())
		m.Free()
	} else {
		s.msg.Free()
		s.msg = m
	}
	return nil
}

// next receives a message of any size, also one that a peer has left behind.
func (s *benchSide) next(ctx context.Context) (*gonng.Message, error) {
	m, err := s.socket.RecvMsg(ctx)
	if errors.Is(err, errPeerLeft) {
		if m, try := s.socket.TryRecvMsg(); try == nil {
			return m, nil
		}
	}
	return m, err
}

func (s *benchSide) wrongSize(n int) error {
	if s.mode.bothSides() {
		return fmt.Errorf("a message of %d bytes arrived, not of %d: somebody else uses %s", n, s.size, s.url)
	}
	return fmt.Errorf("a message of %d bytes arrived, not of %d: the other side must run %s with the same size",
		n, s.size, s.mode.partner())
}

// explain says what to do about a peer that has left.
func (s *benchSide) explain(err error) error {
	if !errors.Is(err, errPeerLeft) {
		return err
	}
	if s.mode.bothSides() {
		return errPeerLeft
	}
	return fmt.Errorf("%w after %d of %d %s: it must run %s with the same size and count, and have no other peer",
		errPeerLeft, s.done.Load(), s.count, s.mode.counted, s.mode.partner())
}

// farewell waits until the peer has left: then it has received everything.
func (s *benchSide) farewell() {
	select {
	case <-s.ctx.Done():
	case <-time.After(time.Second): // it need not
	}
}

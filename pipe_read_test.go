package gonng

import (
	"errors"
	"testing"

	"github.com/gonng/gonng/transport"
)

// TestCloseLeavesReading: while a socket closes, the pipe's goroutine reads what nobody reads,
// and leaves a connection that a receiver reads to that: it would hold the receiver up.
func TestCloseLeavesReading(t *testing.T) {
	for before, after := range map[reading]reading{paused: byPipe, lent: byPipe, byReceiver: byReceiver} {
		pull, err := NewPull0()
		if err != nil {
			t.Fatal(err)
		}
		s := pull.socket
		p := &Pipe{s: s, conn: untouchable{t: t}, room: make(chan struct{}, 1)}
		p.init(1)
		s.lock()
		p.place = s.pipes.add(p)
		p.reading = before
		s.unlock()
		s.shut()
		s.lock()
		if p.reading != after || len(p.room) == 1 != (after == byPipe) {
			t.Errorf("reading %d becomes %d with %d tokens for the pipe's goroutine, want %d", before, p.reading, len(p.room), after)
		}
		s.pipes.remove(p.place)
		s.unlock()
		if err := pull.Close(); err != nil {
			t.Error(err)
		}
	}
}

// endless is a connection at which there is always one more message.
type endless struct {
	untouchable
	reads int
}

func (c *endless) TryRead(dst []transport.Message) []transport.Message {
	if c.reads++; c.reads == 100 {
		c.t.Error("whoever does not want to wait reads on and on")
	}
	if c.reads >= 100 {
		return dst
	}
	return append(dst, transport.NewMessage([]byte("of another topic")))
}

// TestTryRecvReturns: while what comes is not for the caller, a call that must not wait reads
// once, and leaves the reading to the pipe's goroutine.
func TestTryRecvReturns(t *testing.T) {
	sub, err := NewSub0()
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	if err := sub.Subscribe("topic"); err != nil {
		t.Fatal(err)
	}
	s := sub.socket
	c := &endless{untouchable: untouchable{t: t}}
	p := &Pipe{s: s, conn: c, tryReader: c, room: make(chan struct{}, 1)}
	p.init(1)
	s.lock()
	p.place = s.pipes.add(p)
	p.lendLocked()
	s.unlock()
	if _, err := sub.TryRecv(); !errors.Is(err, ErrTryAgain) {
		t.Errorf("the error is %v, want ErrTryAgain", err)
	}
	s.lock()
	if c.reads != 1 || p.reading != byPipe || len(p.room) != 1 {
		t.Errorf("after %d reads the reading is %d, with %d tokens for the pipe's goroutine", c.reads, p.reading, len(p.room))
	}
	s.pipes.remove(p.place)
	s.unlock()
}

package gonng

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/gonng/gonng/internal/sp"
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

// TestEndWakesReader: the pipe's goroutine, which waits until it may read on, hears of the end
// of the pipe, whether that begins before it waits or after. Without a connection that
// anybody reads, nothing else would tell it.
func TestEndWakesReader(t *testing.T) {
	pull, err := NewPull0()
	if err != nil {
		t.Fatal(err)
	}
	defer pull.Close()
	for name, leave := range map[string]func(*Pipe){"paused": (*Pipe).pauseLocked, "lent": (*Pipe).lendLocked} {
		for _, endsFirst := range []bool{true, false} {
			p := &Pipe{s: pull.socket, conn: untouchable{t: t}}
			p.init(1)
			wait := func() {
				p.s.lock()
				defer p.s.unlock()
				leave(p)
			}
			if endsFirst {
				p.closeWith(ErrClosed)
				wait()
			} else {
				wait()
				p.closeWith(ErrClosed)
			}
			if len(p.room) != 1 {
				t.Errorf("%s, the end comes first: %v: the pipe's goroutine is not woken", name, endsFirst)
			}
			<-p.closing()
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
	p := &Pipe{s: s, conn: c, room: make(chan struct{}, 1)}
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

// TestArrivedIsForgotten: a pipe keeps no message that it has delivered.
func TestArrivedIsForgotten(t *testing.T) {
	pull, err := NewPull0()
	if err != nil {
		t.Fatal(err)
	}
	defer pull.Close()
	p := &Pipe{s: pull.socket, conn: untouchable{t: t}, room: make(chan struct{}, 1)}
	p.init(1)
	p.arrived = append(p.arrived, transport.NewMessage([]byte("1")), transport.NewMessage([]byte("2")))
	p.deliverArrived()
	for _, m := range p.arrived {
		if m.Data != nil {
			t.Errorf("the pipe keeps message %s", m.Data)
		}
	}
	for range 2 {
		if _, err := pull.Recv(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestReceiverTakesTurns: a receiver that finds a message each time lets others run, long
// before the runtime would stop it.
func TestReceiverTakesTurns(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	pull, err := NewPull0(WithRecvBuffer(2*turnMessages), WithListen("inproc://TestReceiverTakesTurns"))
	if err != nil {
		t.Fatal(err)
	}
	defer pull.Close()
	push, err := NewPush0(WithDial("inproc://TestReceiverTakesTurns"))
	if err != nil {
		t.Fatal(err)
	}
	defer push.Close()
	for range 2 * turnMessages {
		if err := push.Send(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := push.Close(); err != nil { // all have arrived
		t.Fatal(err)
	}
	var ran atomic.Bool
	go ran.Store(true)
	for n := 0; !ran.Load(); n++ {
		if _, err := pull.TryRecv(); err != nil || n > turnMessages {
			t.Fatalf("after %d messages nobody else has run, %v", n, err)
		}
	}
}

// TestReaderTakesTurns: the goroutine that reads lets others run after much, and not after a
// message of a peer that is answered at once.
func TestReaderTakesTurns(t *testing.T) {
	sub, err := NewSub0()
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	for size, want := range map[int]bool{100: false, turnBytes: true} {
		p := pipeOver(sub.socket, once{untouchable{t: t}, size})
		if more, yield, err := p.readBatch(); !more || yield != want || err != nil {
			t.Errorf("after %d bytes the reader lets others run: %v (more %v, %v), want %v", size, yield, more, err, want)
		}
	}
}

// TestSubTurn: a connection hands a Sub0 no more messages at a time than make a turn, however many
// have come.
func TestSubTurn(t *testing.T) {
	for _, scheme := range []string{"tcp", "ws"} {
		t.Run(scheme, func(t *testing.T) {
			pub, err := NewPub0()
			if err != nil {
				t.Fatal(err)
			}
			defer pub.Close()
			l, err := pub.Listen(t.Context(), scheme+"://127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			to, err := parseURL(l.URL())
			if err != nil {
				t.Fatal(err)
			}
			cfg := DefaultConfig(ProtocolSub0)
			conn, err := to.dial(t.Context(), cfg.transport(ProtocolSub0))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := pub.WaitPeers(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			const messages = 8 * sp.SubTurn
			for range messages {
				if err := pub.Send(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			}
			for got := 0; got < messages; {
				batch, err := conn.Read(nil)
				if len(batch) > sp.SubTurn || err != nil {
					t.Fatalf("a read returned %d messages and %v, want %d at most", len(batch), err, sp.SubTurn)
				}
				got += len(batch)
				release(batch)
			}
		})
	}
}

// piecemeal is a protocol that takes one message at a time, after it has called before.
type piecemeal struct {
	sp.Protocol
	before func()
}

func (x piecemeal) Deliver(p *sp.Peer, batch []transport.Message) (int, bool) {
	x.before()
	return x.Protocol.Deliver(p, batch[:1])
}

// TestStatsBetweenParts: while a protocol takes a batch in parts, what it has not taken yet does
// not count as received: it is in no other counter.
func TestStatsBetweenParts(t *testing.T) {
	pull, err := NewPull0()
	if err != nil {
		t.Fatal(err)
	}
	defer pull.Close()
	s := pull.socket
	p := pipeOver(s, untouchable{t: t})
	taken := uint64(0)
	countsTaken := func(received, bytes uint64) {
		if received != taken || bytes != 2*taken {
			t.Errorf("%d messages of %d bytes count as received when %d of 2 bytes are taken", received, bytes, taken)
		}
	}
	s.proto = piecemeal{s.proto, func() {
		countsTaken(s.stats.Received, s.stats.ReceivedBytes)
		countsTaken(p.received.messages, p.received.bytes)
		taken++
	}}
	p.deliver([]transport.Message{transport.NewMessage([]byte("12")), transport.NewMessage([]byte("34")), transport.NewMessage([]byte("56"))})
	st := pull.Stats()
	if countsTaken(st.Received, st.ReceivedBytes); taken != 3 || st.RecvQueue != 3 {
		t.Errorf("%d messages are taken and %d wait, want 3", taken, st.RecvQueue)
	}
}

// once is a connection with one message of size bytes.
type once struct {
	untouchable
	size int
}

func (c once) Read(dst []transport.Message) ([]transport.Message, error) {
	return append(dst, transport.NewMessage(make([]byte, c.size))), nil
}

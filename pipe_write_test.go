package gonng

import (
	"net"
	"slices"
	"testing"

	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/transport"
)

// untouchable is a connection that fails the test when it is written to.
type untouchable struct {
	transport.Conn
	t *testing.T
}

func (c untouchable) NewBatch() transport.Batch { return new(transport.List) }
func (c untouchable) RemoteAddr() net.Addr      { return new(net.TCPAddr) }
func (c untouchable) Close() error              { return nil }
func (c untouchable) Write(transport.Batch) error {
	c.t.Error("the writer goroutine writes")
	return nil
}
func (c untouchable) TryWrite(transport.Batch) (bool, error) {
	c.t.Error("a sender writes")
	return true, nil
}

// pipeOver is a pipe of s over a connection, which the socket does not list.
func pipeOver(s *socket, c transport.Conn) *Pipe {
	p := &Pipe{s: s, conn: c}
	p.init(1)
	return p
}

// TestNobodyWritesAfterJoin: join returns to the goroutine that then drops the batches. A
// sender that has the writing token since before the end of the pipe, and comes late, leaves
// the batches alone.
func TestNobodyWritesAfterJoin(t *testing.T) {
	for name, write := range map[string]func(*Pipe){
		"by a sender": func(p *Pipe) { p.writeInline() },
		"by the flusher": func(p *Pipe) {
			p.take()
			p.writeTaken(1)
		},
		"by the writer": func(p *Pipe) {
			for range 20 { // select chooses at random between the token and the end
				p.kicked, p.written = make(chan struct{}, 1), make(chan struct{})
				p.kicked <- struct{}{}
				p.write(nil)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			push, err := NewPush0()
			if err != nil {
				t.Fatal(err)
			}
			defer push.Close()
			s := push.socket
			p := pipeOver(s, untouchable{t: t})
			s.lock()
			s.proto.Attach(&p.peer)
			s.endpoint.core.Offer(&sp.Message{Data: transport.NewMessage([]byte("x"))})
			s.core.Effects.TakeFlushes() // with the writing token of p
			s.detachLocked(&p.peer)
			s.unlock()
			p.closeWith(ErrClosed)
			p.join()
			write(p)
			if n := p.peer.Unsent(); n != 1 {
				t.Errorf("%d messages are left to be dropped, want 1", n)
			}
		})
	}
}

// inParts is a connection that takes whatever it is offered, and notes the parts.
type inParts struct {
	untouchable
	parts *[]written
}

// written is a part of a batch that a connection has taken.
type written struct {
	to    *inParts
	bytes int
}

func (c *inParts) NewBatch() transport.Batch { return new(counted) }
func (c *inParts) TryWritePart(b transport.Batch, max int) (int, error) {
	n := b.(*counted).take(max)
	*c.parts = append(*c.parts, written{c, n})
	return n, nil
}
func (c *inParts) Abandon(b transport.Batch) { b.(*counted).abandon() }

// counted is a batch that counts its bytes.
type counted struct{ messages, size, left int }

func (b *counted) Append(_, body []byte)                       { b.add(len(body)) }
func (b *counted) AppendMessage(_ []byte, m transport.Message) { b.add(len(m.Data)) }
func (b *counted) Len() int                                    { return b.messages }
func (b *counted) Size() int                                   { return b.size }
func (b *counted) Reset()                                      { *b = counted{} }

func (b *counted) add(n int) {
	b.messages++
	b.size += n
	b.left += n
}

// take takes max bytes at most away, and empties the batch with the last of them.
func (b *counted) take(max int) int {
	n := min(b.left, max)
	if b.left -= n; b.left == 0 {
		b.Reset()
	}
	return n
}

// abandon leaves the messages that were not taken whole; all are of the same size.
func (b *counted) abandon() {
	each := b.size / b.messages
	b.messages = (b.left + each - 1) / each
}

// TestPartIsCounted: when a pipe ends whose batch was written in part, what was not written
// whole is counted, and nothing else.
func TestPartIsCounted(t *testing.T) {
	pub, err := NewPub0()
	if err != nil {
		t.Fatal(err)
	}
	defer pub.Close()
	s := pub.socket
	p := pipeOver(s, &inParts{untouchable{t: t}, new([]written)})
	s.lock()
	s.proto.Attach(&p.peer)
	for range 10 {
		s.endpoint.core.Offer(&sp.Message{Data: transport.NewMessage(make([]byte, 100))})
	}
	s.core.Effects.TakeFlushes() // with the writing token of p
	s.unlock()
	if !p.take() || !p.writeTaken(350) {
		t.Fatal("350 of 1000 bytes are not written in part")
	}
	s.lock()
	s.detachLocked(&p.peer)
	s.unlock()
	p.closeWith(ErrClosed)
	p.join()
	s.lock()
	defer s.unlock()
	if n := p.peer.Discard(); n != 7 {
		t.Errorf("%d messages are unsent, want 7", n)
	}
}

// TestFlusherGoesRound: with much to write for each of many peers, each gets a part in every
// round, and a round is bounded.
func TestFlusherGoesRound(t *testing.T) {
	const peers, each, messages = 64, 64 << 10, 40 // 2.5 MiB a peer
	pub, err := NewPub0()
	if err != nil {
		t.Fatal(err)
	}
	defer pub.Close()
	s := pub.socket
	var parts []written
	for range peers {
		p := pipeOver(s, &inParts{untouchable{t: t}, &parts})
		s.lock()
		s.proto.Attach(&p.peer)
		s.unlock()
	}
	s.lock()
	for range messages {
		s.endpoint.core.Offer(&sp.Message{Data: transport.NewMessage(make([]byte, each))})
	}
	flushes := s.core.Effects.TakeFlushes()
	s.unlock()
	s.toFlush.add(func() {}, pipesOf(flushes))
	s.runFlusher(nil)
	total := 0
	for round := range slices.Chunk(parts, peers) {
		seen, bytes := map[*inParts]bool{}, 0
		for _, w := range round {
			seen[w.to] = true
			bytes += w.bytes
		}
		if len(seen) != peers || bytes > roundBytes {
			t.Fatalf("after %d bytes a round has %d bytes for %d of %d peers, at most %d are allowed", total, bytes, len(seen), peers, roundBytes)
		}
		total += bytes
	}
	if total != peers*messages*each {
		t.Errorf("%d bytes are written, want %d", total, peers*messages*each)
	}
}

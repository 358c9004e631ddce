package gonng

import (
	"net"
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

// TestNobodyWritesAfterJoin: join returns to the goroutine that then drops the batches. A
// sender that has the writing token since before the end of the pipe, and comes late, leaves
// the batches alone.
func TestNobodyWritesAfterJoin(t *testing.T) {
	for name, write := range map[string]func(*Pipe){
		"by a sender": func(p *Pipe) { p.writeInline() },
		"by the flusher": func(p *Pipe) {
			p.take()
			p.writeTaken()
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
			p := &Pipe{s: s, conn: untouchable{t: t}}
			p.init(1)
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

package gonng

import (
	"slices"

	"github.com/gonng/gonng/transport"
)

// balance sends each message to one peer that can take it, in turn.
type balance struct {
	pipes   []*Pipe
	turn    int
	senders waitList
}

func (b *balance) attach(p *Pipe) error {
	b.pipes = append(b.pipes, p)
	b.senders.wakeOne()
	return nil
}

func (b *balance) detach(p *Pipe) {
	if i := slices.Index(b.pipes, p); i >= 0 {
		b.pipes = slices.Delete(b.pipes, i, i+1)
		if i < b.turn {
			b.turn--
		}
	}
}

func (b *balance) writable(*Pipe)  { b.senders.wakeOne() }
func (b *balance) room() *waitList { return &b.senders }
func (b *balance) wake()           { b.senders.wakeAll() }

func (b *balance) ready() bool {
	return slices.ContainsFunc(b.pipes, func(p *Pipe) bool { return p.out.would().accepted() })
}

// send returns who took the message, or errWait. The pipe has to be flushed
// when token is true.
func (b *balance) send(header []byte, body *transport.Message) (p *Pipe, token bool, err error) {
	for range b.pipes {
		if b.turn >= len(b.pipes) {
			b.turn = 0
		}
		p := b.pipes[b.turn]
		b.turn++
		if r := p.out.put(header, body); r.accepted() {
			return p, r == putToken, nil
		}
	}
	return nil, false, errWait
}

// flushing is the chain of pipes to flush for one that took a message.
func flushing(p *Pipe, token bool) *Pipe {
	if !token {
		return nil
	}
	return p
}

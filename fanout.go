package gonng

import (
	"slices"

	"github.com/gonng/gonng/transport"
)

// fanout sends each message to every peer; one whose queue is full loses it.
type fanout struct {
	s      *socket
	pipes  []*Pipe
	nobody waitList // a fan-out never waits
}

func (f *fanout) attach(p *Pipe) error {
	f.pipes = append(f.pipes, p)
	return nil
}

func (f *fanout) detach(p *Pipe) {
	f.pipes = slices.DeleteFunc(f.pipes, func(x *Pipe) bool { return x == p })
}

func (f *fanout) writable(*Pipe)  {}
func (f *fanout) room() *waitList { return &f.nobody }
func (f *fanout) ready() bool     { return true }
func (f *fanout) inline() bool    { return f.s.quiet() }

// send returns the pipes to flush.
func (f *fanout) send(header []byte, body *transport.Message, except *Pipe) (flush *Pipe) {
	for _, p := range f.pipes {
		if p == except {
			continue
		}
		switch p.out.put(header, body) {
		case putFull:
			f.s.droppedFull(p)
		case putToken:
			p.at.slow.end() // the queue was empty
			p.next, flush = flush, p
		}
	}
	return flush
}

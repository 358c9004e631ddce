package gonng

import "github.com/gonng/gonng/transport"

// answers is the pattern of rep and respondent: questions from all peers,
// fairly, each with a backtrace, and each answer to the peer that the question
// came from.
type answers struct {
	fairQueue
	s       *socket
	senders waitList
}

// answer is the state of a context: where the next answer goes.
type answer struct {
	of        *answers
	to        *Pipe // nil: there is no question
	backtrace []byte
}

func newAnswers(s *socket) (*answers, *answer) {
	a := &answers{s: s}
	return a, &answer{of: a}
}

func (x *answers) attach(*Pipe) error { return nil }
func (x *answers) detach(*Pipe)       { x.senders.wakeAll() } // answers to it are dropped now
func (x *answers) writable(*Pipe)     { x.senders.wakeAll() }

func (x *answers) deliver(p *Pipe, batch []transport.Message) bool {
	return x.fairQueue.deliver(p, x.s.keep(p, batch, x.s.backtrace))
}

func (x *answers) wake() {
	x.senders.wakeAll()
	x.fairQueue.wake()
}

func (a *answer) pop(max int, m *Message) error {
	err := a.of.pop(max, m)
	if err == nil {
		a.to = m.pipe
		a.backtrace = append(a.backtrace[:0], m.data.Data[:m.data.Header]...)
	}
	return err
}

func (a *answer) arrivals() *waitList { return a.of.arrivals() }
func (a *answer) more() bool          { return a.of.more() }

func (a *answer) offer(m *outgoing) (*Pipe, error) {
	if a.to == nil {
		return nil, errorf(ErrBadState, "there is nothing to answer: receive first")
	}
	result := a.to.out.put(a.backtrace, &m.body)
	switch result {
	case putFull:
		return nil, errWait
	case putGone:
		a.of.s.drop(noPeer, 1, a.to)
	}
	p := a.to
	a.to = nil
	return flushing(p, result == putToken), nil
}

func (a *answer) room() *waitList { return &a.of.senders }
func (a *answer) ready() bool     { return a.to != nil && a.to.out.would() != putFull }

// inline: answers share a write while more questions are waiting.
func (a *answer) inline() bool { return !a.of.more() }

// abandon gives the question up.
func (a *answer) abandon() {
	a.to = nil
	a.of.wake()
}

package gonng

import (
	"errors"

	"github.com/gonng/gonng/transport"
)

// pattern is what a protocol adds to a socket. Most are put together from
// balance and fairQueue. The socket's mutex is held in every method.
type pattern interface {
	// attach is a new peer; an error refuses it.
	attach(p *Pipe) error
	// detach is a peer that has gone, or can be sent to no more: perhaps twice.
	detach(p *Pipe)
	// deliver takes over messages that p sent, but not the slice. It returns
	// false to pause p; p.resume goes on.
	deliver(p *Pipe, batch []transport.Message) bool
	// writable says that p has room again.
	writable(p *Pipe)
	// wake wakes everybody who waits: the socket was closed.
	wake()
}

// neverSends is the part of a pattern that has nothing to send: whom it is
// connected to does not matter.
type neverSends struct{}

func (neverSends) attach(*Pipe) error { return nil }
func (neverSends) detach(*Pipe)       {}
func (neverSends) writable(*Pipe)     {}

// target is where a sender's messages go. The socket's mutex is held.
type target interface {
	// offer hands m to whoever can take it now and returns the pipes that the
	// caller must flush. errWait: nobody can, and m is as it was; wait on room.
	offer(m *outgoing) (flush *Pipe, err error)
	room() *waitList
	// ready reports whether offer would find somebody; if not, the socket is
	// told of a change.
	ready() bool
	// inline says whether to write at once instead of gathering.
	inline() bool
}

// outgoing is a message on its way to a peer. Like Message on the way in it is
// passed by reference: copying it from call to call took longer than all else.
type outgoing struct {
	body transport.Message
	pipe *Pipe // where the program wants it to go, or nil
	// traced: the ID of pipe stands before the header, see Message.
	traced bool
}

// source is where a receiver's messages come from. The socket's mutex is held.
type source interface {
	// pop puts the next message into m, which is empty. errWait: there is none;
	// wait on arrivals. When its body is larger than max it stays, and the
	// error is tooSmall. If there is more, the next who waits is woken.
	pop(max int, m *Message) error
	arrivals() *waitList
	// more reports whether another pop would find something.
	more() bool
}

var errWait = errors.New("gonng: wait")

func tooSmall(size, max int) error {
	return errorf(ErrMessageTooLarge, "the message has %d bytes, the buffer %d", size, max)
}

// Package sp has the Scalability Protocols as state machines: the eleven protocols,
// cooked and raw. They have no lock, no goroutine, no timer and no I/O. Package gonng,
// the shell, calls them under the lock of a socket, and afterwards carries out what they
// leave in [Effects]. A test or a simulation calls them in a loop.
//
// A [Protocol] is the part of a socket that its peers meet, an [Endpoint] the part
// where the program sends and receives: the socket itself or one of its
// contexts. A [Peer] is one connection.
package sp

import (
	"time"

	"github.com/gonng/gonng/internal/msg"
)

// Config has the options that the program has set for a socket or a context.
type Config struct {
	RecvBuffer  int // messages; 0: as many as the memory of the queue allows
	SendBuffer  int
	TTL         int
	ResendTime  time.Duration // 0: never
	SurveyTime  time.Duration
	PreferNew   bool
	Polyamorous bool
}

// Protocol is the state machine of a socket. Peers come (Admit, Attach), deliver,
// get room again ([Peer.Take]) and go (Detach).
type Protocol interface {
	// Base is the part that all protocols share.
	Base() *Core
	// NewEndpoint makes the endpoint of a context. The first one is the socket's own.
	NewEndpoint() Endpoint
	// Admit decides whether p may become a peer and reserves its place, which Detach
	// gives back. When it answers Busy because of another peer that may have
	// gone, the shell asks the kernel whether it has, detaches it and asks again.
	Admit(p *Peer) (v Verdict, other *Peer)
	// Attach makes p, which was admitted, a peer.
	Attach(p *Peer)
	// Detach ends p, which has gone, or which cannot be sent to any more. A second
	// Detach is harmless.
	Detach(p *Peer)
	// Retire prepares the end of p: nothing new is sent to p, nor received from it where
	// that would have to be answered. Peer.Busy tells whether answers are still to come.
	Retire(p *Peer)
	// Deliver takes over the first n messages of a batch from p, at least one, but
	// not the slice. The shell releases the lock for a moment and delivers the rest.
	// more reports whether p may be read on; if not, the effect resume tells when.
	Deliver(p *Peer, batch []msg.Message) (n int, more bool)
	// TooLarge tells that a message of size bytes from p, which begins with head, was
	// above the limit and skipped.
	TooLarge(p *Peer, head []byte, size uint64)
	// Expire does everything that is due now.
	Expire()
	// Next is the time at which something is due next, or 0.
	Next() int64
	// FansOut reports whether each message is sent to all peers: one that has no room
	// loses it.
	FansOut() bool
	// Configure sets the socket's configuration.
	Configure(cfg Config)
	// Close ends all waits with Closed.
	Close()

	// writable tells that the outbox of p has room again.
	writable(p *Peer)
}

// Endpoint is where a program sends and receives.
type Endpoint interface {
	// Offer hands m to the peers that can take it now; the effects say which
	// of them to flush. Wait: no peer can, and m is as it was; wait in Room.
	Offer(m *Message) Verdict
	// Pop moves the next message into m, which is empty. Wait: there is none; Await
	// one. TooSmall: its body is larger than max, and it stays the next. w is the
	// caller's waiter if it has waited.
	Pop(m *Message, max int, w *Waiter) Verdict
	// Await queues w for the next message.
	Await(w *Waiter)
	// End is the end of a receive that has waited as w.
	End(w *Waiter)
	// Room is where senders wait.
	Room() *Waiters
	// CanSend and CanRecv report whether an Offer or a Pop would not have to wait.
	CanSend() bool
	CanRecv() bool
	// Pace says when what was offered is to be written.
	Pace() Pace
	// GiveUp is a receive that ended before there was something for it, after its End
	// if it has waited.
	GiveUp()
	// Configure sets the configuration of a context.
	Configure(cfg Config)
	// Close gives up the endpoint's question and ends all waits there with Closed.
	Close()
}

// Message is a message on its way through a socket.
type Message struct {
	Data msg.Message
	// Peer is where a received message came from, or where the program wants a
	// message to go; nil: wherever the protocol sends it.
	Peer *Peer
	// Traced says that the ID of Peer stands before the header, though not in Data: a raw
	// socket has put it there.
	Traced bool
}

// Pace says when a message that a peer's outbox has accepted is to be written.
type Pace uint8

const (
	ByClock Pace = iota // at once, unless the socket sends one after the other
	AtOnce              // a caller waits for the answer, and nothing else is under way
	Gather              // together with what follows
)

// Verdict is what became of a call. The shell has the words for it.
type Verdict uint8

const (
	OK            Verdict = iota
	Wait                  // not now
	Closed                // the socket or the context is closed
	Busy                  // a pair has its peer
	TooSmall              // the buffer, for a message of Core.Size bytes
	TooLarge              // the reply, of Core.Size bytes, for the limit
	NoRequest             // there is nothing to receive a reply to
	NoSurvey              // there is nothing to receive a response to
	NoQuestion            // there is nothing to answer
	Receiving             // another receive waits for the same
	Replaced              // another question has replaced this one
	SurveyOver            // the survey time is over
	PeerGone              // the peer with the request has gone, and resending is off
	OtherSocket           // the message's pipe belongs to another socket
	BadHeader             // the message that a program sends has a bad header
	CannotSend            // the protocol does not send
	CannotReceive         // the protocol does not receive
	verdicts              // the number of verdicts
)

// Verdicts is the number of verdicts, for tables.
const Verdicts = int(verdicts)

// Core is the part that all protocols share.
type Core struct {
	// Clock tells the time in nanoseconds, Random numbers that a peer cannot
	// guess. The shell sets them before anything else.
	Clock  func() int64
	Random func() uint32
	// Effects is what the shell has to carry out.
	Effects Effects
	// Counters count what was dropped, and what waits.
	Counters Counters
	// Size is the size of the message that was last put into an outbox, with its header.
	// After TooSmall and TooLarge it is the size of that message.
	Size uint64

	cfg   Config
	spare spares
}

// Base implements Protocol.
func (c *Core) Base() *Core { return c }

// Most protocols do nothing at some of the events. These methods are for them.

func (c *Core) Admit(*Peer) (Verdict, *Peer)   { return OK, nil }
func (c *Core) Attach(*Peer)                   {}
func (c *Core) Detach(*Peer)                   {}
func (c *Core) Retire(p *Peer)                 { p.retire() }
func (c *Core) TooLarge(*Peer, []byte, uint64) {}
func (c *Core) Expire()                        {}
func (c *Core) FansOut() bool                  { return false }
func (c *Core) Next() int64                    { return 0 }
func (c *Core) Configure(cfg Config)           { c.cfg = cfg }
func (c *Core) writable(*Peer)                 {}

// sole is for protocols without contexts: the socket itself is their only endpoint.
type sole struct{}

func (sole) End(*Waiter) {}
func (sole) GiveUp()     {}
func (sole) Pace() Pace  { return ByClock }

// Counters count, since the socket was made, the messages that were dropped, by reason.
// The last four are numbers of the present.
type Counters struct {
	TTLExceeded, Unexpected, LateReplies, NoPeer uint64
	DroppedFull, Filtered, Malformed, Resends    uint64
	Unsent                                       uint64 // held while no peer was connected, and never sent

	SendQueue   int // messages that wait to be written
	RecvQueue   int // messages that wait to be received
	Outstanding int // requests or surveys that wait for answers
	Topics      int // topics that a Sub and its contexts have subscribed to
}

// Package sp is what the Scalability Protocols are: the eleven protocols, cooked
// and raw, as state machines. They have no lock, no goroutine, no timer and no
// I/O. Package gonng, the shell, calls them under the lock of a socket and
// carries out afterwards what they leave in [Effects]. A test or a simulation
// calls them in a loop.
//
// A [Protocol] is the part of a socket that its peers meet, an [Endpoint] the part
// where the program sends and receives: the socket itself or one of its
// contexts. A [Peer] is one connection.
package sp

import (
	"time"

	"github.com/gonng/gonng/internal/msg"
)

// Config is what the program has set for a socket or a context.
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
	// Attach is a peer that was admitted.
	Attach(p *Peer)
	// Detach is a peer that has gone, or that cannot be sent to any more. Twice is
	// harmless.
	Detach(p *Peer)
	// Deliver takes over the first n messages of a batch from p, at least one, but
	// not the slice; the shell lets others have the lock and delivers the rest.
	// more reports whether p may be read on; if not, the effect resume tells when.
	Deliver(p *Peer, batch []msg.Message) (n int, more bool)
	// TooLarge is a message of size bytes from p, beginning with head, that was
	// above the limit and skipped.
	TooLarge(p *Peer, head []byte, size uint64)
	// Expire does what is due; Next is when something is due next, or 0.
	Expire()
	Next() int64
	// FansOut reports whether each message is sent to all peers: one that has no room
	// loses it.
	FansOut() bool
	// Configure sets the socket's configuration.
	Configure(cfg Config)
	// Close fails everybody who waits with Closed.
	Close()

	// writable is a peer whose outbox has room again.
	writable(p *Peer)
}

// Endpoint is where a program sends and receives.
type Endpoint interface {
	// Offer hands m to the peers that can take it now; the effects say which
	// of them to flush. Wait: nobody can, and m is as it was; wait in Room.
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
	// Close gives up what the endpoint was doing and fails everybody who waits
	// there with Closed.
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
	AtOnce              // somebody waits for nothing else
	Gather              // together with what follows
)

// Verdict is what became of a call. The shell has the words for it.
type Verdict uint8

const (
	OK            Verdict = iota
	Wait                  // not now
	Closed                // the socket or the context
	Busy                  // a pair has its peer
	TooSmall              // the buffer, for a message of Core.Size bytes
	TooLarge              // the reply, of Core.Size bytes, for the limit
	NoRequest             // there is nothing to receive a reply to
	NoSurvey              // there is nothing to receive a response to
	NoQuestion            // there is nothing to answer
	Receiving             // another receive waits for the same
	Replaced              // the question by another
	SurveyOver            // its time
	PeerGone              // with the request, and it is not to be sent again
	OtherSocket           // is where the message's pipe belongs
	BadHeader             // of a message that a program sends
	CannotSend            // does the protocol
	CannotReceive         // does the protocol
	verdicts              // their number
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
	// Size is of the message that was last put into an outbox, with its header, and
	// explains TooSmall and TooLarge.
	Size uint64

	cfg   Config
	spare spares
}

// Base implements Protocol.
func (c *Core) Base() *Core { return c }

// These are for protocols without such events.

func (c *Core) Admit(*Peer) (Verdict, *Peer)   { return OK, nil }
func (c *Core) Attach(*Peer)                   {}
func (c *Core) Detach(*Peer)                   {}
func (c *Core) TooLarge(*Peer, []byte, uint64) {}
func (c *Core) Expire()                        {}
func (c *Core) FansOut() bool                  { return false }
func (c *Core) Next() int64                    { return 0 }
func (c *Core) Configure(cfg Config)           { c.cfg = cfg }
func (c *Core) writable(*Peer)                 {}

// sole is the part of an endpoint that is the socket itself.
type sole struct{}

func (sole) End(*Waiter) {}
func (sole) GiveUp()     {}
func (sole) Pace() Pace  { return ByClock }

// Counters count since the socket was made what was dropped and for which reason;
// the last are present numbers.
type Counters struct {
	TTLExceeded, Unexpected, LateReplies, NoPeer uint64
	DroppedFull, Filtered, Malformed, Resends    uint64
	Unsent                                       uint64 // kept for a peer that did not come

	SendQueue   int // messages that wait to be written
	RecvQueue   int // messages that wait to be received
	Outstanding int // requests or surveys that wait for answers
}

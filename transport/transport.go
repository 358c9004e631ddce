// Package transport is the contract between gonng and what carries its bytes.
//
// A [Transport] dials and listens, and hands over a [Conn] for each connection. A Conn
// writes a batch of messages at a time, and reads as many as have arrived. A transport
// knows nothing of the messaging patterns: the socket tells it the protocol number of
// this side, the transport reports the number of the peer, and the socket decides
// whether the two fit.
//
// gonng brings its own transports (inproc, ipc, abstract,
// tcp, tls+tcp, ws, wss, socket).
// A program adds one with [Register]; its URLs then work wherever gonng takes a
// URL. gonngtest.TestTransport checks that it keeps this contract.
package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"time"
)

// Errors that a transport wraps so that gonng can tell its user what kind of
// failure it was. Errors of the operating system need no wrapping.
var (
	// ErrAddressInvalid says that the address can never work.
	ErrAddressInvalid = errors.New("address invalid")
	// ErrProtocol says that the peer broke the rules of the wire.
	ErrProtocol = errors.New("protocol error")
	// ErrWrongPeer, which is an ErrProtocol, says that the peer has turned out to
	// speak another protocol than Peer of Config. A transport whose connections
	// tell the peer's number leaves that to the socket.
	ErrWrongPeer = fmt.Errorf("%w: wrong peer", ErrProtocol)
	// ErrMessageTooLarge says that a message is larger than the receiver takes.
	ErrMessageTooLarge = errors.New("message too large")
	// ErrInvalid says that an option has a value that can never work.
	ErrInvalid = errors.New("invalid")
	// ErrCrypto says that TLS failed. What crypto/tls returns needs no wrapping.
	ErrCrypto = errors.New("cryptographic error")
	// ErrPeerAuth says that one side could not prove to the other who it is.
	// What crypto/tls returns needs no wrapping, but what a function of the
	// program that verifies peers returns does.
	ErrPeerAuth = errors.New("peer not authenticated")
	// ErrNotSupported says that the transport cannot do this, here or at all.
	ErrNotSupported = errors.New("not supported")
	// ErrBusy, in a reason to refuse a peer, says that there is no place for it now.
	ErrBusy = errors.New("busy")
	// ErrSilent says that a peer connected and closed without having sent a byte,
	// as a health check or a port scan does. It is not worth a warning.
	ErrSilent = errors.New("the peer closed the connection without a word")
)

// TooLarge is the error of a message of size bytes where limit are taken.
func TooLarge(size uint64, limit int) error {
	return fmt.Errorf("%w: the peer sent %d bytes, the limit is %d", ErrMessageTooLarge, size, limit)
}

// A Transport makes connections for the URLs of one or more schemes.
type Transport interface {
	// Options says which optional fields of Config the transport honours.
	Options() Options
	// Check reports why an address can never be dialed or listened on, without
	// trying. The error wraps ErrAddressInvalid.
	Check(scheme, address string) error
	// Dial connects to address, what follows "scheme://" in the URL, and
	// finishes the handshake. It gives up when ctx ends.
	Dial(ctx context.Context, scheme, address string, cfg *Config) (Conn, error)
	// Listen starts to listen; the address is bound when it returns.
	Listen(ctx context.Context, scheme, address string, cfg *Config) (Listener, error)
}

// A DialChecker is a Transport with addresses that can be listened on and never
// dialed, such as all interfaces of the machine.
type DialChecker interface {
	// CheckDial is Check for an address that is to be dialed.
	CheckDial(scheme, address string) error
}

// Once is a Transport whose addresses can be dialed once, because that uses them
// up. A dialer then does not try again, neither when it fails nor when the
// connection has ended.
type Once interface{ Once() }

// A Listener is a bound address. A Listener that is also an http.Handler takes peers
// from an HTTP server of the program, too.
type Listener interface {
	// Accept waits for a peer and does not wait for its handshake, so that a
	// silent peer holds up nobody. After Close it returns net.ErrClosed.
	Accept() (Incoming, error)
	// URL is where to dial, with the real port where the kernel chose one.
	URL() string
	// Addr is the address that it is bound to.
	Addr() net.Addr
	// Close unbinds the address and ends an Accept that waits. Connections that were
	// accepted stay.
	Close() error
}

// Reconfigurable is a Listener whose Config can be changed.
type Reconfigurable interface {
	// SetConfig has peers that connect from now on handled as cfg says: its
	// RecvMaxSize, and of what the transport honours the options of TCP, TLS and
	// HTTP. The protocols and what belongs to the address stay as they are.
	SetConfig(cfg *Config)
}

// Incoming is a peer that has connected and has not introduced itself yet.
type Incoming interface {
	// Handshake introduces both sides. On failure the connection is closed.
	Handshake(ctx context.Context) (Conn, error)
	// RemoteAddr is the peer's address.
	RemoteAddr() net.Addr
	// Close disconnects the peer, without a handshake.
	Close() error
}

// A Decider is an Incoming that lets the listener decide over the peer before the
// peer is answered. Hear and either Answer or Refuse are called instead of
// Handshake, within the HandshakeTimeout from the start of Hear on.
type Decider interface {
	Incoming
	// Hear waits for what the peer says of itself and does not answer. The Conn that
	// it returns knows its Protocol, addresses, TLS state, HTTP request and
	// credentials; it is not read or written before Answer, and closing it refuses
	// the peer. On failure the connection is closed.
	Hear(ctx context.Context) (Conn, error)
	// Answer takes the peer: it is what the peer's Dial waits for. On failure the
	// connection is closed.
	Answer(ctx context.Context) error
	// Refuse tells the peer, where the transport can, why it is not taken, and
	// closes the connection. ErrBusy, fs.ErrPermission and ErrWrongPeer in why are
	// told apart. A Conn whose peer has another protocol than Peer of Config is
	// refused for that, whatever why says: over a stream it gets the own protocol
	// as an answer first, so that both sides can name both.
	Refuse(why error)
}

// A Conn carries whole messages to and from one peer. At most one goroutine
// writes and one reads at a time; Close may come from any and ends both.
type Conn interface {
	// NewBatch returns an empty batch for TryWrite and Write of this Conn.
	NewBatch() Batch
	// TryWrite writes what it can without waiting and reports whether that was
	// everything; the batch keeps the rest, and is empty otherwise.
	TryWrite(Batch) (done bool, err error)
	// Write writes the batch, or what TryWrite left of it, and empties it.
	Write(Batch) error
	// Read waits for at least one message and appends to dst all that have
	// arrived. It may return messages and an error together.
	Read(dst []Message) ([]Message, error)
	// Protocol is the peer's protocol number.
	Protocol() uint16
	// LocalAddr and RemoteAddr are the addresses of this side and of the peer.
	LocalAddr() net.Addr
	RemoteAddr() net.Addr
	// Close disconnects, and ends a Read and a Write that wait.
	Close() error
}

// A Direct connection has no Read: the goroutine that writes at the other end calls
// deliver, which saves a goroutine switch a message.
type Direct interface {
	// Receive is called once. The connection passes messages to deliver and its end to
	// closed. The messages belong to deliver, the slice does not. After deliver has
	// returned false, it is not called again before Resume.
	Receive(deliver func([]Message) bool, closed func(error))
	// Resume has the connection deliver again after deliver has returned false.
	Resume()
}

// A TryReader is a Conn that can be read without waiting. While messages come faster than
// they are received, the receiver then reads the connection by itself, which saves two
// goroutine switches a batch.
type TryReader interface {
	// TryRead is Read that returns dst as it is when no whole message has
	// arrived. What ended the connection is left for Read to tell.
	TryRead(dst []Message) []Message
}

// An Interrupter is a Conn whose Read can be interrupted. A receiver that waits for a
// message of the only peer then reads the connection by itself, which saves two
// goroutine switches a message.
type Interrupter interface {
	// Interrupt makes a Read that waits return without a message and without an error.
	// If no Read waits, the next one may return like that. A Read that would wait and
	// could not be interrupted returns like that, too, and only the next one waits.
	Interrupt()
}

// A Borrower is a Conn that can write bodies from memory that is lent to it for the time of
// the call.
type Borrower interface {
	// WriteBorrowed is Write that reads no body any more when it returns, whether all is
	// written or not. It stops when ctx ends, or when the peer takes so little that a copy
	// costs nothing beside that. Then it reports false: the batch has copied what was left
	// of the bodies, and Write goes on with that.
	WriteBorrowed(ctx context.Context, b Batch) (done bool, err error)
}

// A PartWriter is a Conn that can write a part of a batch, so that one peer of many does not
// keep the others waiting.
type PartWriter interface {
	// TryWritePart is TryWrite that writes max bytes at most, and returns how many it wrote.
	// When it wrote fewer and the batch is not empty, the kernel has no more room: Write goes on.
	TryWritePart(b Batch, max int) (written int, err error)
	// Abandon is called when b will not be written on: it reduces Len to the messages that
	// were not written whole.
	Abandon(b Batch)
}

// A Finisher is a Conn whose Close can destroy what was written before, if the
// peer is sending at the time: TCP resets the connection then.
type Finisher interface {
	// Finish says that nothing more will be written. If it reports true the
	// caller should read to the end before Close.
	Finish() bool
}

// A Skipper is a Conn that can skip a message that is too large, and go on.
type Skipper interface {
	// SkipTooLarge has messages above RecvMaxSize, up to SkipFactor times it, skipped
	// instead of ending the connection. It is called once, before the first Read or
	// Receive. For each message that is skipped, the goroutine that reads or delivers
	// calls tell with the first bytes of the message, up to SkipHead, and its size. tell
	// must not keep head.
	SkipTooLarge(tell func(head []byte, size uint64))
}

const (
	// SkipFactor is how many times the limit a message may have to be skipped.
	SkipFactor = 16
	// SkipHead is how many bytes of a message that is skipped are told.
	SkipHead = 64
)

// A Prober is a Conn that may know that its peer has gone while there is still
// something to read.
type Prober interface {
	// HungUp reports whether nothing more comes from the peer, because it closed
	// the connection or that broke. With known false it cannot tell.
	HungUp() (yes, known bool)
}

// A Secured connection uses TLS, or may.
type Secured interface {
	// TLS is the state of the TLS connection, or nil without TLS.
	TLS() *tls.ConnectionState
}

// A Requested connection was, or may have been, asked for by an HTTP request.
type Requested interface {
	// HTTPRequest is the request that the peer sent, or nil.
	HTTPRequest() *http.Request
}

// Options is a set of optional fields of Config.
type Options uint32

// The fields of Config that a transport may or may not honour.
const (
	OptTCPNoDelay Options = 1 << iota
	OptTCPKeepAlive
	OptDialContext
	OptTLS
	OptIPCPermissions
	OptIPCSecurityDescriptor
	OptHTTPHeader
	OptCheckOrigin
	OptTextFrames
)

// Config is what a socket asks of a transport. A transport must honour
// Protocol, RecvMaxSize and HandshakeTimeout; the rest as it says in Options.
type Config struct {
	// Protocol is the socket's own protocol number.
	Protocol uint16
	// Peer is the number of the protocol that the socket talks to. A transport
	// without a number on the wire takes it for the peer's once both have agreed.
	Peer uint16
	// ProtocolName and PeerName are their names, such as req and rep.
	ProtocolName, PeerName string
	// RecvMaxSize is the largest message to receive, header included; 0: no limit.
	RecvMaxSize int
	// ReadMost is how many messages one Read is to return at most; 0: as many as have come.
	// A transport that returns few by itself need not heed it.
	ReadMost int
	// HandshakeTimeout is how long a peer may take to introduce itself.
	HandshakeTimeout time.Duration

	// TCPNoDelay turns Nagle's algorithm off.
	TCPNoDelay bool
	// TCPKeepAlive is how idle connections are probed; zero: as package net does.
	TCPKeepAlive net.KeepAliveConfig
	// DialContext, unless nil, makes the connections that Dial returns.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	TLS         *tls.Config // belongs to the program: clone it before changing it

	// IPCPermissions are those of the file that a listener makes, whatever the
	// umask; 0: as the umask has it. Nobody may get in before they hold.
	IPCPermissions fs.FileMode
	// IPCSecurityDescriptor is the same for Windows, in SDDL; "": the default.
	IPCSecurityDescriptor string

	// HTTPHeader is sent with the request of a dialer or the answer of a listener.
	HTTPHeader http.Header // belongs to the program
	// CheckOrigin reports whether a listener accepts the request; nil: if it comes
	// from no web page or from one of the same origin.
	CheckOrigin func(*http.Request) bool
	// TextFrames accepts messages that are marked as text.
	TextFrames bool

	// Logf logs for an HTTP server of the transport; nil: nothing is logged.
	Logf func(format string, args ...any)
}

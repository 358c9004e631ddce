package gonng

import (
	"slices"

	"github.com/gonng/gonng/internal/sp"
	"github.com/gonng/gonng/transport"
)

// Raw is a socket of any protocol without its state: the program sees and writes the
// protocol headers. Devices and proxies are made of it, see [Device]. nng: raw mode,
// NNG_OPT_RAW.
//
// A received message has its protocol header in [Message.Header]. For rep,
// respondent and bus the header begins with the ID of the pipe that the
// message came from; a rep or respondent sends a message to the pipe that its
// header begins with, and a bus to all pipes but that one. What is sent is the
// header, without that ID, and the body. Surveys, requests and messages of pub
// and push go where those protocols send them; subscriptions do not filter.
//
// A raw rep or respondent drops a message for a pipe that is full (DroppedFull) or has
// gone (NoPeer), and counts it. A raw sub drops messages when its queue is full, as
// Sub0 does. A raw pair1 sends only messages with a hop count before the body, others
// are ErrProtocol; with [WithPolyamorous] it has many peers.
type Raw struct {
	*socket
	*sender
	*receiver
}

// NewRaw makes a raw socket of protocol p. Sending on a sub or pull, and
// receiving on a pub or push, is ErrNotSupported. ErrInvalid: there is no protocol p.
// Other errors: see [NewReq0]. nng: nng_req0_open_raw and so on.
func NewRaw(p Protocol, opts ...RawOption) (*Raw, error) {
	kind, known := rawKinds[p]
	s := newSocket(p, sp.NewRaw(kind))
	if !known {
		return nil, s.opError("raw", "", errorf(ErrInvalid, "there is no protocol %d", uint16(p)))
	}
	x := &Raw{s, s.sender(), s.receiver()}
	s.beRaw(kind.Send != sp.ToNobody, kind.Recv != sp.FromNobody)
	return openSocket(x, s, opts)
}

// Set changes options, as [Req0.Set] does.
func (x *Raw) Set(opts ...RawOption) error { return set(x.socket, opts) }

// rawKinds are what raw sockets do with messages and headers.
var rawKinds = map[Protocol]sp.RawKind{
	ProtocolPair0:       {Send: sp.ToOne, Recv: sp.Fairly, Single: true},
	ProtocolPair1:       {Send: sp.ToOne, Recv: sp.Fairly, Header: sp.Hops, Single: true},
	ProtocolPub0:        {Send: sp.ToAll},
	ProtocolSub0:        {Recv: sp.Lossily},
	ProtocolReq0:        {Send: sp.ToOne, Recv: sp.Fairly, Header: sp.Answer},
	ProtocolRep0:        {Send: sp.ToNamed, Recv: sp.Fairly, Header: sp.Backtrace, Traced: true},
	ProtocolPush0:       {Send: sp.ToOne},
	ProtocolPull0:       {Recv: sp.Fairly},
	ProtocolSurveyor0:   {Send: sp.ToAll, Recv: sp.Fairly, Header: sp.Answer},
	ProtocolRespondent0: {Send: sp.ToNamed, Recv: sp.Fairly, Header: sp.Backtrace, Traced: true},
	ProtocolBus0:        {Send: sp.ToOthers, Recv: sp.Fairly, Traced: true},
}

// NewRawMessage makes a message for a raw socket. It copies both slices. nng: nng_msg_alloc
// and nng_msg_header_append.
func NewRawMessage(header, body []byte) *Message {
	data := slices.Concat(header, body)
	return &Message{in: sp.Message{Data: transport.Message{Data: data, Header: len(header)}}}
}

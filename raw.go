package gonng

import (
	"math"

	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// Raw is a socket of any protocol without its state: headers are the
// program's. It is what devices and proxies are made of, see [Device]. nng:
// raw mode, NNG_OPT_RAW.
//
// A received message has its protocol header in [Message.Header]. For rep,
// respondent and bus the header begins with the ID of the pipe that the
// message came from; a rep or respondent sends a message to the pipe that its
// header begins with, and a bus to all pipes but that one. What is sent is the
// header, without that ID, and the body. Surveys, requests and messages of pub
// and push go where those protocols send them; subscriptions do not filter. A raw
// pair1 has one peer, as in nng: it is not polyamorous.
type Raw struct {
	*socket
	*sender
	*receiver
}

// NewRaw makes a raw socket of protocol p. Sending on a sub or pull, and
// receiving on a pub or push, is ErrNotSupported.
func NewRaw(p Protocol, opts ...RawOption) (*Raw, error) {
	s := newSocket(p)
	if p.Peer() == 0 {
		return nil, s.opError("raw", "", errorf(ErrInvalid, "there is no protocol %d", uint16(p)))
	}
	s.raw = true
	r := &raw{s: s, fanout: fanout{s: s}}
	x := &Raw{s, &sender{&s.endpoint, unable{}}, &receiver{&s.endpoint, unable{}}}
	if p != ProtocolSub0 && p != ProtocolPull0 {
		x.sender = s.canSend(r)
	}
	if p != ProtocolPub0 && p != ProtocolPush0 {
		x.receiver = s.canRecv(&r.fairQueue)
	}
	switch p {
	case ProtocolRep0, ProtocolRespondent0, ProtocolBus0:
		r.trace = true
	}
	return open(x, s, r, opts)
}

// NewRawMessage makes a message for a raw socket. It takes both slices: the
// caller must not change them afterwards.
func NewRawMessage(header, body []byte) *Message {
	data := append(header[:len(header):len(header)], body...)
	return &Message{data: transport.Message{Data: data, Header: len(header)}}
}

// raw is the pattern: the parts that the protocols share, without state.
type raw struct {
	one    balance // pair, pair1, push and req
	fanout         // pub, surveyor and bus; all pipes
	fairQueue
	s *socket
}

func (x *raw) attach(p *Pipe) error {
	switch x.s.protocol {
	case ProtocolPair0, ProtocolPair1:
		if err := x.one.onlyOne(); err != nil {
			return err
		}
	}
	x.one.attach(p) // never refuses
	return x.fanout.attach(p)
}

func (x *raw) detach(p *Pipe) {
	x.one.detach(p)
	x.fanout.detach(p)
	x.one.wake() // what was for it is dropped now
}

func (x *raw) writable(*Pipe)  { x.one.wake() }
func (x *raw) room() *waitList { return x.one.room() }

func (x *raw) ready() bool {
	switch x.s.protocol {
	case ProtocolPub0, ProtocolSurveyor0, ProtocolBus0:
		return true
	case ProtocolRep0, ProtocolRespondent0: // depends on the message; to nobody is possible
		return len(x.pipes) == 0 || x.one.ready()
	}
	return x.one.ready()
}

func (x *raw) offer(m *outgoing) (*Pipe, error) {
	switch x.s.protocol {
	case ProtocolPub0, ProtocolSurveyor0:
		return x.fanout.send(x.trail(m), &m.body, nil), nil
	case ProtocolBus0:
		from := x.named(m)
		return x.fanout.send(nil, &m.body, from), nil
	case ProtocolRep0, ProtocolRespondent0:
		return x.sendNamed(m)
	case ProtocolPair1:
		return x.forward(m)
	}
	p, token, err := x.one.send(x.trail(m), &m.body)
	return flushing(p, token), err
}

// trail is the ID that a forwarded question leaves in the backtrace.
func (x *raw) trail(m *outgoing) []byte {
	if !m.traced {
		return nil
	}
	return wire.AppendID(nil, m.pipe.id)
}

// named takes the ID off that the header begins with and returns its pipe, if
// that is one of ours.
func (x *raw) named(m *outgoing) *Pipe {
	if m.traced {
		m.traced = false
		if m.pipe.s != x.s {
			return nil
		}
		return m.pipe
	}
	if m.body.Header < 4 {
		return nil
	}
	id := wire.ID(m.body.Data)
	m.body.Data, m.body.Header = m.body.Data[4:], m.body.Header-4
	for _, p := range x.pipes {
		if p.id == id {
			return p
		}
	}
	return nil
}

func (x *raw) sendNamed(m *outgoing) (*Pipe, error) {
	was := *m
	p := x.named(m)
	if p == nil {
		x.s.drop(noPeer, 1, nil)
		return nil, nil
	}
	result := p.out.put(nil, &m.body)
	switch result {
	case putFull:
		*m = was
		return nil, errWait
	case putGone:
		x.s.drop(noPeer, 1, p)
	}
	return flushing(p, result == putToken), nil
}

// forward counts one more hop.
func (x *raw) forward(m *outgoing) (*Pipe, error) {
	hops := 1
	body := m.body
	if body.Header >= wire.HopsSize {
		n, err := wire.Hops(body.Data)
		if err != nil {
			return nil, errorf(ErrProtocol, "the header % x is no hop count", body.Data[:body.Header])
		}
		if n == math.MaxUint8 {
			x.s.drop(ttlExceeded, 1, m.pipe)
			return nil, nil
		}
		hops = n + 1
		body = body.Strip()
	}
	p, token, err := x.one.send(wire.AppendHops(nil, uint8(hops)), &body)
	return flushing(p, token), err
}

func (x *raw) deliver(p *Pipe, batch []transport.Message) bool {
	switch x.s.protocol {
	case ProtocolPub0, ProtocolPush0:
		return x.s.unwanted(p, batch)
	case ProtocolPair1:
		batch = x.s.keep(p, batch, x.s.hops)
	case ProtocolRep0, ProtocolRespondent0:
		batch = x.s.keep(p, batch, x.s.backtrace)
	case ProtocolReq0, ProtocolSurveyor0:
		batch = x.s.keep(p, batch, answerHeader)
	}
	return x.fairQueue.deliver(p, batch)
}

func (x *raw) wake() {
	x.one.wake()
	x.fairQueue.wake()
}

var (
	errNeverSends    = errorf(ErrNotSupported, "the protocol does not send")
	errNeverReceives = errorf(ErrNotSupported, "the protocol does not receive")
)

// unable is the direction that a protocol does not have.
type unable struct{}

func (unable) offer(*outgoing) (*Pipe, error) { return nil, errNeverSends }
func (unable) room() *waitList                { return nil }
func (unable) ready() bool                    { return false }
func (unable) inline() bool                   { return false }
func (unable) pop(int, *Message) error        { return errNeverReceives }
func (unable) arrivals() *waitList            { return nil }
func (unable) more() bool                     { return false }

package gonng

import "fmt"

// Protocol is the number of one side of a messaging pattern, as on the wire. nng:
// NNG_OPT_PROTO; pynng: protocol.
type Protocol uint16

// The protocols. Each talks to its peer only, see [Protocol.Peer].
const (
	ProtocolPair0       Protocol = 16
	ProtocolPair1       Protocol = 17
	ProtocolPub0        Protocol = 32
	ProtocolSub0        Protocol = 33
	ProtocolReq0        Protocol = 48
	ProtocolRep0        Protocol = 49
	ProtocolPush0       Protocol = 80
	ProtocolPull0       Protocol = 81
	ProtocolSurveyor0   Protocol = 98
	ProtocolRespondent0 Protocol = 99
	ProtocolBus0        Protocol = 112
)

var protocols = map[Protocol]struct {
	name string
	peer Protocol
}{
	ProtocolPair0:       {"pair", ProtocolPair0},
	ProtocolPair1:       {"pair1", ProtocolPair1},
	ProtocolPub0:        {"pub", ProtocolSub0},
	ProtocolSub0:        {"sub", ProtocolPub0},
	ProtocolReq0:        {"req", ProtocolRep0},
	ProtocolRep0:        {"rep", ProtocolReq0},
	ProtocolPush0:       {"push", ProtocolPull0},
	ProtocolPull0:       {"pull", ProtocolPush0},
	ProtocolSurveyor0:   {"surveyor", ProtocolRespondent0},
	ProtocolRespondent0: {"respondent", ProtocolSurveyor0},
	ProtocolBus0:        {"bus", ProtocolBus0},
}

// String is the protocol's name, as in nng's NNG_OPT_PROTONAME.
func (p Protocol) String() string {
	if info, ok := protocols[p]; ok {
		return info.name
	}
	return fmt.Sprintf("protocol %d", uint16(p))
}

// countsHops reports whether messages tell how many hops they have made.
func (p Protocol) countsHops() bool {
	switch p {
	case ProtocolPair1, ProtocolReq0, ProtocolRep0, ProtocolSurveyor0, ProtocolRespondent0:
		return true
	}
	return false
}

// Peer is the protocol that p talks to, or 0 for a number that is none. nng: NNG_OPT_PEER;
// pynng: peer.
func (p Protocol) Peer() Protocol { return protocols[p].peer }

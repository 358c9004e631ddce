package itest

import (
	"slices"
	"testing"

	"github.com/gonng/gonng"
)

var allProtocols = []gonng.Protocol{
	gonng.ProtocolPair0, gonng.ProtocolPair1, gonng.ProtocolPub0, gonng.ProtocolSub0, gonng.ProtocolReq0, gonng.ProtocolRep0,
	gonng.ProtocolPush0, gonng.ProtocolPull0, gonng.ProtocolSurveyor0, gonng.ProtocolRespondent0, gonng.ProtocolBus0,
}

func sends(p gonng.Protocol) bool    { return p != gonng.ProtocolSub0 && p != gonng.ProtocolPull0 }
func receives(p gonng.Protocol) bool { return p != gonng.ProtocolPub0 && p != gonng.ProtocolPush0 }

// maker makes a socket; what differs between the constructors is the type of
// their options.
type maker func(...gonng.SocketOption) (gonng.Socket, error)

func makes[S gonng.Socket, O any](constructor func(...O) (S, error), always ...O) maker {
	return func(opts ...gonng.SocketOption) (gonng.Socket, error) {
		own := slices.Clip(always)
		for _, o := range opts {
			own = append(own, any(o).(O))
		}
		return constructor(own...)
	}
}

// cooked makes a socket of each protocol.
var cooked = map[gonng.Protocol]maker{
	gonng.ProtocolPair0: makes(gonng.NewPair0), gonng.ProtocolPair1: makes(gonng.NewPair1),
	gonng.ProtocolPub0: makes(gonng.NewPub0), gonng.ProtocolSub0: makes(gonng.NewSub0),
	gonng.ProtocolReq0: makes(gonng.NewReq0), gonng.ProtocolRep0: makes(gonng.NewRep0),
	gonng.ProtocolPush0: makes(gonng.NewPush0), gonng.ProtocolPull0: makes(gonng.NewPull0),
	gonng.ProtocolSurveyor0: makes(gonng.NewSurveyor0), gonng.ProtocolRespondent0: makes(gonng.NewRespondent0),
	gonng.ProtocolBus0: makes(gonng.NewBus0),
}

func rawMaker(p gonng.Protocol) maker {
	return makes(func(opts ...gonng.RawOption) (*gonng.Raw, error) { return gonng.NewRaw(p, opts...) })
}

func openRaw(t testing.TB, p gonng.Protocol, opts ...gonng.RawOption) *gonng.Raw {
	t.Helper()
	return open(t, func(opts ...gonng.RawOption) (*gonng.Raw, error) { return gonng.NewRaw(p, opts...) }, opts...)
}

// flow is a sending and a receiving socket. Those in flows wait in Send until
// their peer has room.
type flow struct {
	name     string
	from, to maker
}

func (f flow) send(t *testing.T, opts ...gonng.SocketOption) (gonng.Socket, gonng.Sender) {
	s := open(t, f.from, opts...)
	return s, s.(gonng.Sender)
}

func (f flow) recv(t *testing.T, opts ...gonng.SocketOption) (gonng.Socket, gonng.Receiver) {
	s := open(t, f.to, opts...)
	return s, s.(gonng.Receiver)
}

var flows = []flow{
	{"pair0", makes(gonng.NewPair0), makes(gonng.NewPair0)},
	{"pair1", makes(gonng.NewPair1), makes(gonng.NewPair1)},
	{"pipeline", makes(gonng.NewPush0), makes(gonng.NewPull0)},
	{"raw pipeline", rawMaker(gonng.ProtocolPush0), rawMaker(gonng.ProtocolPull0)},
	{"request", makes(gonng.NewReq0), makes(gonng.NewRep0)},
}

// lossyFlows are those that drop instead of waiting.
var lossyFlows = []flow{
	{"pubsub", makes(gonng.NewPub0), makes(gonng.NewSub0, gonng.WithTopics(""))},
	{"survey", makes(gonng.NewSurveyor0), makes(gonng.NewRespondent0)},
	{"bus", makes(gonng.NewBus0), makes(gonng.NewBus0)},
}

var allFlows = append(slices.Clone(flows), lossyFlows...)

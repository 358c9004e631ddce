package itest

import (
	"slices"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

var allProtocols = []gonng.Protocol{
	gonng.ProtocolPair0, gonng.ProtocolPair1, gonng.ProtocolPub0, gonng.ProtocolSub0, gonng.ProtocolReq0, gonng.ProtocolRep0,
	gonng.ProtocolPush0, gonng.ProtocolPull0, gonng.ProtocolSurveyor0, gonng.ProtocolRespondent0, gonng.ProtocolBus0,
}

func sends(p gonng.Protocol) bool    { return p != gonng.ProtocolSub0 && p != gonng.ProtocolPull0 }
func receives(p gonng.Protocol) bool { return p != gonng.ProtocolPub0 && p != gonng.ProtocolPush0 }

// cooked makes a socket of each protocol.
var cooked = map[gonng.Protocol]gonngtest.Constructor{
	gonng.ProtocolPair0: gonngtest.ConstructorOf(gonng.NewPair0), gonng.ProtocolPair1: gonngtest.ConstructorOf(gonng.NewPair1),
	gonng.ProtocolPub0: gonngtest.ConstructorOf(gonng.NewPub0), gonng.ProtocolSub0: gonngtest.ConstructorOf(gonng.NewSub0),
	gonng.ProtocolReq0: gonngtest.ConstructorOf(gonng.NewReq0), gonng.ProtocolRep0: gonngtest.ConstructorOf(gonng.NewRep0),
	gonng.ProtocolPush0: gonngtest.ConstructorOf(gonng.NewPush0), gonng.ProtocolPull0: gonngtest.ConstructorOf(gonng.NewPull0),
	gonng.ProtocolSurveyor0: gonngtest.ConstructorOf(gonng.NewSurveyor0), gonng.ProtocolRespondent0: gonngtest.ConstructorOf(gonng.NewRespondent0),
	gonng.ProtocolBus0: gonngtest.ConstructorOf(gonng.NewBus0),
}

func rawMaker(p gonng.Protocol) gonngtest.Constructor {
	return gonngtest.ConstructorOf(func(opts ...gonng.RawOption) (*gonng.Raw, error) { return gonng.NewRaw(p, opts...) })
}

func openRaw(t testing.TB, p gonng.Protocol, opts ...gonng.RawOption) *gonng.Raw {
	t.Helper()
	return open(t, func(opts ...gonng.RawOption) (*gonng.Raw, error) { return gonng.NewRaw(p, opts...) }, opts...)
}

// flow is a sending and a receiving socket. Those in flows wait in Send until
// their peer has room.
type flow struct {
	name     string
	from, to gonngtest.Constructor
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
	{"pair0", gonngtest.ConstructorOf(gonng.NewPair0), gonngtest.ConstructorOf(gonng.NewPair0)},
	{"pair1", gonngtest.ConstructorOf(gonng.NewPair1), gonngtest.ConstructorOf(gonng.NewPair1)},
	{"pipeline", gonngtest.ConstructorOf(gonng.NewPush0), gonngtest.ConstructorOf(gonng.NewPull0)},
	{"raw pipeline", rawMaker(gonng.ProtocolPush0), rawMaker(gonng.ProtocolPull0)},
	{"request", gonngtest.ConstructorOf(gonng.NewReq0), gonngtest.ConstructorOf(gonng.NewRep0)},
}

// lossyFlows are those that drop instead of waiting.
var lossyFlows = []flow{
	{"pubsub", gonngtest.ConstructorOf(gonng.NewPub0), gonngtest.ConstructorOf(gonng.NewSub0, gonng.WithTopics(""))},
	{"survey", gonngtest.ConstructorOf(gonng.NewSurveyor0), gonngtest.ConstructorOf(gonng.NewRespondent0)},
	{"bus", gonngtest.ConstructorOf(gonng.NewBus0), gonngtest.ConstructorOf(gonng.NewBus0)},
}

var allFlows = append(slices.Clone(flows), lossyFlows...)

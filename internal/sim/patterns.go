package sim

import "github.com/gonng/gonng/internal/sp"

// pattern is two protocols that talk to each other, or one that talks to itself.
type pattern struct {
	name        string
	sides       []side
	polyamorous bool
}

// side is a protocol, cooked and raw, and how it sends and receives.
type side struct {
	make     func() sp.Protocol
	kind     sp.RawKind
	out      outflow
	in       inflow
	contexts bool
}

// outflow is where a cooked socket sends.
type outflow uint8

const (
	toNobody outflow = iota
	toOne
	toAll
	toOthers
	request
	reply
	survey
	toNamed // raw rep and respondent
)

// inflow is how a socket receives.
type inflow uint8

const (
	fromNobody inflow = iota
	fairly
	subscribed
	replies
	questions
	responses
)

var patterns = []pattern{
	{name: "pair0", sides: []side{
		{make: func() sp.Protocol { return sp.NewPair(0) }, kind: sp.RawKind{Send: sp.ToOne, Recv: sp.Fairly, Single: true}, out: toOne, in: fairly},
	}},
	{name: "pair1", sides: []side{
		{make: func() sp.Protocol { return sp.NewPair(1) }, kind: sp.RawKind{Send: sp.ToOne, Recv: sp.Fairly, Header: sp.Hops, Single: true}, out: toOne, in: fairly},
	}},
	{name: "polyamorous", polyamorous: true, sides: []side{
		{make: func() sp.Protocol { return sp.NewPair(1) }, kind: sp.RawKind{Send: sp.ToOne, Recv: sp.Fairly, Header: sp.Hops, Single: true}, out: toOne, in: fairly},
	}},
	{name: "pipeline", sides: []side{
		{make: func() sp.Protocol { return sp.NewPush() }, kind: sp.RawKind{Send: sp.ToOne}, out: toOne},
		{make: func() sp.Protocol { return sp.NewPull() }, kind: sp.RawKind{Recv: sp.Fairly}, in: fairly},
	}},
	{name: "pubsub", sides: []side{
		{make: func() sp.Protocol { return sp.NewPub() }, kind: sp.RawKind{Send: sp.ToAll}, out: toAll},
		{make: func() sp.Protocol { return sp.NewSub() }, kind: sp.RawKind{Recv: sp.Lossily}, in: subscribed, contexts: true},
	}},
	{name: "reqrep", sides: []side{
		{make: func() sp.Protocol { return sp.NewReq() }, kind: sp.RawKind{Send: sp.ToOne, Recv: sp.Fairly, Header: sp.Answer}, out: request, in: replies, contexts: true},
		{make: func() sp.Protocol { return sp.NewRep() }, kind: sp.RawKind{Send: sp.ToNamed, Recv: sp.Fairly, Header: sp.Backtrace, Traced: true}, out: reply, in: questions, contexts: true},
	}},
	{name: "survey", sides: []side{
		{make: func() sp.Protocol { return sp.NewSurveyor() }, kind: sp.RawKind{Send: sp.ToAll, Recv: sp.Fairly, Header: sp.Answer}, out: survey, in: responses, contexts: true},
		{make: func() sp.Protocol { return sp.NewRep() }, kind: sp.RawKind{Send: sp.ToNamed, Recv: sp.Fairly, Header: sp.Backtrace, Traced: true}, out: reply, in: questions, contexts: true},
	}},
	{name: "bus", sides: []side{
		{make: func() sp.Protocol { return sp.NewBus() }, kind: sp.RawKind{Send: sp.ToOthers, Recv: sp.Fairly, Traced: true}, out: toAll, in: fairly},
	}},
}

// raw is how the raw form of a side sends and receives.
func (s *side) raw() (out outflow, in inflow) {
	switch s.kind.Send {
	case sp.ToOne:
		out = toOne
	case sp.ToAll:
		out = toAll
	case sp.ToOthers:
		out = toOthers
	case sp.ToNamed:
		out = toNamed
	}
	switch s.kind.Recv {
	case sp.Fairly:
		in = fairly
	case sp.Lossily:
		in = subscribed
	}
	return out, in
}

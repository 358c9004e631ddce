package itest

import (
	"context"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// protocolPair is a row of the conformance test: two protocols that talk to
// each other. A new protocol gets every test below by its row, a new transport
// by its row in gonngtest.
type protocolPair struct {
	name string
	a, b gonngtest.Constructor
	// answers: b sends only in answer to a message of a's.
	answers bool
	// lockstep: a message is received before the next is sent, because the
	// protocol has only one under way or drops what does not fit.
	lockstep bool
	// lossyBack: b drops what does not fit, and a does not.
	lossyBack bool
	// header: what messages of a, a raw socket, begin with; those of b then begin
	// with the header of what it has received.
	header []byte
}

var protocolPairs = []protocolPair{
	{name: "pair0", a: gonngtest.ConstructorOf(gonng.NewPair0), b: gonngtest.ConstructorOf(gonng.NewPair0)},
	{name: "pair1", a: gonngtest.ConstructorOf(gonng.NewPair1), b: gonngtest.ConstructorOf(gonng.NewPair1)},
	{name: "pair1-polyamorous", a: gonngtest.ConstructorOf(gonng.NewPair1, gonng.WithPolyamorous()), b: gonngtest.ConstructorOf(gonng.NewPair1)},
	{name: "push0-pull0", a: gonngtest.ConstructorOf(gonng.NewPush0), b: gonngtest.ConstructorOf(gonng.NewPull0)},
	{name: "req0-rep0", a: gonngtest.ConstructorOf(gonng.NewReq0), b: gonngtest.ConstructorOf(gonng.NewRep0), answers: true, lockstep: true},
	{name: "pub0-sub0", a: gonngtest.ConstructorOf(gonng.NewPub0), b: gonngtest.ConstructorOf(gonng.NewSub0, gonng.WithTopics("")), lockstep: true},
	{name: "surveyor0-respondent0", a: gonngtest.ConstructorOf(gonng.NewSurveyor0, gonng.WithSurveyTime(patience)), b: gonngtest.ConstructorOf(gonng.NewRespondent0), answers: true, lockstep: true},
	{name: "bus0", a: gonngtest.ConstructorOf(gonng.NewBus0), b: gonngtest.ConstructorOf(gonng.NewBus0), lockstep: true},
	{name: "raw-pair0", a: rawMaker(gonng.ProtocolPair0), b: rawMaker(gonng.ProtocolPair0)},
	{name: "raw-pair1", a: rawMaker(gonng.ProtocolPair1), b: rawMaker(gonng.ProtocolPair1), header: make([]byte, 4)},
	{name: "raw-push0-pull0", a: rawMaker(gonng.ProtocolPush0), b: rawMaker(gonng.ProtocolPull0)},
	{name: "raw-req0-rep0", a: rawMaker(gonng.ProtocolReq0), b: rawMaker(gonng.ProtocolRep0), header: endWord(1), lossyBack: true},
	{name: "raw-pub0-sub0", a: rawMaker(gonng.ProtocolPub0), b: rawMaker(gonng.ProtocolSub0), lockstep: true},
	{name: "raw-surveyor0-respondent0", a: rawMaker(gonng.ProtocolSurveyor0), b: rawMaker(gonng.ProtocolRespondent0), header: endWord(1), lockstep: true},
	{name: "raw-bus0", a: rawMaker(gonng.ProtocolBus0), b: rawMaker(gonng.ProtocolBus0), lockstep: true},
}

// Each protocol has its row, cooked and raw.
func TestConformanceRows(t *testing.T) {
	gonngtest.NoLeaks(t)
	type kind struct {
		protocol gonng.Protocol
		raw      bool
	}
	rows := make(map[kind]bool)
	for _, pair := range protocolPairs {
		for _, make := range []gonngtest.Constructor{pair.a, pair.b} {
			s := open(t, make)
			rows[kind{s.Protocol(), s.Raw()}] = true
		}
	}
	for n := range 1 << 16 {
		p := gonng.Protocol(n)
		for _, raw := range []bool{false, true} {
			if p.Peer() != 0 && !rows[kind{p, raw}] {
				t.Errorf("no row has %v with raw %v", p, raw)
			}
		}
	}
}

// route is one direction between two connected sockets.
type route struct {
	from             gonng.Sender
	to               gonng.Receiver
	sender, receiver gonng.Socket // the sockets that from and to are
	lockstep         bool
	before           func(testing.TB) // what must happen before each message, or nil
}

// prepare does what must happen before a message.
func (r route) prepare(t testing.TB) {
	t.Helper()
	if r.before != nil {
		r.before(t)
	}
}

// message is one to send with that body.
func (r route) message(body []byte) *gonng.Message {
	if h, ok := r.from.(headed); ok {
		return gonng.NewRawMessage(h.header, body)
	}
	return gonng.NewMessage(body)
}

// batch is how many of n messages can be sent before any is received.
func (r route) batch(n int) int {
	if r.lockstep {
		return 1
	}
	return n
}

// eachPair runs test for all pairs, over all transports, with either side
// listening. connect makes two connected sockets.
func eachPair(t *testing.T, test func(t *testing.T, pair protocolPair, connect func(testing.TB) (a, b gonng.Socket)), opts ...gonng.SocketOption) {
	for _, pair := range protocolPairs {
		t.Run(pair.name, func(t *testing.T) {
			gonngtest.NoLeaks(t)
			parallel(t, routed, func(t *testing.T, tr gonngtest.Transport) {
				for _, side := range []string{"listening", "dialing"} {
					t.Run(side, func(t *testing.T) {
						test(t, pair, func(t testing.TB) (a, b gonng.Socket) {
							if side == "listening" {
								a, b = openLinked(t, pair.a, pair.b, tr, opts...)
							} else {
								b, a = openLinked(t, pair.b, pair.a, tr, opts...)
							}
							return a, b
						})
					})
				}
			})
			for name, join := range brought {
				t.Run(name, func(t *testing.T) {
					test(t, pair, func(t testing.TB) (a, b gonng.Socket) {
						a, b = open(t, pair.a, opts...), open(t, pair.b, opts...)
						join(t, a, b)
						return a, b
					})
				})
			}
		})
	}
}

// eachRoute is eachPair in both directions.
func eachRoute(t *testing.T, test func(*testing.T, route), opts ...gonng.SocketOption) {
	eachPair(t, func(t *testing.T, pair protocolPair, connect func(testing.TB) (a, b gonng.Socket)) {
		for _, direction := range []string{"forth", "back"} {
			if !pair.goes(t, direction) {
				continue
			}
			t.Run(direction, func(t *testing.T) {
				a, b := connect(t)
				test(t, pair.route(t, direction, a, b))
			})
		}
	}, opts...)
}

// goes reports whether messages can go that way at all.
func (p protocolPair) goes(t testing.TB, direction string) bool {
	from, to := p.a, p.b
	if direction == "back" {
		from, to = p.b, p.a
	}
	sender, receiver := open(t, from), open(t, to)
	defer sender.Close()
	defer receiver.Close()
	return sends(sender.Protocol()) && receives(receiver.Protocol())
}

func (p protocolPair) route(t testing.TB, direction string, a, b gonng.Socket) route {
	t.Helper()
	r := route{from: a.(gonng.Sender), to: b.(gonng.Receiver), sender: a, receiver: b, lockstep: p.lockstep}
	if p.header != nil {
		r.from = headed{a.(rawSocket), p.header}
	}
	if direction == "forth" {
		return r
	}
	r.lockstep = p.lockstep || p.lossyBack
	question := r.from
	r.from, r.to, r.sender, r.receiver = b.(gonng.Sender), a.(gonng.Receiver), b, a
	if p.header != nil { // one question can have any number of answers
		sendText(t, question, "?")
		r.from = headed{b.(rawSocket), recvMsg(t, b.(gonng.Receiver)).Header()}
	}
	if p.answers {
		r.before = func(t testing.TB) {
			t.Helper()
			ctx := testContext(t)
			check(t, a.(gonng.Sender).Send(ctx, []byte("?")))
			_, err := b.(gonng.Receiver).Recv(ctx)
			check(t, err)
		}
	}
	return r
}

// headed is a raw socket that sends bodies with a header.
type headed struct {
	rawSocket
	header []byte
}

type rawSocket interface {
	gonng.Socket
	gonng.Sender
	gonng.Receiver
}

func (h headed) Send(ctx context.Context, body []byte) error {
	return h.SendMsg(ctx, gonng.NewRawMessage(h.header, body))
}

func (h headed) TrySend(body []byte) error {
	return h.TrySendMsg(gonng.NewRawMessage(h.header, body))
}

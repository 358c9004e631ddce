package interop

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// pairing is a protocol of nngcat or nanocat and the one of gonng that it talks
// to.
type pairing struct {
	nng           string // the flag of nngcat, or of nanocat
	open          gonngtest.Constructor
	sends, prints bool   // what the program does
	answers       bool   // what it sends answers what it prints; else the other way
	dials         bool   // it must dial: it sends at once, to whom it is connected
	interval      string // in seconds, at which it sends again and again; "": it sends once
}

var pairings = []pairing{
	{nng: "--req0", open: gonngtest.ConstructorOf(gonng.NewRep0), sends: true, prints: true},
	{nng: "--rep0", open: gonngtest.ConstructorOf(gonng.NewReq0), sends: true, prints: true, answers: true},
	{nng: "--push0", open: gonngtest.ConstructorOf(gonng.NewPull0), sends: true},
	{nng: "--pull0", open: gonngtest.ConstructorOf(gonng.NewPush0), prints: true},
	{nng: "--pair0", open: gonngtest.ConstructorOf(gonng.NewPair0), sends: true, prints: true},
	{nng: "--pair1", open: gonngtest.ConstructorOf(gonng.NewPair1), sends: true, prints: true},
	{nng: "--pub0", open: gonngtest.ConstructorOf(gonng.NewSub0, gonng.WithTopics("")), sends: true, dials: true},
	{nng: "--sub0", open: gonngtest.ConstructorOf(gonng.NewPub0), prints: true},
	{nng: "--surveyor0", open: gonngtest.ConstructorOf(gonng.NewRespondent0), sends: true, prints: true, dials: true, interval: "2"}, // its survey is over after a second, in which a busy machine may not answer
	{nng: "--respondent0", open: gonngtest.ConstructorOf(gonng.NewSurveyor0, gonng.WithSurveyTime(gonngtest.Timeout)), sends: true, prints: true, answers: true},
	{nng: "--bus0", open: gonngtest.ConstructorOf(gonng.NewBus0), sends: true, prints: true, dials: true}, // its usage does not tell of it
}

// What nanocat sends without being connected is lost, and what it has sent when
// it ends, too: there it sends again and again.
var nanocatPairings = []pairing{
	{nng: "--pair", open: gonngtest.ConstructorOf(gonng.NewPair0), sends: true, prints: true},
	{nng: "--req", open: gonngtest.ConstructorOf(gonng.NewRep0), sends: true, prints: true},
	{nng: "--rep", open: gonngtest.ConstructorOf(gonng.NewReq0), sends: true, prints: true, answers: true},
	{nng: "--pull", open: gonngtest.ConstructorOf(gonng.NewPush0), prints: true},
	{nng: "--sub", open: gonngtest.ConstructorOf(gonng.NewPub0), prints: true},
	{nng: "--respondent", open: gonngtest.ConstructorOf(gonng.NewSurveyor0, gonng.WithSurveyTime(gonngtest.Timeout)), sends: true, prints: true, answers: true},
	{nng: "--push", open: gonngtest.ConstructorOf(gonng.NewPull0), sends: true, interval: "0.05"},
	{nng: "--pub", open: gonngtest.ConstructorOf(gonng.NewSub0, gonng.WithTopics("")), sends: true, interval: "0.05"},
	{nng: "--surveyor", open: gonngtest.ConstructorOf(gonng.NewRespondent0), sends: true, prints: true, interval: "0.5"}, // time for a large response before the next survey replaces it
	{nng: "--bus", open: gonngtest.ConstructorOf(gonng.NewBus0), sends: true, prints: true, interval: "0.05"},
}

// socket is one of gonng's, until the test ends.
func (p pairing) socket(t *testing.T, opts ...gonng.SocketOption) gonng.Socket {
	t.Helper()
	s, err := p.open(append(patient(t), opts...)...)
	check(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// meeting starts the program at path with those arguments beside protocol and
// address, and connects s to it.
type meeting func(t *testing.T, p pairing, s gonng.Socket, path, transport string, args []string) *process

func gonngListens(t *testing.T, p pairing, s gonng.Socket, path, transport string, args []string) *process {
	t.Helper()
	tls := securityOf(t, transport)
	l, err := s.Listen(t.Context(), anywhere(t, transport), tls.listen...)
	check(t, err)
	return launch(t, path, slices.Concat([]string{p.nng, "--connect", l.URL()}, tls.dialing, args)...)
}

func programListens(t *testing.T, p pairing, s gonng.Socket, path, transport string, args []string) *process {
	t.Helper()
	tls := securityOf(t, transport)
	url := vacant(t, transport)
	cat := launch(t, path, slices.Concat([]string{p.nng, "--bind", url}, tls.listening, args)...) // nngcat knows nanocat's flag
	_, err := s.Dial(t.Context(), url, append(tls.dial, gonng.WithDialMode(gonng.DialBackground))...)
	check(t, err)
	return cat
}

// pairingTest is a test of a pairing. connect has the program with those
// arguments and s meet.
type pairingTest func(t *testing.T, p pairing, s gonng.Socket, connect func(args ...string) *process)

// eachPairing runs test for nngcat's pairings, see eachPairingOf.
func eachPairing(t *testing.T, test pairingTest, opts ...gonng.SocketOption) {
	eachPairingOf(t, "nngcat", pairings, transports(), test, opts...)
}

// eachPairingOf runs test with either side listening, over each transport.
func eachPairingOf(t *testing.T, name string, pairings []pairing, transports []string, test pairingTest, opts ...gonng.SocketOption) {
	path := program(t, name)
	sides := []struct {
		listening string
		meet      meeting
	}{{"gonng", gonngListens}, {name, programListens}}
	for _, p := range pairings {
		for _, transport := range transports {
			for _, side := range sides {
				if p.dials && side.listening == name {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%s-listens", p.nng[2:], transport, side.listening), func(t *testing.T) {
					gonngtest.NoLeaks(t)
					s := p.socket(t, opts...)
					test(t, p, s, func(args ...string) *process {
						t.Helper()
						return side.meet(t, p, s, path, transport, args)
					})
				})
			}
		}
	}
}

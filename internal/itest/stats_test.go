package itest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// counted is a scenario that moves a counter to n, and no other that counts
// losses or failures, but for those named also. With n 0 any number will do.
type counted struct {
	n    uint64
	run  func(t *testing.T) gonng.Socket
	also string
}

// Each field of Stats, by name.
var countedStats = map[string]counted{
	"Sent":          {n: 2, run: exchanges},
	"SentBytes":     {n: 38, run: exchanges}, // with the headers of pair1
	"Received":      {n: 2, run: exchanges},
	"ReceivedBytes": {n: 38, run: exchanges}, // with the headers of pair1
	"Pipes":         {n: 1, run: exchanges},
	"Connects": {n: 3, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewPull0)
		l := listen(t, s, tcp)
		for range 3 {
			gonngtest.Dial(t, l.URL()).Handshake(gonng.ProtocolPush0)
		}
		return s
	}},
	"ConnectFailures": {n: 2, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewPull0)
		for range 2 {
			_, err := s.Dial(testContext(t), vacant(t, tcp), gonng.WithDialMode(gonng.DialWait))
			want(t, err, gonng.ErrConnectionRefused)
		}
		return s
	}},
	"HandshakeErrors": {n: 1, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewPull0)
		peer := gonngtest.Dial(t, listen(t, s, tcp).URL())
		peer.SendBytes([]byte("GET / HT"))
		return s
	}},
	"Refused":         {n: 1, run: refusesProtocol, also: "RefusedProtocol"},
	"RefusedProtocol": {n: 1, run: refusesProtocol, also: "Refused"},
	"RefusedByHook": {n: 1, also: "Refused", run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewPull0, gonng.WithPipeHook(gonng.PipeConnecting, func(p *gonng.Pipe) { p.Close() }))
		gonngtest.Dial(t, listen(t, s, tcp).URL()).SendHello(gonng.ProtocolPush0)
		return s
	}},
	"RefusedBusy": {n: 1, also: "Refused", run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewPair0)
		l := listen(t, s, tcp)
		gonngtest.Dial(t, l.URL()).Handshake(gonng.ProtocolPair0)
		waitPeers(t, s, 1)
		gonngtest.Dial(t, l.URL()).SendHello(gonng.ProtocolPair0)
		return s
	}},
	"Unsent": {run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewPush0)
		scripted(t, s, tcp)
		fill(t, s, 10000)
		s.Pipes()[0].Close()
		return s
	}},
	"Malformed": {n: 2, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewRep0)
		l := listen(t, s, tcp)
		for range 2 {
			peer := gonngtest.Dial(t, l.URL())
			peer.Handshake(gonng.ProtocolReq0)
			peer.SendFrame([]byte("no"))
			peer.ExpectClosed()
		}
		return s
	}},
	"TTLExceeded": {n: 2, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewPair1, gonng.Pair1Option(gonng.WithTTL(3)))
		peer := scripted(t, s, tcp)
		peer.SendFrame(word(3), []byte("kept"))
		peer.SendFrame(word(4))
		peer.SendFrame(word(255))
		return s
	}},
	"TooLarge": {n: 1, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewPull0, recvMaxSize(10))
		peer := scripted(t, s, tcp)
		peer.SendFrame(make([]byte, 10))
		peer.SendFrame(make([]byte, 11))
		return s
	}},
	"Truncated": {n: 1, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewPull0)
		peer := scripted(t, s, tcp)
		peer.SendBytes(gonngtest.Frame(gonngtest.StreamFraming, []byte("hello"))[:10])
		peer.Close()
		return s
	}},
	"Unexpected": {n: 3, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewPub0)
		peer := scripted(t, s, tcp)
		for range 3 {
			peer.SendFrame([]byte("who listens?"))
		}
		return s
	}},
	"LateReplies": {n: 2, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewReq0)
		peer := scripted(t, s, tcp)
		sendText(t, s, "request")
		id := peer.RecvFrame()[:4]
		for range 3 {
			peer.SendFrame(id)
		}
		return s
	}},
	"NoPeer": {n: 1, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewRep0)
		gone := departures(s)
		peer := scripted(t, s, tcp)
		peer.SendFrame(endWord(1), []byte("request"))
		recvText(t, s, "request")
		peer.Close()
		wait(t, "the end of the pipe", gone)
		sendText(t, s, "reply")
		return s
	}},
	"Resends": {n: 1, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewReq0)
		gone := departures(s)
		first := scripted(t, s, tcp)
		sendText(t, s, "request")
		request := first.RecvFrame()
		first.Close()
		wait(t, "the end of the pipe", gone)
		wantBody(t, scripted(t, s, tcp).RecvFrame(), request)
		return s
	}},
	"DroppedFull": {n: 4, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewSub0, gonng.WithTopics(""), gonng.SubOption(gonng.WithRecvBuffer(1)))
		peer := scripted(t, s, tcp)
		for range 5 {
			peer.SendFrame([]byte("news"))
		}
		return s
	}},
	"Filtered": {n: 2, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewSub0, gonng.WithTopics("a"))
		peer := scripted(t, s, tcp)
		for _, text := range []string{"a", "b", "c"} {
			peer.SendFrame([]byte(text))
		}
		return s
	}},
	"SendQueue": {n: 3, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewPush0, gonng.WithSendBuffer(3), gonng.WithLinger(0))
		scripted(t, s, tcp)
		fill(t, s, 10000)
		return s
	}},
	"RecvQueue": {n: 4, run: queues},
	"Outstanding": {n: 2, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewReq0)
		scripted(t, s, tcp)
		sendText(t, s, "request")
		c, err := s.NewContext()
		check(t, err)
		sendText(t, c, "request")
		return s
	}},
	"Topics": {n: 2, run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewSub0, gonng.WithTopics("a", "b", "b", "c"))
		check(t, s.Unsubscribe("a", "c"))
		for range 2 {
			c, err := s.NewContext()
			check(t, err)
			check(t, c.Subscribe("b"))
			defer c.Close()
			s.Subscribe("b")
			if n := s.Stats().Topics; n != 2 {
				t.Errorf("with a context there are %d topics, want 2", n)
			}
			check(t, c.Close())
		}
		check(t, s.Subscribe("d"))
		return s
	}},
}

// Each field of PipeStats, for the socket's only pipe.
var countedPipeStats = map[string]counted{
	"Sent":          {n: 2, run: exchanges},
	"SentBytes":     {n: 38, run: exchanges},
	"Received":      {n: 2, run: exchanges},
	"ReceivedBytes": {n: 38, run: exchanges},
	"DroppedFull": {run: func(t *testing.T) gonng.Socket {
		s := open(t, gonng.NewPub0, gonng.WithSendBuffer(3), gonng.WithLinger(0))
		scripted(t, s, tcp)
		for s.Stats().DroppedFull < 3 {
			check(t, s.Send(testContext(t), make([]byte, 10000)))
		}
		return s
	}},
	"SendQueue": countedStats["SendQueue"],
	"RecvQueue": {n: 4, run: queues},

	"SendQueueBytes": {run: countedStats["SendQueue"].run},
	"RecvQueueBytes": {run: queues},
}

// exchanges sends and receives two messages of 15 bytes.
func exchanges(t *testing.T) gonng.Socket {
	s, peer := open(t, gonng.NewPair1), open(t, gonng.NewPair1)
	link(t, s, peer, tcp)
	for i := range 2 {
		check(t, s.Send(testContext(t), body(i, 15)))
		got, err := peer.Recv(testContext(t))
		check(t, err)
		check(t, peer.Send(testContext(t), got))
		_, err = s.Recv(testContext(t))
		check(t, err)
	}
	return s
}

func queues(t *testing.T) gonng.Socket {
	s := open(t, gonng.NewPull0)
	peer := scripted(t, s, tcp)
	for range 5 {
		peer.SendFrame([]byte("work"))
	}
	recvText(t, s, "work")
	return s
}

func refusesProtocol(t *testing.T) gonng.Socket {
	s := open(t, gonng.NewPull0)
	gonngtest.Dial(t, listen(t, s, tcp).URL()).Handshake(gonng.ProtocolPair0)
	return s
}

// traffic are the counters of what goes well.
var traffic = []string{"Sent", "SentBytes", "Received", "ReceivedBytes", "Connects", "Pipes", "SendQueue", "RecvQueue", "Outstanding",
	"Topics", "SendQueueBytes", "RecvQueueBytes"}

// numbers are the fields of a struct, also of those that it embeds.
func numbers(v reflect.Value, into map[string]uint64) map[string]uint64 {
	for i := range v.NumField() {
		f, field := v.Type().Field(i), v.Field(i)
		switch {
		case f.Anonymous:
			numbers(field, into)
		case field.CanInt():
			into[f.Name] = uint64(field.Int())
		default:
			into[f.Name] = field.Uint()
		}
	}
	return into
}

func testCounters[S any](t *testing.T, scenarios map[string]counted, stats func(gonng.Socket) S) {
	for name := range numbers(reflect.ValueOf(*new(S)), map[string]uint64{}) {
		if _, ok := scenarios[name]; !ok {
			t.Errorf("no scenario moves %s", name)
		}
	}
	for name, c := range scenarios {
		t.Run(name, func(t *testing.T) {
			gonngtest.NoLeaks(t)
			s := c.run(t)
			var got map[string]uint64
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("counted: %v", got)
				}
			})
			gonngtest.Eventually(t, func() bool {
				got = numbers(reflect.ValueOf(stats(s)), map[string]uint64{})
				return got[name] == c.n && c.n > 0 || got[name] > 0 && c.n == 0
			}, fmt.Sprintf("%s is %d, or, if that is 0, more", name, c.n))
			for other, n := range got {
				if n > 0 && other != name && other != c.also && !slices.Contains(traffic, other) {
					t.Errorf("%s is %d, want 0", other, n)
				}
			}
		})
	}
}

func TestStats(t *testing.T) {
	testCounters(t, countedStats, func(s gonng.Socket) gonng.Stats { return s.Stats() })
}

func TestPipeStats(t *testing.T) {
	testCounters(t, countedPipeStats, func(s gonng.Socket) gonng.PipeStats { return s.Pipes()[0].Stats() })
}

// Dialers and listeners count their own connections, by each field.
func TestConnectStats(t *testing.T) {
	gonngtest.NoLeaks(t)
	var admit atomic.Bool
	s := open(t, gonng.NewPair0, reconnect(patience, 0), gonng.WithPipeHook(gonng.PipeConnecting, func(p *gonng.Pipe) {
		if !admit.Load() {
			p.Close()
		}
	}))
	l, idle := listen(t, s, tcp), listen(t, s, tcp)
	connect := func(p gonng.Protocol) *gonngtest.Peer {
		peer := gonngtest.Dial(t, l.URL())
		peer.SendHello(p) // which is not answered if it is refused
		return peer
	}
	moved := make(map[string]bool)
	eventually := func(what string, stats func() gonng.ConnectStats, want gonng.ConnectStats) {
		t.Helper()
		for name, n := range numbers(reflect.ValueOf(want), map[string]uint64{}) {
			moved[name] = moved[name] || n > 0
		}
		gonngtest.Eventually(t, func() bool { return stats() == want }, fmt.Sprintf("%s: %+v", what, want))
	}
	expected := gonng.ConnectStats{Refused: 1, RefusedByHook: 1}
	connect(gonng.ProtocolPair0).ExpectClosed()
	eventually("a hook refused", l.Stats, expected)
	admit.Store(true)
	connect(gonng.ProtocolPub0).RecvAll() // it is told the protocol here
	expected.Refused, expected.RefusedProtocol = 2, 1
	eventually("a wrong protocol", l.Stats, expected)
	connect(gonng.ProtocolPair0)
	waitPeers(t, s, 1)
	expected.Connects = 1
	eventually("a peer", l.Stats, expected)
	connect(gonng.ProtocolPair0).ExpectClosed()
	expected.Refused, expected.RefusedBusy = 3, 1
	eventually("a second peer", l.Stats, expected)
	gonngtest.Dial(t, l.URL()).SendBytes([]byte("nonsense"))
	expected.HandshakeErrors = 1
	eventually("a stranger", l.Stats, expected)
	if got := idle.Stats(); got != (gonng.ConnectStats{}) {
		t.Errorf("a listener that nobody dialed has %+v", got)
	}
	if got := s.Stats().ConnectStats; got != expected {
		t.Errorf("the socket has %+v, want %+v", got, expected)
	}

	d := dial(t, s, tcp, vacant(t, tcp), gonng.WithDialMode(gonng.DialBackground))
	eventually("nobody listens", d.Stats, gonng.ConnectStats{ConnectFailures: 1})
	pull := open(t, gonng.NewPull0)
	l = listen(t, pull, tcp)
	push := open(t, gonng.NewPush0)
	d = dial(t, push, tcp, l.URL())
	eventually("connected", d.Stats, gonng.ConnectStats{Connects: 1})
	eventually("connected", l.Stats, gonng.ConnectStats{Connects: 1})
	for name, ok := range moved {
		if !ok {
			t.Errorf("nothing moves %s", name)
		}
	}
}

// In JSON the names are those of the fields in snake case, all in one object.
func TestStatsJSON(t *testing.T) {
	for _, v := range []any{gonng.Stats{}, gonng.ConnectStats{}, gonng.PipeStats{}} {
		data, err := json.Marshal(v)
		check(t, err)
		var got map[string]uint64
		check(t, json.Unmarshal(data, &got))
		fields := numbers(reflect.ValueOf(v), map[string]uint64{})
		if len(got) != len(fields) {
			t.Errorf("%T has %d fields, %d in JSON", v, len(fields), len(got))
		}
		for name := range fields {
			if _, ok := got[snake(name)]; !ok {
				t.Errorf("%T in JSON has no %s: %s", v, snake(name), data)
			}
		}
	}
}

// snake is TTLExceeded as ttl_exceeded.
func snake(name string) string {
	var b strings.Builder
	letters := []rune(name)
	for i, r := range letters {
		begins := i > 0 && unicode.IsUpper(r) && (unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if begins {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

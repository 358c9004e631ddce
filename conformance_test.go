package gonng_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// protocolPair is a row of the conformance test: two protocols that talk to
// each other. A new protocol gets every test below by its row, a new transport
// by its row in gonngtest.
type protocolPair struct {
	name string
	a, b maker
	// answers: b sends only in answer to a message of a's.
	answers bool
	// lockstep: a message is received before the next is sent, because the
	// protocol has only one under way or drops what does not fit.
	lockstep bool
	// header: what messages of a, a raw socket, begin with; those of b then begin
	// with the header of what it has received.
	header []byte
}

var protocolPairs = []protocolPair{
	{name: "pair0", a: makes(gonng.NewPair0), b: makes(gonng.NewPair0)},
	{name: "pair1", a: makes(gonng.NewPair1), b: makes(gonng.NewPair1)},
	{name: "pair1-polyamorous", a: makes(gonng.NewPair1, gonng.WithPolyamorous()), b: makes(gonng.NewPair1)},
	{name: "push0-pull0", a: makes(gonng.NewPush0), b: makes(gonng.NewPull0)},
	{name: "req0-rep0", a: makes(gonng.NewReq0), b: makes(gonng.NewRep0), answers: true, lockstep: true},
	{name: "pub0-sub0", a: makes(gonng.NewPub0), b: makes(gonng.NewSub0, gonng.WithTopics("")), lockstep: true},
	{name: "surveyor0-respondent0", a: makes(gonng.NewSurveyor0, gonng.WithSurveyTime(patience)), b: makes(gonng.NewRespondent0), answers: true, lockstep: true},
	{name: "bus0", a: makes(gonng.NewBus0), b: makes(gonng.NewBus0), lockstep: true},
	{name: "raw-pair0", a: rawMaker(gonng.ProtocolPair0), b: rawMaker(gonng.ProtocolPair0)},
	{name: "raw-pair1", a: rawMaker(gonng.ProtocolPair1), b: rawMaker(gonng.ProtocolPair1)},
	{name: "raw-push0-pull0", a: rawMaker(gonng.ProtocolPush0), b: rawMaker(gonng.ProtocolPull0)},
	{name: "raw-req0-rep0", a: rawMaker(gonng.ProtocolReq0), b: rawMaker(gonng.ProtocolRep0), header: endWord(1)},
	{name: "raw-pub0-sub0", a: rawMaker(gonng.ProtocolPub0), b: rawMaker(gonng.ProtocolSub0), lockstep: true},
	{name: "raw-surveyor0-respondent0", a: rawMaker(gonng.ProtocolSurveyor0), b: rawMaker(gonng.ProtocolRespondent0), header: endWord(1), lockstep: true},
	{name: "raw-bus0", a: rawMaker(gonng.ProtocolBus0), b: rawMaker(gonng.ProtocolBus0), lockstep: true},
}

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

// Each protocol has its row, cooked and raw.
func TestConformanceRows(t *testing.T) {
	gonngtest.NoLeaks(t)
	type kind struct {
		protocol gonng.Protocol
		raw      bool
	}
	rows := make(map[kind]bool)
	for _, pair := range protocolPairs {
		for _, make := range []maker{pair.a, pair.b} {
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
	from     gonng.Sender
	to       gonng.Receiver
	receiver gonng.Socket // the socket that to is
	lockstep bool
	before   func(testing.TB) // what must happen before each message, or nil
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

// brought are connections that nobody listens for: the program brings them.
var brought = map[string]func(t testing.TB, a, b gonng.Socket){
	"attached": func(t testing.TB, a, b gonng.Socket) {
		x, y := net.Pipe()
		attached(t, a, b, x, y)
	},
	"socket": func(t testing.TB, a, b gonng.Socket) {
		x, y := socketURLs(t)
		_, err := a.Dial(testContext(t), x, gonng.WithDialMode(gonng.DialBackground)) // it waits for the other
		check(t, err)
		_, err = b.Dial(testContext(t), y)
		check(t, err)
		waitPeers(t, a, 1)
	},
}

// eachPair runs test for all pairs, over all transports, with either side
// listening. connect makes two connected sockets.
func eachPair(t *testing.T, test func(t *testing.T, pair protocolPair, connect func(testing.TB) (a, b gonng.Socket)), opts ...gonng.SocketOption) {
	for _, pair := range protocolPairs {
		t.Run(pair.name, func(t *testing.T) {
			gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
				for _, side := range []string{"listening", "dialing"} {
					t.Run(side, func(t *testing.T) {
						test(t, pair, func(t testing.TB) (a, b gonng.Socket) {
							a, b = open(t, pair.a, opts...), open(t, pair.b, opts...)
							if side == "listening" {
								gonngtest.Connect(t, a, b, tr)
							} else {
								gonngtest.Connect(t, b, a, tr)
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
				gonngtest.NoLeaks(t)
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
	r := route{from: a.(gonng.Sender), to: b.(gonng.Receiver), receiver: b, lockstep: p.lockstep}
	if p.header != nil {
		r.from = headed{a.(*gonng.Raw), p.header}
	}
	if direction == "forth" {
		return r
	}
	question := r.from
	r.from, r.to, r.receiver = b.(gonng.Sender), a.(gonng.Receiver), a
	if p.header != nil { // one question can have any number of answers
		sendText(t, question, "?")
		r.from = headed{b.(*gonng.Raw), recvMsg(t, b.(gonng.Receiver)).Header()}
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
	*rawSocket
	header []byte
}

type rawSocket = gonng.Raw // has a method Raw

func (h headed) Send(ctx context.Context, body []byte) error {
	return h.SendMsg(ctx, gonng.NewRawMessage(h.header, body))
}

func (h headed) TrySend(body []byte) error {
	return h.TrySendMsg(gonng.NewRawMessage(h.header, body))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got error %v, want %v", got, want)
	}
}

func wantBody(t testing.TB, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Fatalf("received %s, sent %s", abbreviated(got), abbreviated(want))
	}
}

func abbreviated(body []byte) string {
	return fmt.Sprintf("%d bytes (%x…)", len(body), body[:min(len(body), 16)])
}

// noise is where bodies are cut from, each in another place, so that none is
// like another.
var noise = func() []byte {
	b := make([]byte, 4<<20)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(b)
	return b
}()

// body is the i-th body.
func body(i, size int) []byte {
	at := i * 7919 % (len(noise) - size)
	return noise[at : at+size : at+size]
}

var sendForms = []struct {
	name string
	send func(context.Context, route, []byte) error
}{
	{"Send", func(ctx context.Context, r route, b []byte) error { return r.from.Send(ctx, b) }},
	{"SendMsg", func(ctx context.Context, r route, b []byte) error { return r.from.SendMsg(ctx, r.message(b)) }},
	{"TrySend", func(_ context.Context, r route, b []byte) error { return r.from.TrySend(b) }},
	{"TrySendMsg", func(_ context.Context, r route, b []byte) error { return r.from.TrySendMsg(r.message(b)) }},
}

var recvForms = []struct {
	name string
	recv func(context.Context, gonng.Receiver) ([]byte, error)
}{
	{"Recv", func(ctx context.Context, r gonng.Receiver) ([]byte, error) { return r.Recv(ctx) }},
	{"RecvMsg", func(ctx context.Context, r gonng.Receiver) ([]byte, error) { return content(r.RecvMsg(ctx)) }},
	{"RecvInto", func(ctx context.Context, r gonng.Receiver) ([]byte, error) {
		buf := make([]byte, 1<<20)
		n, err := r.RecvInto(ctx, buf)
		return buf[:n], err
	}},
	{"TryRecv", func(ctx context.Context, r gonng.Receiver) ([]byte, error) { return trying(ctx, r.TryRecv) }},
	{"TryRecvMsg", func(ctx context.Context, r gonng.Receiver) ([]byte, error) {
		return content(trying(ctx, r.TryRecvMsg))
	}},
	{"All", func(ctx context.Context, r gonng.Receiver) ([]byte, error) {
		for b, err := range r.All(ctx) {
			return b, err
		}
		return nil, gonng.ErrClosed
	}},
	{"Messages", func(ctx context.Context, r gonng.Receiver) ([]byte, error) {
		for m, err := range r.Messages(ctx) {
			return content(m, err)
		}
		return nil, gonng.ErrClosed
	}},
}

// trying asks until there is something to receive.
func trying[T any](ctx context.Context, try func() (T, error)) (T, error) {
	for {
		v, err := try()
		if !errors.Is(err, gonng.ErrTryAgain) || ctx.Err() != nil {
			return v, err
		}
	}
}

// content is the body of a message, which is freed.
func content(m *gonng.Message, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	b := bytes.Clone(m.Bytes())
	m.Free()
	return b, nil
}

func TestConformanceForms(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		ctx := testContext(t)
		for i, s := range sendForms {
			for j, rf := range recvForms {
				r.prepare(t)
				_, err := r.to.TryRecv()
				want(t, err, gonng.ErrTryAgain)
				_, err = r.to.TryRecvMsg()
				want(t, err, gonng.ErrTryAgain)
				sent := body(i*len(recvForms)+j, 100)
				if err := s.send(ctx, r, sent); err != nil {
					t.Fatalf("%s: %v", s.name, err)
				}
				got, err := rf.recv(ctx, r.to)
				if err != nil {
					t.Fatalf("%s: %v", rf.name, err)
				}
				wantBody(t, got, sent)
			}
		}
	})
}

// The sizes around which something changes: the chunk that is read, the body
// that is copied, the buffer of a message's own.
var sizes = []int{0, 1, 1 << 10, 16<<10 - 1, 16 << 10, 16<<10 + 1, 32<<10 - 1, 32<<10 + 1, 64<<10 - 1, 64<<10 + 1, 900 << 10}

func TestConformanceSizes(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		testSizes(t, r, sizes)
	})
}

func TestConformanceLimitRaised(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		testSizes(t, r, []int{1<<20 + 1, 0})
	}, gonng.WithRecvMaxSize(2<<20))
}

// testSizes sends a message of each size, each by other means, in order and as
// many at a time as the protocol allows.
func testSizes(t *testing.T, r route, sizes []int) {
	ctx := testContext(t)
	n := r.batch(len(sizes))
	for first := 0; first < len(sizes); first += n {
		r.prepare(t)
		sent := concurrently(func() error {
			for i := first; i < first+n; i++ {
				if err := sendForms[i%2].send(ctx, r, body(i, sizes[i])); err != nil {
					return fmt.Errorf("sending %d bytes: %w", sizes[i], err)
				}
			}
			return nil
		})
		for i := first; i < first+n; i++ {
			got, err := recvForms[i%2].recv(ctx, r.to)
			if err != nil {
				t.Fatalf("receiving %d bytes: %v", sizes[i], err)
			}
			wantBody(t, got, body(i, sizes[i]))
		}
		check(t, <-sent)
	}
}

// concurrently runs do beside the test.
func concurrently(do func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	return done
}

func TestConformanceTooSmallBuffer(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		ctx := testContext(t)
		for i, size := range []int{1, 100, 100 << 10} {
			r.prepare(t)
			check(t, r.from.Send(ctx, body(i, size)))
			for range 2 {
				n, err := r.to.RecvInto(ctx, make([]byte, size-1))
				want(t, err, gonng.ErrMessageTooLarge)
				if n != 0 {
					t.Fatalf("RecvInto returned %d beside an error", n)
				}
			}
			buf := make([]byte, size)
			n, err := r.to.RecvInto(ctx, buf)
			check(t, err)
			wantBody(t, buf[:n], body(i, size))
		}
	})
}

// A receive whose buffer is too small does not use up the wake-up of another
// that has room.
func TestTooSmallBufferWakesTheNext(t *testing.T) {
	gonngtest.NoLeaks(t)
	push, pull := pipeline(t)
	ctx := testContext(t)
	small := concurrently(func() error {
		_, err := pull.RecvInto(ctx, nil)
		return err
	})
	waiting(t, pull, 1) // so that it is woken first
	received := concurrently(func() error {
		b, err := pull.Recv(ctx)
		if err == nil && string(b) != "hello" {
			err = fmt.Errorf("received %q", b)
		}
		return err
	})
	waiting(t, pull, 2)
	check(t, push.Send(ctx, []byte("hello")))
	want(t, <-small, gonng.ErrMessageTooLarge)
	check(t, <-received)
}

// pipeline is a push and a pull over inproc, for what does not depend on the
// transport.
func pipeline(t testing.TB, opts ...gonng.SocketOption) (*gonng.Push0, *gonng.Pull0) {
	t.Helper()
	pull, err := gonng.NewPull0(append(opts, gonng.WithListen("inproc://"+t.Name()))...)
	check(t, err)
	t.Cleanup(func() { pull.Close() })
	push, err := gonng.NewPush0(append(opts, gonng.WithDial("inproc://"+t.Name()))...)
	check(t, err)
	t.Cleanup(func() { push.Close() })
	return push, pull
}

// mixedSize is the size of the i-th body: mostly small, a few up to 128 KiB.
func mixedSize(i int) int {
	x := uint32(i) * 2654435761 >> 7
	switch {
	case x%256 == 0:
		return int(x % (128 << 10))
	case x%8 == 0:
		return int(x % (4 << 10))
	}
	return int(x % 100)
}

// Mixed sizes, so that messages lie in every way across what one read brings.
func TestConformanceManyMessages(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		messages := 10_000
		if raceDetector {
			messages /= 4 // of the same sizes
		}
		if r.lockstep {
			messages /= 4
		}
		ctx := gonngtest.Context(t, 3*patience)
		send := func(i int) error { return sendForms[i%2].send(ctx, r, body(i, mixedSize(i))) }
		sent := concurrently(func() error {
			for i := 0; i < messages && !r.lockstep; i++ {
				if err := send(i); err != nil {
					return err
				}
			}
			return nil
		})
		buf := make([]byte, 128<<10)
		for i := range messages {
			if r.lockstep {
				r.prepare(t)
				check(t, send(i))
			}
			n, err := r.to.RecvInto(ctx, buf)
			if err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
			if !bytes.Equal(buf[:n], body(i, mixedSize(i))) {
				t.Fatalf("message %d: received %s, sent %s", i, abbreviated(buf[:n]), abbreviated(body(i, mixedSize(i))))
			}
		}
		check(t, <-sent)
	})
}

// All and Messages end quietly when the socket is closed, and with the error
// when the context ends.
func TestConformanceIterators(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		ctx, cancel := context.WithCancel(testContext(t))
		defer cancel()
		n := r.batch(3)
		send := func() {
			for i := range n {
				r.prepare(t)
				check(t, r.from.Send(ctx, body(i, 1000)))
			}
		}
		send()
		i := 0
		for b, err := range r.to.All(ctx) {
			if i == n {
				want(t, err, gonng.ErrCanceled)
				break
			}
			check(t, err)
			wantBody(t, b, body(i, 1000))
			if i++; i == n {
				cancel()
			}
		}
		if i != n {
			t.Fatalf("All ended after %d of %d messages", i, n)
		}
		ctx = testContext(t)
		send()
		i = 0
		for m, err := range r.to.Messages(ctx) {
			check(t, err)
			wantBody(t, m.Bytes(), body(i, 1000))
			m.Free()
			if i++; i == n {
				check(t, r.receiver.Close())
			}
		}
		if i != n {
			t.Fatalf("Messages ended after %d of %d messages", i, n)
		}
	})
}

// A sender is held up by a receiver that does not receive.
func TestConformanceBackpressure(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		if r.lockstep {
			t.Skip("has no queue")
		}
		testBackpressure(t, r, 8<<10)
	})
}

// Empty messages take room in a queue, too.
func TestBackpressureOfEmptyMessages(t *testing.T) {
	gonngtest.NoLeaks(t)
	push, pull := pipeline(t)
	testBackpressure(t, route{from: push, to: pull, receiver: pull}, 0)
}

func testBackpressure(t *testing.T, r route, size int) {
	const limit = 100_000 // more than all queues and the operating system's buffers hold
	accepted := 0
	for full := 0; full < 10; full++ { // what was in the queue may just have been written
		for ; accepted < limit; accepted++ {
			err := r.from.TrySend(body(0, size))
			if errors.Is(err, gonng.ErrTryAgain) {
				break
			}
			check(t, err)
		}
	}
	if accepted == limit {
		t.Fatalf("accepted %d messages of %d bytes that nobody receives", accepted, size)
	}
	ctx := testContext(t)
	buf := make([]byte, size+1)
	for range accepted {
		n, err := r.to.RecvInto(ctx, buf)
		check(t, err)
		wantBody(t, buf[:n], body(0, size))
	}
	_, err := r.to.TryRecv()
	want(t, err, gonng.ErrTryAgain)
}

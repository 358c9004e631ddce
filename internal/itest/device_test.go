package itest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// forwarding runs a device until the test ends.
func forwarding(t testing.TB, a, b *gonng.Raw) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := concurrently(func() error { return gonng.Device(ctx, a, b) })
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Device ended with %v, want context.Canceled", err)
		}
	})
}

// A device joins two protocols that talk to each other, one with itself if it
// talks to itself, and nothing else.
func TestDevicePairs(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, p := range allProtocols {
		for _, q := range append(allProtocols, 0) { // 0: no second socket
			a := openRaw(t, p)
			var b *gonng.Raw
			legal := p.Peer() == p
			if q != 0 {
				b = openRaw(t, q)
				legal = p.Peer() == q
			}
			ctx, cancel := context.WithCancel(context.Background())
			if legal {
				cancel()
			}
			err := gonng.Device(ctx, a, b)
			cancel()
			if legal {
				want(t, err, context.Canceled)
			} else {
				wantError(t, err, "device", gonng.ErrInvalid)
				wantText(t, err.Error(), p.String(), p.Peer().String())
			}
		}
	}
}

// chain is three devices between two sockets: front is what the first socket
// connects to, back what the other does.
func chain(t *testing.T, tr gonngtest.Transport, front gonng.Protocol, first, last gonng.Socket) {
	t.Helper()
	before := first
	for i := range 3 {
		a, b := openRaw(t, front, recvMaxSize(2<<20)), openRaw(t, front.Peer(), recvMaxSize(2<<20))
		link(t, a, before, tr)
		before = b
		if i == 1 {
			a, b = b, a // either order
		}
		forwarding(t, a, b)
	}
	link(t, last, before, tr)
}

var chainSizes = []int{0, 1, 1000, 16 << 10, 16<<10 + 1, 100 << 10, 1 << 20}

func TestDeviceChain(t *testing.T) {
	large := recvMaxSize(2 << 20)
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, tt := range []struct {
			front       gonng.Protocol
			first, last gonngtest.Constructor
			back        bool // the other way, too
		}{
			{gonng.ProtocolSub0, gonngtest.ConstructorOf(gonng.NewPub0), gonngtest.ConstructorOf(gonng.NewSub0, gonng.WithTopics("")), false},
			{gonng.ProtocolPull0, gonngtest.ConstructorOf(gonng.NewPush0), gonngtest.ConstructorOf(gonng.NewPull0), false},
			{gonng.ProtocolPair0, gonngtest.ConstructorOf(gonng.NewPair0), gonngtest.ConstructorOf(gonng.NewPair0), true},
			{gonng.ProtocolPair1, gonngtest.ConstructorOf(gonng.NewPair1), gonngtest.ConstructorOf(gonng.NewPair1), true},
			{gonng.ProtocolBus0, gonngtest.ConstructorOf(gonng.NewBus0), gonngtest.ConstructorOf(gonng.NewBus0), true},
			{gonng.ProtocolRep0, gonngtest.ConstructorOf(gonng.NewReq0), gonngtest.ConstructorOf(gonng.NewRep0), true},
			{gonng.ProtocolRespondent0, gonngtest.ConstructorOf(gonng.NewSurveyor0, gonng.WithSurveyTime(patience)), gonngtest.ConstructorOf(gonng.NewRespondent0), true},
		} {
			t.Run(tt.front.String(), func(t *testing.T) {
				first, last := open(t, tt.first, large), open(t, tt.last, large)
				chain(t, tr, tt.front, first, last)
				for i, size := range chainSizes {
					check(t, first.(gonng.Sender).Send(testContext(t), body(i, size)))
					got, err := last.(gonng.Receiver).Recv(testContext(t))
					check(t, err)
					wantBody(t, got, body(i, size))
					if tt.back {
						check(t, last.(gonng.Sender).Send(testContext(t), body(i+1, size)))
						got, err := first.(gonng.Receiver).Recv(testContext(t))
						check(t, err)
						wantBody(t, got, body(i+1, size))
					}
				}
			})
		}
	})
}

// Many requests at a time find their way through devices and back.
func TestDeviceManyRequests(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		req, rep := open(t, gonng.NewReq0), open(t, gonng.NewRep0)
		chain(t, tr, gonng.ProtocolRep0, req, rep)
		serving(t, rep, echo, gonng.WithConcurrency(4))
		requestAll(t, 6400, requests(gonngtest.Context(t, 6*patience), req))
	})
}

// A device between many requesters and many repliers.
func TestDeviceFanInAndOut(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		front, back := openRaw(t, gonng.ProtocolRep0), openRaw(t, gonng.ProtocolReq0)
		forwarding(t, front, back)
		for range 3 {
			rep := open(t, gonng.NewRep0)
			link(t, back, rep, tr)
			serving(t, rep, echo)
		}
		var ended []<-chan error
		for w := range 5 {
			req := open(t, gonng.NewReq0)
			link(t, front, req, tr)
			ended = append(ended, concurrently(func() error {
				for i := range 200 {
					text := fmt.Sprint(w, i)
					reply, err := req.Request(testContext(t), []byte(text))
					if err != nil || string(reply) != text {
						return fmt.Errorf("request %s got %q: %v", text, reply, err)
					}
				}
				return nil
			}))
		}
		for _, e := range ended {
			check(t, wait(t, "the end of the requests", e))
		}
	})
}

// A survey goes to everybody behind a device, and all responses come back.
func TestDeviceSurvey(t *testing.T) {
	gonngtest.NoLeaks(t)
	tr := transport("tcp")
	surveyor := open(t, gonng.NewSurveyor0, gonng.WithSurveyTime(patience))
	front, back := openRaw(t, gonng.ProtocolRespondent0), openRaw(t, gonng.ProtocolSurveyor0)
	link(t, front, surveyor, tr)
	for i := range 5 {
		respondent := open(t, gonng.NewRespondent0)
		link(t, back, respondent, tr)
		serving(t, respondent, func(context.Context, *gonng.Message) ([]byte, error) { return []byte(fmt.Sprint(i)), nil })
	}
	forwarding(t, front, back)
	var got []string
	for m, err := range surveyor.Survey(testContext(t), []byte("?")) {
		check(t, err)
		if got = append(got, string(m.Bytes())); len(got) == 5 {
			break
		}
	}
	slices.Sort(got)
	wantTexts(t, got, []string{"0", "1", "2", "3", "4"})
}

// With one socket a bus passes on to the others, and a pair sends back.
func TestDeviceReflects(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		hub, leaves := star(t, tr)
		forwarding(t, hub, nil)
		for i, leaf := range leaves {
			for _, size := range []int{10, 100 << 10} {
				check(t, leaf.Send(testContext(t), body(i, size)))
				for k, other := range leaves {
					if k != i {
						got, err := other.Recv(testContext(t))
						check(t, err)
						wantBody(t, got, body(i, size))
					}
				}
			}
		}
		for _, leaf := range leaves {
			wantTexts(t, received(t, leaf), nil)
			if got := leaf.Stats().Received; got != 4 {
				t.Errorf("a leaf received %d messages, want the 4 of the other two", got)
			}
		}

		pair, mirror := open(t, gonng.NewPair0), openRaw(t, gonng.ProtocolPair0)
		link(t, mirror, pair, tr)
		forwarding(t, mirror, mirror)
		sendText(t, pair, "mirror")
		recvText(t, pair, "mirror")

		pair1, mirror1 := open(t, gonng.NewPair1), openRaw(t, gonng.ProtocolPair1)
		link(t, mirror1, pair1, tr)
		forwarding(t, mirror1, nil)
		sendText(t, pair1, "mirror")
		m := recvMsg(t, pair1)
		wantMessage(t, m, word(2), []byte("mirror"))
	})
}

// A message that runs in a circle of devices ends by its TTL, which is counted.
func TestDeviceLoop(t *testing.T) {
	loop := func(t *testing.T, tr gonngtest.Transport, front gonng.Protocol) (all []*gonng.Raw) {
		for range 2 {
			all = append(all, openRaw(t, front), openRaw(t, front.Peer()))
		}
		link(t, all[2], all[1], tr)
		link(t, all[0], all[3], tr)
		forwarding(t, all[0], all[1])
		forwarding(t, all[2], all[3])
		return all
	}
	ends := func(t *testing.T, all []*gonng.Raw, hops uint64) {
		t.Helper()
		sum := func() (exceeded, received uint64) {
			for _, s := range all {
				st := s.Stats()
				exceeded += st.TTLExceeded
				received += st.Received
			}
			return exceeded, received
		}
		gonngtest.Eventually(t, func() bool { exceeded, _ := sum(); return exceeded > 0 }, "the message ends")
		if exceeded, received := sum(); exceeded != 1 || received != hops {
			t.Errorf("%d messages ended by their TTL, after %d hops, want 1 after %d", exceeded, received, hops)
		}
	}
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		t.Run("pair1", func(t *testing.T) {
			all := loop(t, tr, gonng.ProtocolPair1)
			sendRaw(t, all[1], make([]byte, 4), []byte("for ever"))
			ends(t, all, 9)
		})
		t.Run("pair1 at the highest TTL", func(t *testing.T) {
			all := loop(t, tr, gonng.ProtocolPair1)
			for _, s := range all {
				check(t, s.Set(gonng.WithTTL(255)))
			}
			sendRaw(t, all[1], make([]byte, 4), []byte("for ever"))
			ends(t, all, 255)
		})
		for p, ask := range map[gonng.Protocol]gonngtest.Constructor{
			gonng.ProtocolRep0:        gonngtest.ConstructorOf(gonng.NewReq0),
			gonng.ProtocolRespondent0: gonngtest.ConstructorOf(gonng.NewSurveyor0),
		} {
			t.Run(p.String(), func(t *testing.T) {
				all, asker := loop(t, tr, p), open(t, ask)
				link(t, all[0], asker, tr)
				sendText(t, asker.(gonng.Sender), "for ever")
				ends(t, all, 9)
			})
		}
	})
}

// A device ends when either of its sockets is closed, whatever it is doing.
func TestDeviceEndsWithSocket(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, p := range allProtocols {
		for _, closeFirst := range []bool{true, false} {
			a, b := openRaw(t, p), openRaw(t, p.Peer())
			ended := concurrently(func() error { return gonng.Device(context.Background(), a, b) })
			waiting(t, 1)
			if closeFirst {
				check(t, a.Close())
			} else {
				check(t, b.Close())
			}
			if err := wait(t, fmt.Sprintf("the end of the device of %v", p), ended); err != nil {
				t.Errorf("a device of %v ended with %v, want nil", p, err)
			}
		}
	}
	a := openRaw(t, gonng.ProtocolPair0)
	check(t, a.Close())
	check(t, gonng.Device(context.Background(), a, openRaw(t, gonng.ProtocolPair0)))
}

// A device that has a message which nobody takes ends when the socket that it
// came from is closed.
func TestDeviceEndsWhileSending(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, tt := range []struct {
		from   gonng.Protocol
		sender gonngtest.Constructor
	}{
		{gonng.ProtocolPull0, gonngtest.ConstructorOf(gonng.NewPush0)},
		{gonng.ProtocolPair0, gonngtest.ConstructorOf(gonng.NewPair0)},
		{gonng.ProtocolPair1, gonngtest.ConstructorOf(gonng.NewPair1)},
		{gonng.ProtocolRep0, gonngtest.ConstructorOf(gonng.NewReq0)},
	} {
		for _, how := range []string{"close", "cancel"} {
			from, to := openRaw(t, tt.from), openRaw(t, tt.from.Peer())
			s := open(t, tt.sender)
			link(t, from, s, transport("inproc"))
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			ended := concurrently(func() error { return gonng.Device(ctx, from, to) })
			sendText(t, s.(gonng.Sender), "nobody takes it")
			gonngtest.Eventually(t, func() bool { st := from.Stats(); return st.Received == 1 && st.RecvQueue == 0 }, "the device has it")
			if how == "close" {
				check(t, from.Close())
				check(t, wait(t, "the end of the device", ended))
			} else {
				cancel()
				want(t, wait(t, "the end of the device", ended), context.Canceled)
			}
			if got := to.Stats().Unsent; got != 1 {
				t.Errorf("%d messages that were not forwarded are counted, want 1", got)
			}
		}
	}
}

// A device ends when its context does.
func TestDeviceEndsWithContext(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, p := range allProtocols {
		a, b := openRaw(t, p), openRaw(t, p.Peer())
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		want(t, gonng.Device(ctx, a, b), context.Canceled)
		ctx, cancel = context.WithTimeout(context.Background(), time.Millisecond)
		err := gonng.Device(ctx, a, b)
		want(t, err, context.DeadlineExceeded)
		want(t, err, gonng.ErrTimeout)
		cancel()
		if receives(p) { // both are as usable as before
			_, err := a.TryRecv()
			want(t, err, gonng.ErrTryAgain)
		}
	}
}

// Timeouts of its sockets do not end a device; what cannot be sent in time is
// dropped and counted.
func TestDeviceTimeouts(t *testing.T) {
	gonngtest.NoLeaks(t)
	pull := openRaw(t, gonng.ProtocolPull0, gonng.WithRecvTimeout(time.Millisecond))
	push := openRaw(t, gonng.ProtocolPush0, gonng.WithSendTimeout(time.Millisecond))
	from, to := open(t, gonng.NewPush0), open(t, gonng.NewPull0)
	link(t, pull, from, transport("inproc"))
	forwarding(t, pull, push)
	sendText(t, from, "nobody there")
	sendText(t, from, "nobody there")
	gonngtest.Eventually(t, func() bool { return push.Stats().Unsent == 2 }, "the messages are dropped")
	check(t, push.Set(gonng.WithSendTimeout(0)))
	link(t, push, to, transport("inproc"))
	sendText(t, from, "now")
	recvText(t, to, "now")
}

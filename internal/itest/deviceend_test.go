package itest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

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
		sender maker
	}{
		{gonng.ProtocolPull0, makes(gonng.NewPush0)},
		{gonng.ProtocolPair0, makes(gonng.NewPair0)},
		{gonng.ProtocolPair1, makes(gonng.NewPair1)},
		{gonng.ProtocolRep0, makes(gonng.NewReq0)},
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

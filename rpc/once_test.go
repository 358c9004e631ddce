package rpc_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/rpc"
)

// cutOff has a method that answers from its second call on, and cuts the connection
// during the first.
func cutOff(t *testing.T) (c *rpc.Client, calls *atomic.Int32, cut func()) {
	calls = new(atomic.Int32)
	begun, over := make(chan struct{}), make(chan struct{})
	s := rpc.NewServer()
	rpc.Handle(s, "pay", func(context.Context, empty) (int32, error) {
		n := calls.Add(1)
		if n == 1 {
			close(begun)
			<-over
		}
		return n, nil
	})
	rep, req := newRep(t), newReq(t, gonng.WithReconnectTime(time.Millisecond, 0))
	l, err := rep.Listen(testContext(t), "tcp://127.0.0.1:0")
	check(t, err)
	proxy := gonngtest.NewProxy(t, l.URL())
	_, err = req.Dial(testContext(t), proxy.URL())
	check(t, err)
	serve(t, rep, s, gonng.WithConcurrency(2))
	t.Cleanup(func() { close(over) })
	return rpc.NewClient(req), calls, func() {
		wait(t, "the method", begun)
		proxy.CutAll()
	}
}

// Without Once a call is sent again when its replier goes away: the method runs twice.
func TestSentAgain(t *testing.T) {
	gonngtest.NoLeaks(t)
	c, calls, cut := cutOff(t)
	go cut()
	got, err := rpc.Call[int32](testContext(t), c, "pay", empty{})
	if err != nil || got != 2 || calls.Load() != 2 {
		t.Errorf("the call returned %d, %v, and the method was called %d times", got, err, calls.Load())
	}
}

// With Once the call ends with Unavailable, and the method has run once; the next call is
// well.
func TestOnce(t *testing.T) {
	gonngtest.NoLeaks(t)
	c, calls, cut := cutOff(t)
	go cut()
	_, err := rpc.Call[int32](testContext(t), c, "pay", empty{}, rpc.Once())
	if wantError(t, err, rpc.CodeUnavailable); !errors.Is(err, gonng.ErrConnectionReset) {
		t.Errorf("%v is not ErrConnectionReset", err)
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("the method was called %d times", n)
	}
	got, err := rpc.Call[int32](testContext(t), c, "pay", empty{}, rpc.Once())
	if err != nil || got != 2 {
		t.Errorf("the next call returned %d, %v", got, err)
	}
}

// A Once call that has not been sent waits for a replier.
func TestOnceWaits(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := rpc.NewServer()
	rpc.Handle(s, "nothing", nothing)
	rep, req := newRep(t), newReq(t)
	ended := make(chan error, 1)
	go func() {
		_, err := rpc.Call[empty](testContext(t), rpc.NewClient(req), "nothing", empty{}, rpc.Once())
		ended <- err
	}()
	serve(t, rep, s)
	gonngtest.Connect(t, rep, req, transport("tcp"))
	check(t, wait(t, "the call", ended))
}

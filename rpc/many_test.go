package rpc_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/rpc"
)

const callers = 64

// patience is how long a million calls may take on a busy machine.
const patience = 30 * gonngtest.Timeout

// manyCalls are a million, or fewer where that would take minutes.
func manyCalls() int {
	switch {
	case testing.Short():
		return 20_000
	case raceDetector:
		return 100_000
	}
	return 1_000_000
}

type number struct{ N int }

// newSquarer serves a method whose result tells its argument.
func newSquarer() *rpc.Server {
	s := rpc.NewServer()
	rpc.Handle(s, "square", func(_ context.Context, in number) (number, error) {
		if in.N%1000 == 999 {
			return number{}, rpc.Errorf(rpc.CodeOutOfRange, "%d", in.N)
		}
		return number{in.N * in.N}, nil
	})
	return s
}

// square calls the method, and checks that it gets its own answer or error.
func square(ctx context.Context, c *rpc.Client, n int) error {
	got, err := rpc.Call[number](ctx, c, "square", number{n})
	if n%1000 == 999 {
		if e, ok := err.(*rpc.Error); !ok || e.Code != rpc.CodeOutOfRange || e.Message != fmt.Sprint(n) {
			return fmt.Errorf("the call with %d returned the error %v", n, err)
		}
		return nil
	}
	if err == nil && got.N != n*n {
		err = fmt.Errorf("the square of %d is %d", n, got.N)
	}
	return err
}

// callAll has 64 goroutines make the calls from first to last.
func callAll(t *testing.T, ctx context.Context, c *rpc.Client, first, last int) {
	t.Helper()
	ended := make(chan error, callers)
	for w := range callers {
		go func() {
			for n := first + w; n < last; n += callers {
				if err := square(ctx, c, n); err != nil {
					ended <- err
					return
				}
			}
			ended <- nil
		}()
	}
	for range callers {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
}

// TestManyCalls: each of 64 goroutines gets the answers to its own calls.
func TestManyCalls(t *testing.T) {
	if raceDetector {
		t.Skip("TestManyCallsWithCuts makes as many, in the same way")
	}
	gonngtest.NoLeaks(t)
	c := start(t, newSquarer())
	callAll(t, gonngtest.Context(t, patience), c, 0, manyCalls())
}

// TestManyCallsWithCuts: also while the connection is cut ten times a second.
func TestManyCallsWithCuts(t *testing.T) {
	gonngtest.NoLeaks(t)
	rep, req := newRep(t), newReq(t, gonng.WithReconnectTime(time.Millisecond, 0))
	l, err := rep.Listen(testContext(t), "tcp://127.0.0.1:0")
	check(t, err)
	proxy := gonngtest.NewProxy(t, l.URL())
	_, err = req.Dial(testContext(t), proxy.URL())
	check(t, err)
	serve(t, rep, newSquarer(), gonng.WithConcurrency(8))
	c := rpc.NewClient(req)

	var cuts atomic.Int32
	done, cutterEnded := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(cutterEnded)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if cuts.Add(1)%2 == 0 {
					proxy.CutAll()
				} else {
					proxy.ResetAll()
				}
			case <-done:
				return
			}
		}
	}()
	defer func() {
		close(done)
		<-cutterEnded
	}()
	const some = 10_000
	ctx := gonngtest.Context(t, patience)
	for first := 0; first < manyCalls() || cuts.Load() < 10; first += some {
		callAll(t, ctx, c, first, first+some)
	}
	resends := req.Stats().Resends
	t.Logf("%d cuts, %d requests sent again", cuts.Load(), resends)
	if resends == 0 {
		t.Errorf("%d cuts, and no request was sent again", cuts.Load())
	}
}

package itest

import (
	"errors"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

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

package itest

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

const requesters = 64

// manyRequests are a million, or fewer where that would take minutes.
func manyRequests() int {
	if raceDetector || testing.Short() {
		return 100_000
	}
	return 1_000_000
}

// requestAll makes total requests from 64 goroutines, and checks that each
// gets its own reply. Each goroutine has a request of start's.
func requestAll(t *testing.T, total int, start func() func([]byte) ([]byte, error)) {
	t.Helper()
	var ended []<-chan error
	for w := range requesters {
		request := start()
		ended = append(ended, concurrently(func() error {
			var text []byte
			for i := w; i < total; i += requesters {
				text = binary.BigEndian.AppendUint64(text[:0], uint64(i))
				reply, err := request(text)
				if err != nil {
					return fmt.Errorf("request %d: %w", i, err)
				}
				if string(reply) != string(text) {
					return fmt.Errorf("request %d got the reply % x", i, reply)
				}
			}
			return nil
		}))
	}
	for _, e := range ended {
		check(t, <-e)
	}
}

// requests are made by Request, for each goroutine the same.
func requests(ctx context.Context, req *gonng.Req0) func() func([]byte) ([]byte, error) {
	return func() func([]byte) ([]byte, error) {
		return func(b []byte) ([]byte, error) { return req.Request(ctx, b) }
	}
}

// A million requests from 64 goroutines, each through a context of its own.
// TestRequestConcurrently has the same by Request.
func TestManyRequestsByContexts(t *testing.T) {
	gonngtest.NoLeaks(t)
	req, rep := requesting(t, tcp)
	serving(t, rep, echo, gonng.WithConcurrency(8))
	ctx := gonngtest.Context(t, 12*patience)
	requestAll(t, manyRequests(), func() func([]byte) ([]byte, error) {
		c, err := req.NewContext()
		check(t, err)
		return func(b []byte) ([]byte, error) {
			if err := c.Send(ctx, b); err != nil {
				return nil, err
			}
			return c.Recv(ctx)
		}
	})
	if s := req.Stats(); s.Resends != 0 || s.LateReplies != 0 || s.Outstanding != 0 || s.RecvQueue != 0 {
		t.Errorf("in the end %+v", s)
	}
}

// A million requests by Request.
func TestManyRequests(t *testing.T) {
	if manyRequests() == 100_000 {
		t.Skip("TestRequestConcurrently makes as many")
	}
	gonngtest.NoLeaks(t)
	req, rep := requesting(t, tcp)
	serving(t, rep, echo, gonng.WithConcurrency(8))
	requestAll(t, manyRequests(), requests(gonngtest.Context(t, 12*patience), req))
}

// Requests go on while the connection is cut ten times a second.
func TestManyRequestsWithCuts(t *testing.T) {
	gonngtest.NoLeaks(t)
	rep, req := open(t, gonng.NewRep0), open(t, gonng.NewReq0, gonng.ReqOption(reconnect(time.Millisecond, 0)))
	proxy := gonngtest.NewProxy(t, listen(t, rep, tcp).URL())
	dial(t, req, tcp, proxy.URL())
	waitPeers(t, req, 1)
	serving(t, rep, echo, gonng.WithConcurrency(8))
	ctx := gonngtest.Context(t, 12*patience)
	var cuts atomic.Int32
	done := make(chan struct{})
	cutter := concurrently(func() error {
		for {
			select {
			case <-time.After(rand.N(200 * time.Millisecond)):
				if cuts.Add(1)%2 == 0 {
					proxy.CutAll()
				} else {
					proxy.ResetAll()
				}
			case <-done:
				return nil
			}
		}
	})
	defer func() {
		close(done)
		<-cutter
	}()
	const some = 20_000
	for total := 0; total < manyRequests() || cuts.Load() < 10; total += some {
		requestAll(t, some, requests(ctx, req))
	}
	t.Logf("%d cuts, %d requests sent again", cuts.Load(), req.Stats().Resends)
	if got := req.Stats().Resends; got == 0 {
		t.Errorf("%d cuts, and no request was sent again", cuts.Load())
	}
}

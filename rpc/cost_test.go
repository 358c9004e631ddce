package rpc_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/rpc"
)

// bare has a replier that sends each request back, and a requester over the transport.
func bare(t testing.TB, tr gonngtest.Transport) *gonng.Req0 {
	rep, req := newRep(t), newReq(t)
	gonngtest.Connect(t, rep, req, tr)
	ended := make(chan error, 1)
	go func() {
		ended <- rep.Serve(context.Background(), func(_ context.Context, m *gonng.Message) ([]byte, error) { return m.Bytes(), nil })
	}()
	t.Cleanup(func() {
		rep.Close()
		<-ended
	})
	return req
}

func calling(t testing.TB, tr gonngtest.Transport) *rpc.Client {
	rep, req := newRep(t), newReq(t)
	gonngtest.Connect(t, rep, req, tr)
	s := rpc.NewServer()
	rpc.Handle(s, "nothing", nothing)
	serve(t, rep, s)
	return rpc.NewClient(req)
}

// TestAllocations: a call of an empty struct with JSON allocates at most 4 times more
// than a request, at both ends together.
func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates, and makes pools forget")
	}
	for name, ctx := range map[string]context.Context{"without a deadline": context.Background(), "with a deadline": gonngtest.Context(t, 10*gonngtest.Timeout)} {
		t.Run(name, func(t *testing.T) {
			req, c := bare(t, transport("tcp")), calling(t, transport("tcp"))
			request := testing.AllocsPerRun(5000, func() {
				_, err := req.Request(ctx, []byte("{}"))
				check(t, err)
			})
			call := testing.AllocsPerRun(5000, func() {
				_, err := rpc.Call[empty](ctx, c, "nothing", empty{})
				check(t, err)
			})
			t.Logf("a request allocates %v times, a call %v times", request, call)
			if call > request+4 {
				t.Errorf("a call allocates %v times, a request %v times: want at most 4 more", call, request)
			}
		})
	}
}

// BenchmarkCall makes requests and calls in turn, and reports the medians of their round
// trips and how many times longer a call takes. On one core:
//
//	go test -run '^$' -bench Call -cpu 1 -count 5 ./rpc
func BenchmarkCall(b *testing.B) {
	req, c := bare(b, transport("tcp")), calling(b, transport("tcp"))
	var requests, calls []time.Duration
	for b.Loop() {
		begin := time.Now()
		_, err := req.Request(context.Background(), []byte("{}"))
		middle := time.Now()
		check(b, err)
		_, err = rpc.Call[empty](context.Background(), c, "nothing", empty{})
		check(b, err)
		requests = append(requests, middle.Sub(begin))
		calls = append(calls, time.Since(middle))
	}
	slices.Sort(requests)
	slices.Sort(calls)
	request, call := requests[len(requests)/2], calls[len(calls)/2]
	b.ReportMetric(float64(request), "ns/request")
	b.ReportMetric(float64(call), "ns/call")
	b.ReportMetric(float64(call)/float64(request), "call/request")
	b.ReportMetric(0, "ns/op") // both together
}

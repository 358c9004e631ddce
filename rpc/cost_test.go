package rpc_test

import (
	"context"
	"testing"

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

// The cost of a call beside that of a request, on one core:
//
//	go test -run '^$' -bench 'Request|Call' -cpu 1 -count 10 ./rpc
func BenchmarkRequest(b *testing.B) {
	req := bare(b, transport("tcp"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := req.Request(context.Background(), []byte("{}")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCall(b *testing.B) {
	c := calling(b, transport("tcp"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rpc.Call[empty](context.Background(), c, "nothing", empty{}); err != nil {
			b.Fatal(err)
		}
	}
}

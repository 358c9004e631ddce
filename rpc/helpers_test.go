package rpc_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/rpc"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError fails the test unless err is an *rpc.Error of that code whose text has all
// of the words, and wraps the causes.
func wantError(t testing.TB, err error, code rpc.Code, words ...string) *rpc.Error {
	t.Helper()
	var e *rpc.Error
	if !errors.As(err, &e) {
		t.Fatalf("got the error %v, a %T, want an *rpc.Error with %v", err, err, code)
	}
	if e.Code != code {
		t.Errorf("got the error %v, want %v", err, code)
	}
	for _, word := range words {
		if !strings.Contains(e.Message, word) {
			t.Errorf("the text of the error is %q, without %q", e.Message, word)
		}
	}
	return e
}

// wait fails the test when what does not happen.
func wait[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-gonngtest.Context(t, gonngtest.Timeout).Done():
		t.Fatalf("%s: did not happen in %v", what, gonngtest.Timeout)
		panic("unreachable")
	}
}

func testContext(t testing.TB) context.Context { return gonngtest.Context(t, gonngtest.Timeout) }

// transport is tcp, unless the test asks for another.
func transport(name string) gonngtest.Transport {
	for _, tr := range gonngtest.Transports {
		if tr.Name == name {
			return tr
		}
	}
	panic("no transport " + name)
}

// newReq and newRep make sockets that are closed when the test ends.
func newReq(t testing.TB, opts ...gonng.ReqOption) *gonng.Req0 {
	t.Helper()
	req, err := gonng.NewReq0(opts...)
	check(t, err)
	t.Cleanup(func() { req.Close() })
	return req
}

func newRep(t testing.TB, opts ...gonng.SocketOption) *gonng.Rep0 {
	t.Helper()
	rep, err := gonng.NewRep0(opts...)
	check(t, err)
	t.Cleanup(func() { rep.Close() })
	return rep
}

// serve serves s on rep until the test ends.
func serve(t testing.TB, rep *gonng.Rep0, s *rpc.Server, opts ...gonng.ServeOption) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- rep.Serve(context.Background(), s.Serve, opts...) }()
	t.Cleanup(func() {
		rep.Close()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

// start serves s over tcp, and connects a client to it.
func start(t testing.TB, s *rpc.Server, opts ...rpc.Option) *rpc.Client {
	t.Helper()
	rep, req := newRep(t), newReq(t)
	gonngtest.Connect(t, rep, req, transport("tcp"))
	serve(t, rep, s, gonng.WithConcurrency(8))
	return rpc.NewClient(req, opts...)
}

type empty struct{}

func nothing(context.Context, empty) (empty, error) { return empty{}, nil }

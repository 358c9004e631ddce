package interop

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/rpc"
)

// A call that an nngcat answers is an error that says what the matter is, and nngcat sees
// which library asked.
func TestRPCAsksNngcat(t *testing.T) {
	gonngtest.NoLeaks(t)
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	req, err := gonng.NewReq0(gonng.WithListen("tcp://127.0.0.1:0"))
	check(t, err)
	defer req.Close()
	cat := start(t, "nngcat", "--rep0", "--dial", req.ListenURL(), "--data", "pong", "--raw")
	_, err = rpc.Call[string](ctx, rpc.NewClient(req), "ping", "hello")
	if rpc.CodeOf(err) != rpc.CodeUnimplemented || !errors.Is(err, gonng.ErrProtocol) || !bytes.Contains([]byte(err.Error()), []byte(`does not speak rpc: its reply begins with "pong"`)) {
		t.Errorf("the call returned %v", err)
	}
	cat.stdout.await(t, "the request", func(b []byte) bool { return bytes.Contains(b, []byte("gonng?")) })
}

// An nngcat that asks an rpc server prints a sentence that says what it has reached.
func TestNngcatAsksRPC(t *testing.T) {
	gonngtest.NoLeaks(t)
	rep, err := gonng.NewRep0(gonng.WithListen("tcp://127.0.0.1:0"))
	check(t, err)
	s := rpc.NewServer()
	rpc.Handle(s, "ping", func(context.Context, string) (string, error) { return "pong", nil })
	ended := make(chan error, 1)
	go func() { ended <- rep.Serve(context.Background(), s.Serve) }()
	defer func() { check(t, rep.Close()); check(t, <-ended) }()
	cat := start(t, "nngcat", "--req0", "--dial", rep.ListenURL(), "--data", "ping", "--raw")
	cat.stdout.await(t, "the reply", func(b []byte) bool {
		return bytes.HasPrefix(b, []byte("\xf5gonng!\x01")) && bytes.Contains(b, []byte("This is an rpc server of gonng, and the request is no rpc request"))
	})
}

package protogonng_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/gonng/gonng"
	protogonng "github.com/gonng/gonng/contrib/proto"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/rpc"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start serves s over tcp, and connects a client to it.
func start(t *testing.T, s *rpc.Server, opts ...rpc.Option) *rpc.Client {
	rep, err := gonng.NewRep0(gonng.WithListen("tcp://127.0.0.1:0"))
	check(t, err)
	ended := make(chan error, 1)
	go func() { ended <- rep.Serve(context.Background(), s.Serve) }()
	req, err := gonng.NewReq0(gonng.WithDial(rep.ListenURL()))
	check(t, err)
	t.Cleanup(func() {
		check(t, req.Close())
		check(t, rep.Close())
		check(t, <-ended)
	})
	return rpc.NewClient(req, opts...)
}

func wantError(t *testing.T, err error, code rpc.Code, words ...string) {
	t.Helper()
	var e *rpc.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("got the error %v, want %v", err, code)
	}
	for _, word := range words {
		if !strings.Contains(e.Message, word) {
			t.Errorf("the text of the error is %q, without %q", e.Message, word)
		}
	}
}

func TestCalls(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := rpc.NewServer(rpc.WithCodec(protogonng.Codec{}))
	rpc.Handle(s, "double", func(_ context.Context, in *durationpb.Duration) (*durationpb.Duration, error) {
		return durationpb.New(2 * in.AsDuration()), nil
	})
	rpc.Handle(s, "nil", func(context.Context, *durationpb.Duration) (*durationpb.Duration, error) { return nil, nil })
	rpc.Handle(s, "text", func(_ context.Context, in *durationpb.Duration) (string, error) { return in.String(), nil })
	rpc.Handle(s, "from text", func(_ context.Context, in string) (*durationpb.Duration, error) { return nil, nil })
	rpc.Handle(s, "from pointer", func(_ context.Context, in *string) (*durationpb.Duration, error) { return nil, nil })
	c := start(t, s, rpc.WithCodec(protogonng.Codec{}))
	ctx, in := gonngtest.Context(t, gonngtest.Timeout), durationpb.New(21)

	out, err := rpc.Call[*durationpb.Duration](ctx, c, "double", in)
	check(t, err)
	if out.AsDuration() != 42 {
		t.Errorf("the double of 21 is %v", out)
	}
	_, err = rpc.Call[*durationpb.Duration](ctx, c, "double", struct{}{})
	wantError(t, err, rpc.CodeInvalidArgument, "a struct {} is no protobuf message")
	out, err = rpc.Call[*durationpb.Duration](ctx, c, "nil", (*durationpb.Duration)(nil))
	check(t, err)
	if out == nil || out.AsDuration() != 0 {
		t.Errorf("a nil message is %v at the caller", out)
	}
	_, err = rpc.Call[*durationpb.Duration](ctx, c, "text", in)
	wantError(t, err, rpc.CodeInternal, "a string is no protobuf message")
	_, err = rpc.Call[string](ctx, c, "double", in)
	wantError(t, err, rpc.CodeInternal, "a string is no protobuf message")
	_, err = rpc.Call[*durationpb.Duration](ctx, c, "from text", in)
	wantError(t, err, rpc.CodeInvalidArgument, "a string is no protobuf message")
	_, err = rpc.Call[*durationpb.Duration](ctx, c, "from pointer", in)
	wantError(t, err, rpc.CodeInvalidArgument, "a *string is no protobuf message")
}

// A JSON client and a protobuf server do not take each other's bytes for their own.
func TestOtherCodec(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := rpc.NewServer(rpc.WithCodec(protogonng.Codec{}))
	rpc.Handle(s, "double", func(_ context.Context, in *durationpb.Duration) (*durationpb.Duration, error) { return in, nil })
	_, err := rpc.Call[struct{}](gonngtest.Context(t, gonngtest.Timeout), start(t, s), "double", struct{ Seconds int }{1})
	wantError(t, err, rpc.CodeInvalidArgument, "does not decode")
}

package rpc_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/rpc"
)

func TestHeaders(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := rpc.NewServer()
	rpc.Handle(s, "mirror", func(ctx context.Context, fail bool) (rpc.Header, error) {
		for k, v := range rpc.IncomingHeader(ctx) {
			rpc.SetReplyHeader(ctx, k, strings.ToUpper(v))
		}
		if fail {
			return nil, rpc.Errorf(rpc.CodeAborted, "as wanted")
		}
		return rpc.IncomingHeader(ctx), nil
	})
	c := start(t, s)
	for _, fail := range []bool{false, true} {
		h := rpc.Header{"old": "value"}
		sent, err := rpc.Call[rpc.Header](testContext(t), c, "mirror", fail,
			rpc.WithHeader("a", "x"), rpc.WithHeader("B", ""), rpc.WithHeader("a", "y"), rpc.ReplyHeader(&h))
		if fail {
			wantError(t, err, rpc.CodeAborted)
		} else if check(t, err); !maps.Equal(sent, rpc.Header{"a": "y", "B": ""}) {
			t.Errorf("the method got the headers %v", sent)
		}
		if !maps.Equal(h, rpc.Header{"a": "Y", "B": ""}) || !slices.Equal(h.Keys(), []string{"B", "a"}) {
			t.Errorf("the reply has the headers %v", h)
		}
	}
	h := rpc.Header{"old": "value"}
	sent, err := rpc.Call[rpc.Header](testContext(t), c, "mirror", false, rpc.ReplyHeader(&h))
	if err != nil || sent != nil || h != nil {
		t.Errorf("without headers the method got %v, the caller %v, %v", sent, h, err)
	}
}

// Headers above the limits are refused at the end that sends them.
func TestHeaderLimits(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := rpc.NewServer()
	rpc.Handle(s, "long", func(ctx context.Context, fail bool) (empty, error) {
		rpc.SetReplyHeader(ctx, "k", strings.Repeat("v", 9000))
		if fail {
			return empty{}, rpc.Errorf(rpc.CodeAborted, "as wanted")
		}
		return empty{}, nil
	})
	c := start(t, s)
	ctx := testContext(t)
	for _, fail := range []bool{false, true} {
		_, err := rpc.Call[empty](ctx, c, "long", fail)
		wantError(t, err, rpc.CodeInternal, "reply of long", "headers of 9004 bytes")
	}
	_, err := rpc.Call[empty](ctx, c, "long", false, rpc.WithHeader("k", strings.Repeat("v", 9000)))
	wantError(t, err, rpc.CodeInvalidArgument, "request to long", "headers of 9004 bytes")
}

// The functions for methods do nothing elsewhere.
func TestHeadersElsewhere(t *testing.T) {
	ctx := t.Context()
	rpc.SetReplyHeader(ctx, "k", "v")
	if h, p, o := rpc.IncomingHeader(ctx), rpc.IncomingPipe(ctx), rpc.OutgoingHeader(ctx); h != nil || p != nil || o != nil {
		t.Errorf("got %v, %v, %v", h, p, o)
	}
}

type userKey struct{}

// users carries a value of the context, as a trace would be carried.
type users struct{}

func (users) Inject(ctx context.Context, h rpc.Header) {
	if user, ok := ctx.Value(userKey{}).(string); ok {
		h.Set("user", user)
	}
}

func (users) Extract(ctx context.Context, h rpc.Header) context.Context {
	return context.WithValue(ctx, userKey{}, h.Get("user"))
}

func TestPropagator(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := rpc.NewServer(rpc.WithPropagator(users{}))
	rpc.Handle(s, "who", func(ctx context.Context, _ empty) (string, error) {
		return ctx.Value(userKey{}).(string) + rpc.IncomingHeader(ctx).Get("mark"), nil
	})
	c := start(t, s, rpc.WithPropagator(users{}))
	for _, name := range []string{"ann", "bob"} {
		ctx := context.WithValue(testContext(t), userKey{}, name)
		got, err := rpc.Call[string](ctx, c, "who", empty{}, rpc.WithHeader("mark", "!"))
		if err != nil || got != name+"!" {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	got, err := rpc.Call[string](testContext(t), c, "who", empty{})
	if err != nil || got != "" {
		t.Errorf("nobody is %q, %v", got, err)
	}
}

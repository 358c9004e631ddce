package rpc_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/rpc"
)

// trail notes who was there.
type trail struct {
	mu   sync.Mutex
	list []string
}

func (l *trail) add(word string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, word)
}

// interceptor notes each call and its code.
func (l *trail) interceptor(name string) rpc.Interceptor {
	return func(ctx context.Context, method string, next func(context.Context) error) error {
		l.add(name + " " + method)
		err := next(ctx)
		l.add(name + " " + rpc.CodeOf(err).String())
		return err
	}
}

// The first interceptor is the outermost, at both ends.
func TestInterceptors(t *testing.T) {
	gonngtest.NoLeaks(t)
	var l trail
	s := rpc.NewServer(rpc.WithInterceptor(l.interceptor("s1"), l.interceptor("s2")), rpc.WithInterceptor(l.interceptor("s3")))
	rpc.Handle(s, "m", func(_ context.Context, fail bool) (empty, error) {
		l.add("method")
		if fail {
			return empty{}, rpc.Errorf(rpc.CodeAborted, "as wanted")
		}
		return empty{}, nil
	})
	c := start(t, s, rpc.WithInterceptor(l.interceptor("c1"), l.interceptor("c2")))
	calls := func(method string, codes string, inside ...string) {
		t.Helper()
		l.list = nil
		var want []string
		for _, name := range []string{"c1", "c2", "s1", "s2", "s3"} {
			want = append(want, name+" "+method)
		}
		want = append(want, inside...)
		for _, name := range []string{"s3", "s2", "s1", "c2", "c1"} {
			want = append(want, name+" "+codes)
		}
		_, _ = rpc.Call[empty](testContext(t), c, method, codes != "OK")
		if !slices.Equal(l.list, want) {
			t.Errorf("the call went by %q, want %q", l.list, want)
		}
	}
	calls("m", "OK", "method")
	calls("m", "Aborted", "method")
	calls("unknown", "Unimplemented")
}

// An interceptor may refuse a call, change its ctx and headers and error, recover from a
// panic and try again.
func TestInterceptorChanges(t *testing.T) {
	gonngtest.NoLeaks(t)
	tried := 0
	again := func(ctx context.Context, method string, next func(context.Context) error) error {
		tried++
		err := next(ctx)
		if rpc.CodeOf(err) == rpc.CodeUnauthenticated {
			rpc.OutgoingHeader(ctx).Set("token", "secret")
			err = next(ctx)
		}
		return err
	}
	guard := func(ctx context.Context, method string, next func(context.Context) error) (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = rpc.Errorf(rpc.CodeDataLoss, "recovered: %v", r)
			}
		}()
		if rpc.IncomingPipe(ctx).RemoteAddr().Network() != "tcp" {
			return errors.New("not by tcp")
		}
		if rpc.IncomingHeader(ctx).Get("token") != "secret" {
			return rpc.Errorf(rpc.CodeUnauthenticated, "who are you?")
		}
		rpc.SetReplyHeader(ctx, "seen", method)
		return next(context.WithValue(ctx, userKey{}, "ann"))
	}
	s := rpc.NewServer(rpc.WithInterceptor(guard))
	rpc.Handle(s, "who", func(ctx context.Context, _ empty) (string, error) { return ctx.Value(userKey{}).(string), nil })
	rpc.Handle(s, "panic", func(context.Context, empty) (string, error) { panic("help") })
	c := start(t, s, rpc.WithInterceptor(again))
	var h rpc.Header
	got, err := rpc.Call[string](testContext(t), c, "who", empty{}, rpc.ReplyHeader(&h))
	if err != nil || got != "ann" || tried != 1 || h.Get("seen") != "who" {
		t.Errorf("the call returned %q, %v, with headers %v, after %d attempts", got, err, h, tried)
	}
	_, err = rpc.Call[string](testContext(t), c, "panic", empty{})
	wantError(t, err, rpc.CodeDataLoss, "recovered: help")
}

// An interceptor of a client may answer, or fail with an error of any kind.
func TestInterceptorAlone(t *testing.T) {
	gonngtest.NoLeaks(t)
	cause := errors.New("not today")
	c := rpc.NewClient(newReq(t), rpc.WithInterceptor(func(_ context.Context, method string, _ func(context.Context) error) error {
		if method == "fail" {
			return cause
		}
		return nil
	}))
	_, err := rpc.Call[int](testContext(t), c, "fail", empty{})
	if wantError(t, err, rpc.CodeUnknown, "not today"); !errors.Is(err, cause) {
		t.Errorf("%v does not wrap its cause", err)
	}
	got, err := rpc.Call[int](testContext(t), c, "answer", empty{})
	if err != nil || got != 0 {
		t.Errorf("the call returned %d, %v", got, err)
	}
}

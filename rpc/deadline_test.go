package rpc_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/rpc"
)

// The deadline of the caller ends the ctx of the method, and contexts made from it.
func TestDeadline(t *testing.T) {
	gonngtest.NoLeaks(t)
	var begun atomic.Int32
	ended := make(chan error, 100)
	s := rpc.NewServer()
	rpc.Handle(s, "wait", func(ctx context.Context, made bool) (empty, error) {
		begun.Add(1)
		if made {
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(ctx)
			defer cancel()
		}
		<-ctx.Done()
		ended <- ctx.Err()
		return empty{}, ctx.Err()
	})
	c := start(t, s)
	for _, made := range []bool{false, true} {
		begun.Store(0)
		for d := 20 * time.Millisecond; begun.Load() == 0; d *= 2 { // a busy machine may not send it in time
			_, err := rpc.Call[empty](gonngtest.Context(t, d), c, "wait", made)
			if wantError(t, err, rpc.CodeDeadlineExceeded); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v is not context.DeadlineExceeded", err) // whichever end was first
			}
		}
		if err := wait(t, "the end of the method", ended); err != context.DeadlineExceeded {
			t.Errorf("the ctx of the method ended with %v", err)
		}
	}
}

// The method knows how much time is left; without a deadline there is none.
func TestDeadlineTravels(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := rpc.NewServer()
	rpc.Handle(s, "left", func(ctx context.Context, _ empty) (time.Duration, error) {
		deadline, ok := ctx.Deadline()
		if !ok {
			return 0, ctx.Err()
		}
		return time.Until(deadline), ctx.Err()
	})
	c := start(t, s)
	left, err := rpc.Call[time.Duration](context.Background(), c, "left", empty{})
	if err != nil || left != 0 {
		t.Errorf("without a deadline %v are left, %v", left, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	left, err = rpc.Call[time.Duration](ctx, c, "left", empty{})
	if err != nil || left > time.Hour || left < 50*time.Minute {
		t.Errorf("of an hour %v are left, %v", left, err)
	}
}

// A deadline that has passed, and a ctx that is canceled, ends the call before it begins.
func TestEndedContext(t *testing.T) {
	gonngtest.NoLeaks(t)
	var called atomic.Bool
	s := rpc.NewServer()
	rpc.Handle(s, "nothing", func(context.Context, empty) (empty, error) { called.Store(true); return empty{}, nil })
	rpc.Handle(s, "other", nothing)
	c := start(t, s)
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Hour))
	defer cancel()
	_, err := rpc.Call[empty](ctx, c, "nothing", empty{})
	if wantError(t, err, rpc.CodeDeadlineExceeded); !errors.Is(err, gonng.ErrTimeout) {
		t.Errorf("%v is not ErrTimeout", err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	cancel()
	_, err = rpc.Call[empty](ctx, c, "nothing", empty{})
	if wantError(t, err, rpc.CodeCanceled); !errors.Is(err, context.Canceled) {
		t.Errorf("%v is not context.Canceled", err)
	}
	_, err = rpc.Call[empty](testContext(t), c, "other", empty{})
	check(t, err)
	if called.Load() {
		t.Error("the method was called")
	}
}

// A caller that is canceled returns while the method runs, whose ctx goes on, and whose
// reply is dropped.
func TestCanceledCaller(t *testing.T) {
	gonngtest.NoLeaks(t)
	begun, finish := make(chan context.Context, 1), make(chan struct{})
	s := rpc.NewServer()
	rpc.Handle(s, "block", func(ctx context.Context, _ empty) (empty, error) {
		begun <- ctx
		<-finish
		return empty{}, nil
	})
	rep, req := newRep(t), newReq(t)
	gonngtest.Connect(t, rep, req, transport("tcp"))
	serve(t, rep, s)
	c := rpc.NewClient(req)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		_, err := rpc.Call[empty](ctx, c, "block", empty{})
		ended <- err
	}()
	method := wait(t, "the method", begun)
	cancel()
	wantError(t, wait(t, "the end of the call", ended), rpc.CodeCanceled)
	if err := method.Err(); err != nil {
		t.Errorf("the ctx of the method has ended with %v", err)
	}
	close(finish)
	gonngtest.Eventually(t, func() bool { return req.Stats().LateReplies == 1 }, "the reply is dropped and counted")
}

// The ctx of a method with a deadline ends when the method returns, whether it was asked
// for its end before or is so later, and does not for what it had.
func TestContextAfterReturn(t *testing.T) {
	gonngtest.NoLeaks(t)
	type key struct{}
	got := make(chan context.Context, 1)
	s := rpc.NewServer()
	rpc.Handle(s, "nothing", func(ctx context.Context, ask bool) (empty, error) {
		if ask && ctx.Err() != nil {
			return empty{}, ctx.Err()
		}
		if ctx.Value(key{}) != nil {
			return empty{}, errors.New("a value out of nothing")
		}
		got <- ctx
		return empty{}, nil
	})
	c := start(t, s)
	for _, ask := range []bool{false, true} {
		_, err := rpc.Call[empty](testContext(t), c, "nothing", ask, rpc.WithHeader("k", "v"))
		check(t, err)
		ctx := <-got
		wait(t, "the end of the ctx", ctx.Done())
		if err := ctx.Err(); err != context.Canceled {
			t.Errorf("the ctx ended with %v", err)
		}
		if rpc.IncomingHeader(ctx).Get("k") != "v" {
			t.Error("the header has gone")
		}
		rpc.SetReplyHeader(ctx, "k", "too late")
	}
}

// A method that returns because Serve ends is Unavailable: its caller canceled nothing.
func TestServeEnds(t *testing.T) {
	gonngtest.NoLeaks(t)
	begun := make(chan struct{}, 1)
	s := rpc.NewServer()
	rpc.Handle(s, "wait", func(ctx context.Context, _ empty) (empty, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return empty{}, ctx.Err()
	})
	rep, req := newRep(t), newReq(t)
	gonngtest.Connect(t, rep, req, transport("tcp"))
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- rep.Serve(ctx, s.Serve, gonng.WithGracePeriod(0)) }()
	ended := make(chan error, 1)
	go func() {
		_, err := rpc.Call[empty](context.Background(), rpc.NewClient(req), "wait", empty{})
		ended <- err
	}()
	wait(t, "the method", begun)
	cancel()
	wantError(t, wait(t, "the end of the call", ended), rpc.CodeUnavailable, "the server ends")
	if err := wait(t, "the end of Serve", served); !errors.Is(err, context.Canceled) {
		t.Errorf("Serve: %v", err)
	}
}

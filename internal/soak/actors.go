package main

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/gonng/gonng"
)

// briefly is a context for one call: it ends soon, and often too early.
func (a *actor) briefly(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Duration(a.rand.IntN(int(50*time.Millisecond))))
}

// rest is a pause between two calls, mostly none.
func (a *actor) rest(ctx context.Context) {
	if a.rand.IntN(10) > 0 {
		return
	}
	pause := time.NewTimer(time.Duration(a.rand.IntN(int(10 * time.Millisecond))))
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
	}
}

// fails reports an error that a call must not return.
func (a *actor) fails(what string, err error) {
	a.failed++
	if !ended(err) {
		a.problem("%s: %v", what, err)
	}
}

// repeat does one thing again and again, with pauses, until ctx ends.
func repeat(one func(context.Context, *actor)) func(context.Context, *actor) {
	return func(ctx context.Context, a *actor) {
		for ctx.Err() == nil {
			one(ctx, a)
			a.rest(ctx)
		}
	}
}

func send(ctx context.Context, a *actor) {
	brief, cancel := a.briefly(ctx)
	defer cancel()
	if err := a.socket.(gonng.Sender).Send(brief, a.message()); err != nil {
		a.fails("send", err)
		return
	}
	a.sent++
}

func receive(ctx context.Context, a *actor) {
	brief, cancel := a.briefly(ctx)
	defer cancel()
	body, err := a.socket.(gonng.Receiver).Recv(brief)
	if err != nil {
		a.fails("receive", err)
		return
	}
	a.read(body)
}

func either(ctx context.Context, a *actor) {
	if a.rand.IntN(2) == 0 {
		send(ctx, a)
	} else {
		receive(ctx, a)
	}
}

// ask sends requests, of which each must get its own body back.
func ask(ctx context.Context, a *actor) {
	req := a.socket.(*gonng.Req0)
	if err := req.Set(gonng.WithResendTime(time.Duration(a.rand.IntN(int(100 * time.Millisecond))))); err != nil {
		a.problem("set: %v", err)
	}
	for ctx.Err() == nil {
		brief, cancel := a.briefly(ctx)
		question := a.message()
		before := req.Stats().Sent
		reply, err := req.Request(brief, question)
		a.sent += req.Stats().Sent - before // a request that fails may have been sent
		switch {
		case err != nil:
			a.fails("request", err)
		case !bytes.Equal(reply, question):
			a.problem("the reply to message %d of actor %d is %.50x", a.number, a.id, reply)
		default:
			a.read(reply)
		}
		cancel()
		a.rest(ctx)
	}
}

// answer sends back what it is asked, on some workers.
func answer(ctx context.Context, a *actor) {
	workers := 1 + a.rand.IntN(4)
	var mu sync.Mutex
	err := a.socket.(interface {
		Serve(context.Context, gonng.Handler, ...gonng.ServeOption) error
	}).Serve(ctx, func(_ context.Context, m *gonng.Message) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		a.read(m.Bytes())
		return m.Bytes(), nil
	}, gonng.WithConcurrency(workers))
	if err != nil && !ended(err) {
		a.problem("serve: %v", err)
	}
}

// survey asks all, and takes the responses that come while it waits.
func survey(ctx context.Context, a *actor) {
	surveyor := a.socket.(*gonng.Surveyor0)
	for ctx.Err() == nil {
		if err := surveyor.Set(gonng.WithSurveyTime(time.Duration(1 + a.rand.IntN(int(20*time.Millisecond))))); err != nil {
			a.problem("set: %v", err)
		}
		question := a.message()
		if err := surveyor.Send(ctx, question); err != nil {
			a.fails("survey", err)
			continue
		}
		a.sent++
		for range a.rand.IntN(20) {
			response, err := surveyor.Recv(ctx)
			if err != nil {
				a.fails("response", err)
				break
			}
			if a.read(response); !bytes.Equal(response, question) {
				a.problem("the response to message %d of actor %d is %.50x", a.number, a.id, response)
			}
		}
		a.rest(ctx)
	}
}

package gonng

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Handler answers a request or survey: it returns the reply. Serve copies the reply and then
// frees the request, so a handler may return a part of the request, but has to copy what it
// keeps longer. ctx ends when the handler has to return, see [WithGracePeriod]. With
// [WithConcurrency] several handlers run at the same time.
//
// When a handler returns an error or panics, its request gets no reply, and Serve goes on
// with the next. The error is logged, to [slog.Default] when the socket has no logger.
type Handler func(ctx context.Context, request *Message) ([]byte, error)

// answering is what serve needs of a RepContext or RespondentContext.
type answering interface {
	RecvMsg(context.Context) (*Message, error)
	Send(context.Context, []byte) error
	Close() error
	answers()
}

// answers lets the context send while the socket closes, so that replies of handlers that
// still run are sent.
func (e *endpoint) answers() { e.answering = true }

// serve answers requests with h, with a context for each worker. When ctx ends or the socket
// closes, the workers take no new request. The handlers that run may go on for the grace
// period, then their own context ends. serve sends what they return, and waits for them.
func serve[C answering](ctx context.Context, s *socket, h Handler, opts []ServeOption, newContext func() (C, error)) error {
	cfg, err := newServeConfig(s, h, opts)
	if err != nil {
		return s.opError("serve", "", err)
	}
	if !s.serving.begin() {
		return nil
	}
	defer s.serving.done()
	recv, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(s.serving.stopped, stop)()
	handlers, end := context.WithCancel(s.serving.handlers)
	defer end()
	handle := handlerContext{handlers, context.WithoutCancel(ctx)}
	defer endAfter(ctx, cfg.grace, end)()

	var workers sync.WaitGroup
	errs := make([]error, cfg.workers)
	for i := range errs {
		c, err := newContext()
		if err != nil {
			errs[i] = err
			break
		}
		c.answers()
		workers.Go(func() {
			defer c.Close()
			errs[i] = work(recv, handle, s, h, c)
		})
	}
	workers.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, ErrClosed) && s.serving.stopped.Err() == nil {
			return err
		}
	}
	return nil
}

// handlerContext has the end of one context and the values of another. It is made so because
// Close ends it and returns: context.AfterFunc would end it a little later.
type handlerContext struct {
	context.Context
	values context.Context
}

// Value asks Context first, which must recognize itself.
func (c handlerContext) Value(key any) any {
	if v := c.Context.Value(key); v != nil {
		return v
	}
	return c.values.Value(key)
}

// endAfter calls end when grace has passed since ctx ended, unless stop was called before.
func endAfter(ctx context.Context, grace time.Duration, end func()) (stop func()) {
	ended := make(chan *time.Timer, 1)
	unwatch := context.AfterFunc(ctx, func() { ended <- time.AfterFunc(grace, end) })
	return func() {
		if !unwatch() {
			(<-ended).Stop()
		}
	}
}

// work answers requests one after the other, until a receive fails. It receives with recv
// and calls h with handle.
func work(recv, handle context.Context, s *socket, h Handler, c answering) error {
	for {
		m, err := c.RecvMsg(recv)
		if err != nil {
			if errors.Is(err, ErrTimeout) && recv.Err() == nil {
				continue // the socket's receive timeout does not end Serve
			}
			return err
		}
		reply, err := protect(handle, h, m)
		if err == nil {
			if err = c.Send(context.Background(), reply); err != nil {
				s.replyLost()
			}
		}
		if err != nil {
			s.logTo(cmp.Or(s.logger(), slog.Default()), slog.LevelError, "request left unanswered", "pipe", m.Pipe().ID(), "error", err)
		}
		m.Free()
	}
}

// replyLost counts a reply that came too late to be sent: in Stats, and for the error of
// Close.
func (s *socket) replyLost() {
	s.lock()
	defer s.unlock()
	s.stats.unsent(1)
	s.left++
}

// protect calls the handler, and turns a panic into an error.
func protect(ctx context.Context, h Handler, m *Message) (answer []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return h(ctx, m)
}

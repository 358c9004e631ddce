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

// Handler answers a request or survey: what it returns is the reply. The message
// is freed when the handler has returned and the reply is sent: copy what is
// kept longer. An error or a panic leaves this request alone unanswered and is
// logged, to [slog.Default] when the socket has no logger.
type Handler func(ctx context.Context, request *Message) ([]byte, error)

// answering is what serve needs of a context.
type answering interface {
	RecvMsg(context.Context) (*Message, error)
	Send(context.Context, []byte) error
	Close() error
	answers()
}

// answers lets the context send also while the socket closes.
func (c contextBase) answers() { c.e.answering = true }

// serve answers what comes on n contexts. When ctx ends or the socket closes it takes
// nothing new; the handlers that run may go on for the grace period, then their
// own context ends. What they return is sent.
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
	handle, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer context.AfterFunc(s.serving.handlers, end)()
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

// endAfter has end called when that much time has passed since ctx ended.
func endAfter(ctx context.Context, grace time.Duration, end func()) (stop func()) {
	ended := make(chan *time.Timer, 1)
	unwatch := context.AfterFunc(ctx, func() { ended <- time.AfterFunc(grace, end) })
	return func() {
		if !unwatch() {
			(<-ended).Stop()
		}
	}
}

// work answers requests one after the other.
func work(recv, handle context.Context, s *socket, h Handler, c answering) error {
	for {
		m, err := c.RecvMsg(recv)
		if err != nil {
			if errors.Is(err, ErrTimeout) && recv.Err() == nil {
				continue // the socket's receive timeout is no reason to stop serving
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
			s.logTo(cmp.Or(s.Config().Logger, slog.Default()), slog.LevelError, "request left unanswered", "pipe", m.Pipe().ID(), "error", err)
		}
		m.Free()
	}
}

// replyLost counts a reply that a handler returned too late.
func (s *socket) replyLost() {
	s.lock()
	defer s.unlock()
	s.stats.Unsent++
	s.left++
}

// protect turns a panic of the handler into an error.
func protect(ctx context.Context, h Handler, m *Message) (answer []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return h(ctx, m)
}

package gonng

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
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
}

func serve[C answering](ctx context.Context, s *socket, h Handler, opts []ServeOption, newContext func() (C, error)) error {
	cfg, err := newServeConfig(s, h, opts)
	if err != nil {
		return s.opError("serve", "", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.stop, cancel)()
	var workers sync.WaitGroup
	errs := make([]error, cfg.workers)
	for i := range errs {
		c, err := newContext()
		if err != nil {
			errs[i] = err
			break
		}
		workers.Go(func() {
			defer c.Close()
			errs[i] = work(ctx, s, h, c)
		})
	}
	workers.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, ErrClosed) && s.stop.Err() == nil {
			return err
		}
	}
	return nil
}

// work answers requests one after the other.
func work(ctx context.Context, s *socket, h Handler, c answering) error {
	for {
		m, err := c.RecvMsg(ctx)
		if err != nil {
			if errors.Is(err, ErrTimeout) && ctx.Err() == nil {
				continue // the socket's receive timeout is no reason to stop serving
			}
			return err
		}
		answer, err := protect(ctx, h, m)
		if err == nil {
			err = c.Send(ctx, answer)
		}
		if err != nil && ctx.Err() == nil {
			s.logTo(cmp.Or(s.Config().Logger, slog.Default()), slog.LevelError, "request left unanswered", "pipe", m.Pipe().ID(), "error", err)
		}
		m.Free()
	}
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

package itest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// stopping are the ways in which a service ends, and whether its handlers may go on for a
// while.
var stopping = map[string]struct {
	goOn bool
	stop func(s gonng.Socket, cancel func()) error
	want error // of Serve
}{
	"context": {true, func(_ gonng.Socket, cancel func()) error {
		cancel()
		return nil
	}, gonng.ErrCanceled},
	"Shutdown": {true, func(s gonng.Socket, _ func()) error { return s.Shutdown(context.Background()) }, nil},
	"Close":    {false, func(s gonng.Socket, _ func()) error { return s.Close() }, nil},
}

// TestServeEndsInOrder: when a service ends, what its handlers return is sent, and nothing
// new is taken.
func TestServeEndsInOrder(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for how, end := range stopping {
			const workers = 3
			rep, req := open(t, gonng.NewRep0, gonng.WithLinger(patience)), open(t, gonng.NewReq0)
			link(t, rep, req, tr)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			entered, leave := make(chan context.Context, 100), make(chan struct{})
			served := concurrently(func() error {
				return rep.Serve(ctx, func(ctx context.Context, m *gonng.Message) ([]byte, error) {
					entered <- ctx
					<-leave
					return m.Bytes(), nil
				}, gonng.WithConcurrency(workers), gonng.WithGracePeriod(patience))
			})
			replies := make(chan error, 100)
			request := func(ctx context.Context) {
				body, err := req.Request(ctx, []byte("?"))
				if err == nil && string(body) != "?" {
					err = fmt.Errorf("the reply is %q", body)
				}
				replies <- err
			}
			for range workers {
				go request(testContext(t))
			}
			var handlers []context.Context
			for range workers {
				handlers = append(handlers, wait(t, "a handler runs", entered))
			}
			stopped := concurrently(func() error { return end.stop(rep, cancel) })
			if how == "context" {
				check(t, wait(t, "the end of the context", stopped))
				stopped = nil
			} else {
				// New calls fail: it is being closed.
				gonngtest.Eventually(t, func() bool { return errors.Is(gonng.Set(rep), gonng.ErrClosed) }, "the socket closes")
			}
			for _, h := range handlers {
				if !end.goOn {
					wait(t, how+": the end of a handler's context", h.Done())
				} else if h.Err() != nil {
					t.Errorf("%s: the context of a handler ended at once: %v", how, h.Err())
				}
			}
			late, giveUp := context.WithCancel(testContext(t))
			lateEnded := concurrently(func() error { request(late); return nil })
			close(leave)
			want(t, wait(t, how+": the end of Serve", served), end.want)
			for range workers {
				if err := wait(t, "a reply", replies); err != nil {
					t.Errorf("%s: a request that was being handled: %v", how, err)
				}
			}
			giveUp()
			<-lateEnded
			if err := <-replies; err == nil {
				t.Errorf("%s: a request that came late was handled", how)
			}
			if n := len(entered); n != 0 {
				t.Errorf("%s: %d handlers began late", how, n)
			}
			if stopped != nil {
				check(t, wait(t, how, stopped))
			}
			if n := rep.Stats().Unsent; n != 0 {
				t.Errorf("%s: %d replies are unsent", how, n)
			}
		}
	})
}

// TestServeGracePeriod: when it is over the context of the handlers ends.
func TestServeGracePeriod(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		for _, grace := range []time.Duration{-1, 0, 10 * time.Second, time.Hour} {
			rep, req := open(t, gonng.NewRep0, gonng.WithLinger(3*time.Second)), open(t, gonng.NewReq0)
			joinInproc(t, rep, req)
			opts, wanted := []gonng.ServeOption{gonng.WithGracePeriod(grace)}, grace
			if grace == -1 { // the default is the linger
				opts, wanted = nil, 3*time.Second
			}
			ctx, cancel := context.WithCancel(context.Background())
			entered := make(chan struct{})
			served := concurrently(func() error {
				return rep.Serve(ctx, func(ctx context.Context, m *gonng.Message) ([]byte, error) {
					close(entered)
					<-ctx.Done()
					return []byte("in time"), nil
				}, opts...)
			})
			replied := concurrently(func() error {
				body, err := req.Request(context.Background(), nil)
				if err == nil && string(body) != "in time" {
					err = errors.New(string(body))
				}
				return err
			})
			<-entered
			start := time.Now()
			cancel()
			want(t, <-served, gonng.ErrCanceled)
			if took := time.Since(start); took != wanted {
				t.Errorf("the handler's context ended after %v, want %v", took, wanted)
			}
			check(t, <-replied)
			check(t, rep.Close())
		}
	})
}

// TestReplyTooLate: what a handler returns when Close has given up is counted and named.
func TestReplyTooLate(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		log := newRecorder()
		rep, req := open(t, gonng.NewRep0, gonng.WithLinger(0), gonng.WithLogger(log.logger())), open(t, gonng.NewReq0)
		link(t, rep, req, tr)
		entered, leave := make(chan struct{}), make(chan struct{})
		var ended atomic.Bool
		served := concurrently(func() error {
			return rep.Serve(context.Background(), func(ctx context.Context, m *gonng.Message) ([]byte, error) {
				close(entered)
				<-leave
				ended.Store(ctx.Err() != nil)
				return []byte("too late"), nil
			})
		})
		sendText(t, req, "?")
		wait(t, "the handler runs", entered)
		check(t, rep.Close()) // it does not wait for the handler
		close(leave)
		check(t, wait(t, "Serve", served))
		if !ended.Load() {
			t.Error("the context of the handler has not ended")
		}
		if n := rep.Stats().Unsent; n != 1 {
			t.Errorf("%d replies are unsent, want 1", n)
		}
		log.want(t, "unanswered", "closed")
	})
}

// TestHandlerShutsDown: a handler may end its own service.
func TestHandlerShutsDown(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		req, rep := requesting(t, tr)
		down := make(chan error, 1)
		served := concurrently(func() error {
			return rep.Serve(context.Background(), func(context.Context, *gonng.Message) ([]byte, error) {
				go func() { down <- rep.Shutdown(testContext(t)) }()
				return []byte("good bye"), nil
			})
		})
		reply, err := req.Request(testContext(t), []byte("stop"))
		check(t, err)
		wantBody(t, reply, []byte("good bye"))
		check(t, wait(t, "Serve", served))
		check(t, wait(t, "Shutdown", down))
	})
}

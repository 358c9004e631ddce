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

// server is a socket that serves: a replier or a respondent.
type server interface {
	Serve(context.Context, gonng.Handler, ...gonng.ServeOption) error
}

// serving serves until the test ends.
func serving(t testing.TB, s server, h gonng.Handler, opts ...gonng.ServeOption) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := concurrently(func() error { return s.Serve(ctx, h, opts...) })
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, gonng.ErrCanceled) {
			t.Errorf("Serve: %v", err)
		}
	})
}

func echo(_ context.Context, m *gonng.Message) ([]byte, error) { return m.Bytes(), nil }

// As many handlers run at a time as WithConcurrency says, and no more.
func TestServeConcurrency(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, workers := range []int{1, 5} {
			req, rep := requesting(t, tr)
			var running atomic.Int32
			entered, leave := make(chan struct{}), make(chan struct{})
			opts := []gonng.ServeOption{gonng.WithConcurrency(workers)}
			if workers == 1 {
				opts = nil // the default
			}
			serving(t, rep, func(_ context.Context, m *gonng.Message) ([]byte, error) {
				if n := running.Add(1); int(n) > workers {
					t.Errorf("%d handlers run at a time, want %d", n, workers)
				}
				defer running.Add(-1)
				entered <- struct{}{}
				<-leave
				return m.Bytes(), nil
			}, opts...)
			replied := make(chan error, 2*workers)
			for range 2 * workers {
				go func() {
					_, err := req.Request(testContext(t), nil)
					replied <- err
				}()
			}
			for range workers { // none of them has left
				wait(t, "a handler starts", entered)
			}
			for i := range 2 * workers {
				leave <- struct{}{}
				check(t, wait(t, "a reply", replied))
				if i < workers {
					wait(t, "the next handler starts", entered)
				}
			}
		}
	})
}

// A handler that fails or panics leaves its own request unanswered, and only
// that one.
func TestServeHandlerFails(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		log := newRecorder()
		rep, req := open(t, gonng.NewRep0, gonng.WithLogger(log.logger())), open(t, gonng.NewReq0)
		link(t, rep, req, tr)
		serving(t, rep, func(_ context.Context, m *gonng.Message) ([]byte, error) {
			switch string(m.Bytes()) {
			case "error":
				return []byte("not sent"), errors.New("too difficult")
			case "panic":
				panic("no idea")
			}
			return m.Bytes(), nil
		})
		for request, reason := range map[string]string{"error": "too difficult", "panic": "no idea"} {
			ctx, cancel := context.WithCancel(testContext(t))
			failed := concurrently(func() error { _, err := req.Request(ctx, []byte(request)); return err })
			log.want(t, "unanswered", reason, "level=ERROR")
			reply, err := req.Request(testContext(t), []byte("fine"))
			check(t, err)
			wantBody(t, reply, []byte("fine"))
			select {
			case err := <-failed:
				t.Fatalf("the failed request ended: %v", err)
			default:
			}
			cancel()
			want(t, <-failed, gonng.ErrCanceled)
		}
		if found, _ := log.matching("unanswered"); len(found) != 2 {
			t.Errorf("logged %d unanswered requests, want 2:\n%s", len(found), found)
		}
	})
}

// Serve ends with the error of its context, or without one when the socket is
// closed, and waits for its handlers.
func TestServeEnds(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, end := range []string{"context", "socket"} {
			req, rep := requesting(t, tr)
			ctx, cancel := context.WithCancel(testContext(t))
			defer cancel()
			entered := make(chan struct{})
			var finished atomic.Bool
			served := concurrently(func() error {
				return rep.Serve(ctx, func(ctx context.Context, m *gonng.Message) ([]byte, error) {
					close(entered)
					<-ctx.Done()
					finished.Store(true)
					return nil, nil
				}, gonng.WithConcurrency(3), gonng.WithGracePeriod(10*time.Millisecond))
			})
			sendText(t, req, "request")
			wait(t, "the handler starts", entered)
			var wanted error
			if end == "context" {
				cancel()
				wanted = gonng.ErrCanceled
			} else {
				check(t, rep.Close())
			}
			want(t, wait(t, "Serve ends", served), wanted)
			if !finished.Load() {
				t.Error("Serve ended before its handler")
			}
		}
	})
}

// As many handlers run at a time as Serve was told, and an error leaves that
// survey alone unanswered.
func TestRespondentServe(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		surveyor := open(t, gonng.NewSurveyor0, gonng.WithSurveyTime(patience))
		log := newRecorder()
		respondent := open(t, gonng.NewRespondent0, gonng.WithLogger(log.logger()))
		link(t, surveyor, respondent, tr)
		var running atomic.Int32
		all := make(chan struct{})
		serving(t, respondent, func(ctx context.Context, m *gonng.Message) ([]byte, error) {
			if string(m.Bytes()) == "fail" {
				return nil, errors.New("no")
			}
			if running.Add(1) == 3 {
				close(all)
			}
			defer running.Add(-1)
			select {
			case <-all:
			case <-ctx.Done():
			}
			return m.Bytes(), nil
		}, gonng.WithConcurrency(3))
		fail, err := surveyor.NewContext()
		check(t, err)
		sendText(t, fail, "fail")
		var contexts []*gonng.SurveyorContext
		for i := range 3 {
			c, err := surveyor.NewContext()
			check(t, err)
			sendText(t, c, fmt.Sprint(i))
			contexts = append(contexts, c)
		}
		for i, c := range contexts {
			recvText(t, c, fmt.Sprint(i))
		}
		_, err = fail.TryRecv()
		want(t, err, gonng.ErrTryAgain)
		log.want(t, "unanswered", "error=no")
	})
}

// Contexts of a respondent answer several surveys, in any order.
func TestRespondentContexts(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		respondent := open(t, gonng.NewRespondent0)
		var surveyors []*gonng.Surveyor0
		var contexts []*gonng.RespondentContext
		for i := range 3 {
			surveyor := open(t, gonng.NewSurveyor0, gonng.WithSurveyTime(patience))
			link(t, surveyor, respondent, tr)
			c, err := respondent.NewContext()
			check(t, err)
			wantError(t, c.TrySend(nil), "send", gonng.ErrBadState)
			sendText(t, surveyor, fmt.Sprint(i))
			recvText(t, c, fmt.Sprint(i))
			surveyors, contexts = append(surveyors, surveyor), append(contexts, c)
		}
		for i := len(contexts) - 1; i >= 0; i-- {
			sendText(t, contexts[i], fmt.Sprint("to ", i))
		}
		for i, surveyor := range surveyors {
			recvText(t, surveyor, fmt.Sprint("to ", i))
		}
	})
}

// A response to a surveyor that has gone is dropped and counted.
func TestRespondentSurveyorGone(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		respondent, surveyor := open(t, gonng.NewRespondent0), open(t, gonng.NewSurveyor0)
		link(t, respondent, surveyor, tr)
		sendText(t, surveyor, "?")
		recvText(t, respondent, "?")
		leave(t, surveyor, respondent)
		sendText(t, respondent, "to nobody")
		if got := respondent.Stats().NoPeer; got != 1 {
			t.Errorf("%d responses without a peer are counted, want 1", got)
		}
	})
}

package itest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

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

package itest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// surveying is a surveyor with as many respondents as there are answers. Each
// answers every survey with its answer and what was asked.
func surveying(t testing.TB, tr gonngtest.Transport, answers []string, opts ...gonng.SurveyorOption) *gonng.Surveyor0 {
	t.Helper()
	surveyor := open(t, gonng.NewSurveyor0, opts...)
	for _, answer := range answers {
		respondent := open(t, gonng.NewRespondent0)
		link(t, surveyor, respondent, tr)
		serving(t, respondent, func(_ context.Context, m *gonng.Message) ([]byte, error) {
			return []byte(answer + string(m.Bytes())), nil
		})
	}
	return surveyor
}

// responses receives until the survey is over.
func responses(t testing.TB, r gonng.Receiver) (texts []string) {
	t.Helper()
	for {
		b, err := r.Recv(testContext(t))
		if errors.Is(err, gonng.ErrTimeout) {
			slices.Sort(texts)
			return texts
		}
		check(t, err)
		texts = append(texts, string(b))
	}
}

// short is a survey time that tests can wait for.
const short = 200 * time.Millisecond

// The responses of all until the time is over, which is told once.
func TestSurvey(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		surveyor := surveying(t, tr, []string{"a", "b", "c"}, gonng.WithSurveyTime(short))
		for _, question := range []string{"1", "2"} {
			start := time.Now()
			sendText(t, surveyor, question)
			if got := surveyor.Stats().Outstanding; got != 1 {
				t.Errorf("%d surveys are outstanding, want 1", got)
			}
			wantTexts(t, responses(t, surveyor), []string{"a" + question, "b" + question, "c" + question})
			if took := time.Since(start); took < short {
				t.Errorf("the survey was over after %v, want %v", took, short)
			}
			for range 2 {
				_, err := surveyor.Recv(testContext(t))
				wantError(t, err, "recv", gonng.ErrBadState)
				_, err = surveyor.TryRecv()
				want(t, err, gonng.ErrBadState)
			}
			if got := surveyor.Stats().Outstanding; got != 0 {
				t.Errorf("%d surveys are outstanding, want 0", got)
			}
		}
	})
}

// What has arrived in time is received also after it.
func TestSurveyReceivedAfterItsTime(t *testing.T) {
	gonngtest.NoLeaks(t)
	surveyor := surveying(t, transport("inproc"), []string{"a", "b"}, gonng.WithSurveyTime(short))
	sendText(t, surveyor, "?")
	arrived(t, surveyor, 2)
	gonngtest.Eventually(t, func() bool { return surveyor.Stats().Outstanding == 0 }, "the survey is over")
	if got := surveyor.Stats().RecvQueue; got != 2 {
		t.Errorf("%d responses wait to be received, want 2", got)
	}
	wantTexts(t, responses(t, surveyor), []string{"a?", "b?"})
	if got := surveyor.Stats().RecvQueue; got != 0 {
		t.Errorf("%d responses wait to be received, want 0", got)
	}
}

func TestSurveyStates(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		surveyor := open(t, gonng.NewSurveyor0, gonng.WithSurveyTime(patience))
		respondent := open(t, gonng.NewRespondent0)
		link(t, surveyor, respondent, tr)

		_, err := surveyor.Recv(testContext(t))
		wantError(t, err, "recv", gonng.ErrBadState)
		wantError(t, respondent.Send(testContext(t), nil), "send", gonng.ErrBadState)
		_, err = surveyor.RecvInto(testContext(t), nil)
		want(t, err, gonng.ErrBadState)

		sendText(t, surveyor, "1")
		sendText(t, surveyor, "2")
		recvText(t, respondent, "1")
		recvText(t, respondent, "2") // gives up the first
		sendText(t, respondent, "to 2")
		wantError(t, respondent.TrySend(nil), "send", gonng.ErrBadState)
		recvText(t, surveyor, "to 2")
		_, err = surveyor.TryRecv()
		want(t, err, gonng.ErrTryAgain)

		// A survey that is given up takes its responses along.
		sendText(t, surveyor, "3")
		recvText(t, respondent, "3")
		sendText(t, respondent, "to 3")
		arrived(t, surveyor, 2)
		sendText(t, surveyor, "4")
		_, err = surveyor.TryRecv()
		want(t, err, gonng.ErrTryAgain)
		recvText(t, respondent, "4")
		sendText(t, surveyor, "5")
		sendText(t, respondent, "to 4") // late
		recvText(t, respondent, "5")
		sendText(t, respondent, "to 5")
		recvText(t, surveyor, "to 5")
		if got := surveyor.Stats().LateReplies; got != 1 {
			t.Errorf("%d late responses are counted, want 1", got)
		}
	})
}

// A response that comes after the time of its survey does not show up in the
// next, nor does one with a number that no survey had.
func TestSurveyLateResponse(t *testing.T) {
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		surveyor := open(t, gonng.NewSurveyor0, gonng.WithSurveyTime(short))
		peer := scripted(t, surveyor, tr)
		sendText(t, surveyor, "first")
		first := peer.RecvFrame()
		if len(first) != 9 || first[0]&0x80 == 0 || string(first[4:]) != "first" {
			t.Fatalf("the survey is % x", first)
		}
		wantTexts(t, responses(t, surveyor), nil)
		peer.SendFrame(first[:4], []byte("too late"))
		arrived(t, surveyor, 1)
		check(t, surveyor.Set(gonng.WithName("x"))) // any change leaves surveys alone

		sendText(t, surveyor, "second")
		second := peer.RecvFrame()
		if bytes.Equal(first[:4], second[:4]) {
			t.Fatal("two surveys have the same number")
		}
		peer.SendFrame(first[:4], []byte("much too late"))
		unasked := bytes.Clone(second[:4])
		unasked[3] ^= 0x55
		peer.SendFrame(unasked, []byte("nobody asked"))
		withoutEnd := bytes.Clone(second[:4])
		withoutEnd[0] &^= 0x80
		peer.SendFrame(withoutEnd, []byte("no survey"))
		peer.SendFrame(second[:4], []byte("in time"))
		peer.SendFrame(second[:4], []byte("and again"))
		wantTexts(t, responses(t, surveyor), []string{"and again", "in time"})
		if got := surveyor.Stats().LateReplies; got != 4 {
			t.Errorf("%d late responses are counted, want 4", got)
		}
	})
}

// Contexts have surveys at the same time, each its own.
func TestSurveyContexts(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		surveyor := surveying(t, tr, []string{"a", "b"}, gonng.WithSurveyTime(patience))
		var contexts []*gonng.SurveyorContext
		for range 10 {
			c, err := surveyor.NewContext()
			check(t, err)
			contexts = append(contexts, c)
		}
		sendText(t, surveyor, "socket")
		for i, c := range contexts {
			sendText(t, c, fmt.Sprint(i))
		}
		if got := surveyor.Stats().Outstanding; got != 11 {
			t.Errorf("%d surveys are outstanding, want 11", got)
		}
		pair := func(r gonng.Receiver) []string {
			var texts []string
			for range 2 {
				b, err := r.Recv(testContext(t))
				check(t, err)
				texts = append(texts, string(b))
			}
			slices.Sort(texts)
			return texts
		}
		for i := len(contexts) - 1; i >= 0; i-- {
			wantTexts(t, pair(contexts[i]), []string{fmt.Sprint("a", i), fmt.Sprint("b", i)})
		}
		wantTexts(t, pair(surveyor), []string{"asocket", "bsocket"})

		// Each has its own time, and an end that leaves the others alone.
		check(t, contexts[0].Set(gonng.WithSurveyTime(short)))
		sendText(t, contexts[0], "quick")
		sendText(t, contexts[1], "closed")
		wantTexts(t, responses(t, contexts[0]), []string{"aquick", "bquick"})
		ended := concurrently(func() error {
			for {
				if _, err := contexts[1].Recv(testContext(t)); err != nil {
					return err
				}
			}
		})
		waiting(t, 1)
		check(t, contexts[1].Close())
		want(t, <-ended, gonng.ErrClosed)
		sendText(t, contexts[2], "x")
		wantTexts(t, pair(contexts[2]), []string{"ax", "bx"})
	})
}

// The iterator ends quietly when the survey's time is over.
func TestSurveyIterator(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		surveyor := surveying(t, tr, []string{"a", "b", "c"}, gonng.WithSurveyTime(short),
			gonng.SurveyorOption(gonng.WithRecvTimeout(time.Nanosecond))) // which a survey does not heed
		var texts []string
		for m, err := range surveyor.Survey(testContext(t), []byte("?")) {
			check(t, err)
			if m.Pipe() == nil {
				t.Error("a response does not know its pipe")
			}
			texts = append(texts, string(m.Bytes()))
			m.Free()
		}
		slices.Sort(texts)
		wantTexts(t, texts, []string{"a?", "b?", "c?"})

		check(t, surveyor.Set(gonng.SocketOption(gonng.WithRecvTimeout(0))))
		long, err := gonng.NewSurveyor0(gonng.WithSurveyTime(time.Hour))
		check(t, err)
		t.Cleanup(func() { long.Close() })
		respondent := open(t, gonng.NewRespondent0)
		serving(t, respondent, echo)
		link(t, long, respondent, tr)
		for m, err := range long.Survey(testContext(t), []byte("?")) { // the program has enough
			check(t, err)
			wantBody(t, m.Bytes(), []byte("?"))
			break
		}
		if got := long.Stats().Outstanding; got != 0 {
			t.Errorf("%d surveys are outstanding after their loop, want 0", got)
		}

		ctx, cancel := context.WithCancel(testContext(t))
		defer cancel()
		var last error
		for m, err := range long.Survey(ctx, []byte("?")) {
			if last = err; err == nil {
				m.Free()
				cancel()
			}
		}
		want(t, last, context.Canceled)

		for m, err := range long.Survey(testContext(t), []byte("?")) { // quietly
			check(t, err)
			m.Free()
			go long.Close()
		}
	})
}

// Two thousand respondents answer one survey.
func TestSurveyManyRespondents(t *testing.T) {
	gonngtest.NoLeaks(t)
	const n = 2000
	surveyor := open(t, gonng.NewSurveyor0, gonng.WithSurveyTime(3*patience), gonng.SurveyorOption(gonng.WithListen("inproc://"+t.Name())))
	for i := range n {
		respondent := open(t, gonng.NewRespondent0, gonng.WithDial("inproc://"+t.Name()))
		go func() {
			for m, err := range respondent.Messages(context.Background()) {
				if err == nil {
					m.Free()
					err = respondent.Send(context.Background(), []byte(fmt.Sprint(i)))
				}
				if err != nil {
					t.Error(err)
				}
			}
		}()
	}
	waitPeers(t, surveyor, n)
	for range 3 {
		seen := map[string]bool{}
		for m, err := range surveyor.Survey(testContext(t), []byte("who is there?")) {
			check(t, err)
			seen[string(m.Bytes())] = true
			m.Free()
			if len(seen) == n {
				break
			}
		}
		if len(seen) != n {
			t.Fatalf("%d of %d answered", len(seen), n)
		}
	}
	if st := surveyor.Stats(); st.DroppedFull+st.LateReplies != 0 || st.Received != 3*n {
		t.Errorf("%d responses were received, %d late, %d dropped", st.Received, st.LateReplies, st.DroppedFull)
	}
}

// A full queue of responses drops the oldest, and counts it.
func TestSurveyDrops(t *testing.T) {
	gonngtest.NoLeaks(t)
	surveyor := open(t, gonng.NewSurveyor0, gonng.WithSurveyTime(patience), gonng.SurveyorOption(gonng.WithRecvBuffer(2)))
	peer := scripted(t, surveyor, transport("tcp"))
	sendText(t, surveyor, "?")
	id := peer.RecvFrame()[:4]
	for i := range 5 {
		peer.SendFrame(id, []byte(fmt.Sprint(i)))
	}
	arrived(t, surveyor, 5)
	if got := surveyor.Stats(); got.DroppedFull != 3 || got.RecvQueue != 2 {
		t.Errorf("%d responses were dropped and %d wait, want 3 and 2", got.DroppedFull, got.RecvQueue)
	}
	wantTexts(t, received(t, surveyor), []string{"3", "4"})
}

// A survey does not wait for a respondent that does not read, and what that
// one misses is counted.
func TestSurveySlowRespondent(t *testing.T) {
	gonngtest.NoLeaks(t)
	tr := transport("tcp")
	surveyor := open(t, gonng.NewSurveyor0, gonng.WithSurveyTime(patience), gonng.SurveyorOption(gonng.WithSendBuffer(5)))
	slow := scripted(t, surveyor, tr)
	pipe := surveyor.Pipes()[0]
	quick := open(t, gonng.NewRespondent0)
	link(t, surveyor, quick, tr)
	serving(t, quick, func(_ context.Context, m *gonng.Message) ([]byte, error) { return m.Bytes()[:8], nil })
	const surveys = 300
	for i := range surveys {
		check(t, surveyor.Send(testContext(t), numbered(i, 64<<10)))
		got, err := surveyor.Recv(testContext(t))
		check(t, err)
		wantBody(t, got, numbered(i, 8))
	}
	lost(t, surveyor, pipe, slow, surveys)
}

// All who wait when the time is over are told, each once, and nobody afterwards.
func TestSurveyOverForAll(t *testing.T) {
	const waiters = 5
	for answers := range 3 {
		t.Run(fmt.Sprint(answers, " answers"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				surveyor := surveying(t, transport("inproc"), make([]string, answers))
				for range 3 {
					ended := make(chan error, waiters)
					sendText(t, surveyor, "?")
					for range waiters {
						go func() {
							_, err := surveyor.Recv(context.Background())
							ended <- err
						}()
					}
					received := 0
					for range waiters {
						if err := <-ended; err == nil {
							received++
						} else {
							wantError(t, err, "recv", gonng.ErrTimeout)
						}
					}
					if received != answers {
						t.Errorf("%d responses were received, want %d", received, answers)
					}
					_, err := surveyor.TryRecv()
					want(t, err, gonng.ErrBadState)
				}
			})
		})
	}
}

package itest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// asking are sockets and contexts that ask questions.
var asking = map[string]struct {
	peer gonng.Protocol
	open func(t *testing.T) (gonng.Socket, endpoint)
}{
	"req0": {gonng.ProtocolRep0, func(t *testing.T) (gonng.Socket, endpoint) {
		s := open(t, gonng.NewReq0)
		return s, s
	}},
	"context of req0": {gonng.ProtocolRep0, func(t *testing.T) (gonng.Socket, endpoint) {
		s := open(t, gonng.NewReq0)
		c, err := s.NewContext()
		check(t, err)
		return s, c
	}},
	"surveyor0": {gonng.ProtocolRespondent0, func(t *testing.T) (gonng.Socket, endpoint) {
		s := open(t, gonng.NewSurveyor0, gonng.WithSurveyTime(time.Hour))
		return s, s
	}},
	"context of surveyor0": {gonng.ProtocolRespondent0, func(t *testing.T) (gonng.Socket, endpoint) {
		s := open(t, gonng.NewSurveyor0, gonng.WithSurveyTime(time.Hour))
		c, err := s.NewContext()
		check(t, err)
		return s, c
	}},
}

// receives are the forms of Recv that wait.
var receiveForms = map[string]func(context.Context, endpoint) (string, error){
	"Recv": func(ctx context.Context, x endpoint) (string, error) {
		b, err := x.Recv(ctx)
		return string(b), err
	},
	"RecvMsg": func(ctx context.Context, x endpoint) (string, error) {
		m, err := x.RecvMsg(ctx)
		if err != nil {
			return "", err
		}
		return string(m.Bytes()), nil
	},
	"RecvInto": func(ctx context.Context, x endpoint) (string, error) {
		b := make([]byte, 100)
		n, err := x.RecvInto(ctx, b)
		return string(b[:n]), err
	},
}

// TestReplacedQuestion: a receive gets the answer to the question that it waits for, or an
// error when another question takes its place.
func TestReplacedQuestion(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for name, x := range asking {
			for form, recv := range receiveForms {
				t.Run(name+"/"+form, func(t *testing.T) {
					s, asks := x.open(t)
					replier := openRaw(t, x.peer)
					link(t, replier, s, tr)
					ctx := testContext(t)
					sendText(t, asks, "first")
					first := recvMsg(t, replier)
					waits := concurrently(func() error { _, err := recv(ctx, asks); return err })
					waiting(t, 1)
					sendText(t, asks, "second")
					second := recvMsg(t, replier)
					err := wait(t, "the receive", waits)
					wantError(t, err, "recv", gonng.ErrCanceled, context.Canceled)
					wantText(t, fmt.Sprint(err), "place of this one")
					if ctx.Err() != nil {
						t.Fatal(ctx.Err())
					}
					check(t, replier.SendMsg(ctx, first))
					check(t, replier.SendMsg(ctx, second))
					got, err := recv(ctx, asks)
					check(t, err)
					if got != "second" {
						t.Errorf("received %q, want the answer to the second question", got)
					}
					if n := s.Stats().LateReplies; n != 1 {
						t.Errorf("%d late replies are counted, want 1", n)
					}
				})
			}
		}
	})
}

// TestSecondReceive at the same time is ErrBadState where an answer belongs to one question.
func TestSecondReceive(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		req, rep, replier := open(t, gonng.NewReq0), open(t, gonng.NewRep0), openRaw(t, gonng.ProtocolRep0)
		respondent := open(t, gonng.NewRespondent0)
		link(t, replier, req, tr)
		link(t, rep, open(t, gonng.NewReq0), tr)
		link(t, respondent, open(t, gonng.NewSurveyor0), tr)
		reqContext, err := req.NewContext()
		check(t, err)
		repContext, err := rep.NewContext()
		check(t, err)
		respondentContext, err := respondent.NewContext()
		check(t, err)
		for name, x := range map[string]endpoint{
			"req0": req, "rep0": rep, "respondent0": respondent,
			"req context": reqContext, "rep context": repContext, "respondent context": respondentContext,
		} {
			if strings.HasPrefix(name, "req") {
				sendText(t, x, "?")
			}
			ctx, cancel := context.WithCancel(testContext(t))
			first := concurrently(func() error { _, err := x.Recv(ctx); return err })
			waiting(t, 1)
			for form, recv := range receiveForms {
				_, err := recv(ctx, x)
				if !errors.Is(err, gonng.ErrBadState) {
					t.Errorf("%s: a second %s: %v, want ErrBadState", name, form, err)
				}
				wantText(t, fmt.Sprint(err), "NewContext")
			}
			_, err := x.TryRecv()
			if !errors.Is(err, gonng.ErrBadState) {
				t.Errorf("%s: TryRecv beside Recv: %v, want ErrBadState", name, err)
			}
			cancel()
			want(t, wait(t, name, first), gonng.ErrCanceled)
		}
	})
}

// TestGivenUpRequest: a receive that ends in vain gives the request up, TryRecv does not.
func TestGivenUpRequest(t *testing.T) {
	ended := func() context.Context {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return ctx
	}
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, name := range []string{"req0", "context of req0"} {
			for how, recv := range map[string]func(t *testing.T, x endpoint) error{
				"deadline": func(t *testing.T, x endpoint) error {
					ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
					defer cancel()
					_, err := x.Recv(ctx)
					return err
				},
				"cancel": func(t *testing.T, x endpoint) error {
					ctx, cancel := context.WithCancel(context.Background())
					waits := concurrently(func() error { _, err := x.RecvMsg(ctx); return err })
					waiting(t, 1)
					cancel()
					return wait(t, "RecvMsg", waits)
				},
				"receive timeout": func(t *testing.T, x endpoint) error {
					switch x := x.(type) {
					case *gonng.Req0:
						check(t, x.Set(gonng.WithRecvTimeout(5*time.Millisecond)))
					case *gonng.ReqContext:
						check(t, x.Set(gonng.WithRecvTimeout(5*time.Millisecond)))
					}
					_, err := x.RecvInto(context.Background(), nil)
					return err
				},
				"ended before": func(t *testing.T, x endpoint) error {
					_, err := x.Recv(ended())
					return err
				},
			} {
				t.Run(name+"/"+how, func(t *testing.T) {
					s, x := asking[name].open(t)
					replier := openRaw(t, gonng.ProtocolRep0)
					link(t, replier, s, tr)
					sendText(t, x, "?")
					question := recvMsg(t, replier)
					for range 3 {
						_, err := x.TryRecv()
						want(t, err, gonng.ErrTryAgain)
					}
					if n := s.Stats().Outstanding; n != 1 {
						t.Fatalf("%d requests are outstanding after TryRecv, want 1", n)
					}
					err := recv(t, x)
					if !errors.Is(err, gonng.ErrTimeout) && !errors.Is(err, gonng.ErrCanceled) {
						t.Fatal(err)
					}
					if n := s.Stats().Outstanding; n != 0 {
						t.Errorf("%d requests are outstanding, want 0: it was given up", n)
					}
					_, err = x.Recv(testContext(t))
					wantError(t, err, "recv", gonng.ErrBadState)
					check(t, replier.SendMsg(testContext(t), question))
					gonngtest.Eventually(t, func() bool { return s.Stats().LateReplies == 1 }, "the late reply is counted")
					_, err = x.TryRecv()
					wantError(t, err, "recv", gonng.ErrBadState)
				})
			}
		}
	})
}

// TestReplyThatIsThere is received also with a context that has ended.
func TestReplyThatIsThere(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, name := range []string{"req0", "context of req0"} {
			s, x := asking[name].open(t)
			replier := openRaw(t, gonng.ProtocolRep0)
			link(t, replier, s, tr)
			sendText(t, x, "?")
			check(t, replier.SendMsg(testContext(t), recvMsg(t, replier)))
			arrived(t, s, 1)
			body, err := x.Recv(ctx)
			check(t, err)
			wantBody(t, body, []byte("?"))
		}
	})
}

// TestGivenUpRequestIsNotSentAgain, in a bubble's time.
func TestGivenUpRequestIsNotSentAgain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		req := open(t, gonng.NewReq0, gonng.WithResendTime(time.Second))
		rep := openRaw(t, gonng.ProtocolRep0)
		joinInproc(t, rep, req)
		sendText(t, req, "?")
		ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
		defer cancel()
		_, err := req.Recv(ctx)
		wantError(t, err, "recv", gonng.ErrTimeout)
		before := req.Stats().Resends
		time.Sleep(time.Hour)
		if n := req.Stats().Resends; n != before || n > 1 {
			t.Errorf("the request was sent again %d times and then %d, want once", before, n)
		}
	})
}

// TestAnswerOfStranger: a peer that was not asked cannot answer, though it knows the number.
func TestAnswerOfStranger(t *testing.T) {
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		for name, x := range asking {
			s, asks := x.open(t)
			asked := scripted(t, s, tr)
			sendText(t, asks, "?")
			number := asked.RecvFrame()[:4]
			stranger := scripted(t, s, tr)
			stranger.SendFrame(number, []byte("wrong"))
			gonngtest.Eventually(t, func() bool { return s.Stats().Unexpected == 1 }, name+": the answer of a stranger is counted")
			_, err := asks.TryRecv()
			want(t, err, gonng.ErrTryAgain)
			asked.SendFrame(number, []byte("right"))
			recvText(t, asks, "right")
			if n := s.Stats().LateReplies; n != 0 {
				t.Errorf("%s: %d late replies are counted, want 0", name, n)
			}
		}
	})
}

// TestAnswerOfPeerAskedBefore: after a request was sent again, both that have it may answer.
func TestAnswerOfPeerAskedBefore(t *testing.T) {
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		req := open(t, gonng.NewReq0, gonng.WithResendTime(10*time.Millisecond))
		first := scripted(t, req, tr)
		sendText(t, req, "?")
		number := first.RecvFrame()[:4]
		second := scripted(t, req, tr)
		second.RecvFrame()
		first.SendFrame(number, []byte("slow"))
		recvText(t, req, "slow")
	})
}

// TestQuestionNumbers: one number does not tell another.
func TestQuestionNumbers(t *testing.T) {
	gonngtest.NoLeaks(t)
	for name, x := range asking {
		s, asks := x.open(t)
		peer := scripted(t, s, tcp)
		seen := make(map[string]bool)
		var numbers []uint32
		for range 200 {
			sendText(t, asks, "?")
			frame := peer.RecvFrame()
			if frame[0]&0x80 == 0 {
				t.Fatalf("%s: the number % x has no end bit", name, frame[:4])
			}
			seen[string(frame[:4])] = true
			numbers = append(numbers, uint32(frame[0]&0x7f)<<24|uint32(frame[1])<<16|uint32(frame[2])<<8|uint32(frame[3]))
		}
		if len(seen) < 199 {
			t.Errorf("%s: 200 questions had %d numbers", name, len(seen))
		}
		differences := make(map[uint32]int)
		for i := range numbers[1:] {
			differences[numbers[i+1]-numbers[i]]++
		}
		for d, n := range differences {
			if n > 2 {
				t.Errorf("%s: the next number was %d more %d times", name, int32(d), n)
			}
		}
	}
}

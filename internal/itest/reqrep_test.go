package itest

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// requesting is a requester connected to a replier.
func requesting(t testing.TB, tr gonngtest.Transport, opts ...gonng.ReqOption) (*gonng.Req0, *gonng.Rep0) {
	t.Helper()
	rep, req := open(t, gonng.NewRep0), open(t, gonng.NewReq0, opts...)
	link(t, rep, req, tr)
	return req, rep
}

func TestReqRepState(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		req, rep := requesting(t, tr)
		reqContext, err := req.NewContext()
		check(t, err)
		repContext, err := rep.NewContext()
		check(t, err)
		ctx := testContext(t)
		noReply := func(req endpoint) {
			t.Helper()
			_, err := req.Recv(ctx)
			wantError(t, err, "recv", gonng.ErrBadState)
			_, err = req.RecvMsg(ctx)
			wantError(t, err, "recv", gonng.ErrBadState)
			_, err = req.RecvInto(ctx, make([]byte, 10))
			wantError(t, err, "recv", gonng.ErrBadState)
			_, err = req.TryRecv()
			wantError(t, err, "recv", gonng.ErrBadState)
			_, err = req.TryRecvMsg()
			wantError(t, err, "recv", gonng.ErrBadState)
		}
		noRequest := func(rep endpoint) {
			t.Helper()
			m := gonng.NewMessage([]byte("reply"))
			wantError(t, rep.Send(ctx, m.Bytes()), "send", gonng.ErrBadState)
			wantError(t, rep.SendMsg(ctx, m), "send", gonng.ErrBadState)
			wantError(t, rep.TrySend(m.Bytes()), "send", gonng.ErrBadState)
			wantError(t, rep.TrySendMsg(m), "send", gonng.ErrBadState)
			wantBody(t, m.Bytes(), []byte("reply"))
		}
		for _, end := range []struct{ req, rep endpoint }{{req, rep}, {reqContext, repContext}, {req, repContext}, {reqContext, rep}} {
			noReply(end.req)
			noRequest(end.rep)
			sendText(t, end.req, "request")
			_, err := end.req.TryRecv()
			want(t, err, gonng.ErrTryAgain)
			recvText(t, end.rep, "request")
			sendText(t, end.rep, "reply")
			noRequest(end.rep)
			recvText(t, end.req, "reply")
			noReply(end.req)

			// A second request gives up the first, and so does a second receive.
			sendText(t, end.req, "first")
			recvText(t, end.rep, "first")
			sendText(t, end.req, "second")
			recvText(t, end.rep, "second")
			sendText(t, end.rep, "reply to the second")
			noRequest(end.rep)
			recvText(t, end.req, "reply to the second")
			noReply(end.req)
		}
	})
}

// The reply to a request that was given up is not taken for the next one's.
func TestReqDropsLateReply(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		req, rep := requesting(t, tr)
		first, err := rep.NewContext()
		check(t, err)
		second, err := rep.NewContext()
		check(t, err)
		sendText(t, req, "first")
		recvText(t, first, "first")
		sendText(t, req, "second")
		recvText(t, second, "second")
		sendText(t, first, "late")
		gonngtest.Eventually(t, func() bool { return req.Stats().LateReplies == 1 }, "the late reply is counted")
		_, err = req.TryRecv()
		want(t, err, gonng.ErrTryAgain)
		sendText(t, second, "reply")
		recvText(t, req, "reply")

		ctx, cancel := context.WithCancel(testContext(t))
		replied := concurrently(func() error { _, err := req.Request(ctx, []byte("third")); return err })
		recvText(t, first, "third")
		cancel()
		want(t, <-replied, gonng.ErrCanceled)
		sendText(t, first, "late, too")
		gonngtest.Eventually(t, func() bool { return req.Stats().LateReplies == 2 }, "the second late reply is counted")
	})
}

// A reply that nobody asked for is dropped and leaves the request alone.
func TestReqDropsForeignReply(t *testing.T) {
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		req := open(t, gonng.NewReq0)
		peer := scripted(t, req, tr)
		sendText(t, req, "request")
		request := peer.RecvFrame()
		id := binary.BigEndian.Uint32(request)
		for _, foreign := range []uint32{id + 1, id - 1, id &^ (1 << 31), 1 << 31, 0} {
			peer.SendFrame(binary.BigEndian.AppendUint32(nil, foreign), []byte("foreign"))
		}
		peer.SendFrame(request[:4], []byte("reply"))
		recvText(t, req, "reply")
		if got := req.Stats().LateReplies; got != 5 {
			t.Errorf("counted %d late replies, want 5", got)
		}
		peer.SendFrame(request[:4], []byte("again"))
		gonngtest.Eventually(t, func() bool { return req.Stats().LateReplies == 6 }, "the repeated reply is counted")
		_, err := req.TryRecv()
		want(t, err, gonng.ErrBadState)
	})
}

// A reply to a requester that has gone is dropped, which is no error.
func TestRepDropsReplyToNobody(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		req, rep := requesting(t, tr)
		sendText(t, req, "request")
		recvText(t, rep, "request")
		leave(t, req, rep)
		sendText(t, rep, "reply")
		if got := rep.Stats().NoPeer; got != 1 {
			t.Errorf("counted %d replies to nobody, want 1", got)
		}
		want(t, rep.Send(testContext(t), nil), gonng.ErrBadState)
	})
}

// A receive that waits for a request's reply ends when the request is given
// up and there is no other in its place.
func TestReqRecvEndsWhenSendFails(t *testing.T) {
	gonngtest.NoLeaks(t)
	req, rep := requesting(t, transport("inproc"))
	sendText(t, req, "request")
	recvText(t, rep, "request")
	ended := concurrently(func() error { _, err := req.Recv(testContext(t)); return err })
	waiting(t, 1)
	leave(t, rep, req)
	want(t, req.TrySend([]byte("another")), gonng.ErrTryAgain)
	wantError(t, wait(t, "Recv ends", ended), "recv", gonng.ErrCanceled)
}

// RequestMsg takes the message over only when there is a reply.
func TestRequestMsgOwnership(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		req, rep := requesting(t, tr)
		for _, size := range ownedSizes {
			ctx, cancel := context.WithCancel(testContext(t))
			m := gonng.NewMessage(body(0, size))
			ended := concurrently(func() error { _, err := req.RequestMsg(ctx, m); return err })
			got, err := rep.Recv(testContext(t))
			check(t, err)
			wantBody(t, got, body(0, size))
			cancel()
			want(t, <-ended, gonng.ErrCanceled)
			wantBody(t, m.Bytes(), body(0, size))

			ended = concurrently(func() error {
				reply, err := req.RequestMsg(testContext(t), m)
				if err == nil && string(reply.Bytes()) != "reply" {
					err = fmt.Errorf("received %q", reply.Bytes())
				}
				return err
			})
			got, err = rep.Recv(testContext(t))
			check(t, err)
			wantBody(t, got, body(0, size))
			sendText(t, rep, "reply")
			check(t, <-ended)
			_, err = req.RequestMsg(testContext(t), m)
			want(t, err, gonng.ErrInvalid)
		}
	})
}

// Each of 64 goroutines gets the replies to its own requests.
func TestRequestConcurrently(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		total := 100_000
		if tr.Name != "tcp" || raceDetector {
			total /= 5
		}
		req, rep := requesting(t, tr)
		serving(t, rep, echo, gonng.WithConcurrency(8))
		requestAll(t, total, requests(gonngtest.Context(t, 6*patience), req))
		if s := req.Stats(); s.Resends != 0 || s.LateReplies != 0 {
			t.Errorf("%d requests were sent again, %d replies late", s.Resends, s.LateReplies)
		}
	})
}

const requesters = 64

// manyRequests are a million, or fewer where that would take minutes.
func manyRequests() int {
	if raceDetector || testing.Short() {
		return 100_000
	}
	return 1_000_000
}

// requestAll makes total requests from 64 goroutines, and checks that each
// gets its own reply. Each goroutine has a request of start's.
func requestAll(t *testing.T, total int, start func() func([]byte) ([]byte, error)) {
	t.Helper()
	var ended []<-chan error
	for w := range requesters {
		request := start()
		ended = append(ended, concurrently(func() error {
			var text []byte
			for i := w; i < total; i += requesters {
				text = binary.BigEndian.AppendUint64(text[:0], uint64(i))
				reply, err := request(text)
				if err != nil {
					return fmt.Errorf("request %d: %w", i, err)
				}
				if string(reply) != string(text) {
					return fmt.Errorf("request %d got the reply % x", i, reply)
				}
			}
			return nil
		}))
	}
	for _, e := range ended {
		check(t, <-e)
	}
}

// requests are made by Request, for each goroutine the same.
func requests(ctx context.Context, req *gonng.Req0) func() func([]byte) ([]byte, error) {
	return func() func([]byte) ([]byte, error) {
		return func(b []byte) ([]byte, error) { return req.Request(ctx, b) }
	}
}

// A million requests from 64 goroutines, each through a context of its own.
// TestRequestConcurrently has the same by Request.
func TestManyRequestsByContexts(t *testing.T) {
	gonngtest.NoLeaks(t)
	req, rep := requesting(t, tcp)
	serving(t, rep, echo, gonng.WithConcurrency(8))
	ctx := gonngtest.Context(t, 12*patience)
	requestAll(t, manyRequests(), func() func([]byte) ([]byte, error) {
		c, err := req.NewContext()
		check(t, err)
		return func(b []byte) ([]byte, error) {
			if err := c.Send(ctx, b); err != nil {
				return nil, err
			}
			return c.Recv(ctx)
		}
	})
	if s := req.Stats(); s.Resends != 0 || s.LateReplies != 0 || s.Outstanding != 0 || s.RecvQueue != 0 {
		t.Errorf("in the end %+v", s)
	}
}

// A million requests by Request.
func TestManyRequests(t *testing.T) {
	if manyRequests() == 100_000 {
		t.Skip("TestRequestConcurrently makes as many")
	}
	gonngtest.NoLeaks(t)
	req, rep := requesting(t, tcp)
	serving(t, rep, echo, gonng.WithConcurrency(8))
	requestAll(t, manyRequests(), requests(gonngtest.Context(t, 12*patience), req))
}

// Requests go on while the connection is cut ten times a second.
func TestManyRequestsWithCuts(t *testing.T) {
	gonngtest.NoLeaks(t)
	rep, req := open(t, gonng.NewRep0), open(t, gonng.NewReq0, gonng.ReqOption(reconnect(time.Millisecond, 0)))
	proxy := gonngtest.NewProxy(t, listen(t, rep, tcp).URL())
	dial(t, req, tcp, proxy.URL())
	waitPeers(t, req, 1)
	serving(t, rep, echo, gonng.WithConcurrency(8))
	ctx := gonngtest.Context(t, 12*patience)
	var cuts atomic.Int32
	done := make(chan struct{})
	cutter := concurrently(func() error {
		for {
			select {
			case <-time.After(rand.N(200 * time.Millisecond)):
				if cuts.Add(1)%2 == 0 {
					proxy.CutAll()
				} else {
					proxy.ResetAll()
				}
			case <-done:
				return nil
			}
		}
	})
	defer func() {
		close(done)
		<-cutter
	}()
	const some = 20_000
	for total := 0; total < manyRequests() || cuts.Load() < 10; total += some {
		requestAll(t, some, requests(ctx, req))
	}
	t.Logf("%d cuts, %d requests sent again", cuts.Load(), req.Stats().Resends)
	if got := req.Stats().Resends; got == 0 {
		t.Errorf("%d cuts, and no request was sent again", cuts.Load())
	}
}

// TestRequestTakesPresentOptions: also one whose context another Request has used.
func TestRequestTakesPresentOptions(t *testing.T) {
	gonngtest.NoLeaks(t)
	ctx := testContext(t)
	req, rep := requesting(t, transport("inproc"))
	go func() {
		for q, err := range rep.All(ctx) {
			if err == nil && string(q) == "answered" {
				_ = rep.Send(ctx, q) // if it fails, so does the request
			}
		}
	}()
	for range 10 { // the race detector makes the pool forget some contexts
		check(t, req.Set(gonng.WithRecvTimeout(patience)))
		_, err := req.Request(ctx, []byte("answered"))
		check(t, err)
		check(t, req.Set(gonng.WithRecvTimeout(time.Millisecond)))
		_, err = req.Request(ctx, []byte("not answered"))
		if text := fmt.Sprint(err); !strings.Contains(text, "timed out after 1ms") {
			t.Fatalf("with a timeout of 1 ms: %s", text)
		}
	}
}

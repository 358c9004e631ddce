package gonng_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
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

// endpoint is a socket or a context.
type endpoint interface {
	gonng.Sender
	gonng.Receiver
}

func recvText(t testing.TB, r gonng.Receiver, text string) {
	t.Helper()
	got, err := r.Recv(testContext(t))
	check(t, err)
	if string(got) != text {
		t.Fatalf("received %q, want %q", got, text)
	}
}

func sendText(t testing.TB, s gonng.Sender, text string) {
	t.Helper()
	check(t, s.Send(testContext(t), []byte(text)))
}

// waiting waits until n calls wait to receive.
func waiting(t testing.TB, r interface{ Waiting() int }, n int) {
	t.Helper()
	gonngtest.Eventually(t, func() bool { return r.Waiting() == n }, fmt.Sprint(n, " calls wait"))
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

// Contexts have a request each, whatever the order of the replies.
func TestReqContextsAreIndependent(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		req, rep := requesting(t, tr)
		const n = 10
		requests, replies := []endpoint{req}, []endpoint{rep}
		for range n - 1 {
			q, err := req.NewContext()
			check(t, err)
			p, err := rep.NewContext()
			check(t, err)
			requests, replies = append(requests, q), append(replies, p)
		}
		for i, q := range requests {
			sendText(t, q, fmt.Sprint("request ", i))
			recvText(t, replies[i], fmt.Sprint("request ", i))
		}
		for i := n - 1; i >= 0; i-- {
			sendText(t, replies[i], fmt.Sprint("reply ", i))
		}
		for i, q := range requests {
			recvText(t, q, fmt.Sprint("reply ", i))
		}
	})
}

func TestContextTimeouts(t *testing.T) {
	gonngtest.NoLeaks(t)
	req, rep := requesting(t, transport("inproc"))
	impatient, err := req.NewContext()
	check(t, err)
	check(t, impatient.Set(gonng.WithRecvTimeout(time.Millisecond)))
	sendText(t, req, "of the socket")
	recvText(t, rep, "of the socket")
	received := concurrently(func() error { _, err := req.Recv(testContext(t)); return err })
	sendText(t, impatient, "of the context")
	_, err = impatient.Recv(testContext(t))
	wantError(t, err, "recv", gonng.ErrTimeout)
	if got := req.Config().RecvTimeout; got != 0 {
		t.Errorf("the socket's timeout is %v now", got)
	}
	check(t, rep.TrySend([]byte("reply")))
	check(t, <-received)
	// The request that timed out is still outstanding: only its receive ended.
	check(t, impatient.Set(gonng.WithRecvTimeout(0)))
	recvText(t, rep, "of the context")
	sendText(t, rep, "reply")
	recvText(t, impatient, "reply")

	impatientRep, err := rep.NewContext()
	check(t, err)
	check(t, impatientRep.Set(gonng.WithRecvTimeout(time.Millisecond)))
	_, err = impatientRep.Recv(testContext(t))
	wantError(t, err, "recv", gonng.ErrTimeout)
}

// Closing a context ends the calls on it with ErrClosed, and no others.
func TestContextClose(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		req, rep := requesting(t, tr)
		type closing interface {
			endpoint
			Close() error
		}
		var contexts []closing
		var ended []<-chan error
		for range 3 {
			q, err := req.NewContext()
			check(t, err)
			sendText(t, q, "request")
			contexts = append(contexts, q)
		}
		for range 3 {
			recvText(t, rep, "request") // so that there is nothing left to receive
		}
		for range 3 {
			p, err := rep.NewContext()
			check(t, err)
			contexts = append(contexts, p)
		}
		for _, c := range contexts {
			ended = append(ended, concurrently(func() error { _, err := c.Recv(testContext(t)); return err }))
		}
		for i, c := range contexts[:3] {
			waiting(t, c.(*gonng.ReqContext), 1)
			waiting(t, contexts[3+i].(*gonng.RepContext), 3) // all of them, on the same queue
		}
		for i, c := range contexts {
			for _, still := range ended[i:] {
				select {
				case err := <-still:
					t.Fatalf("ended before its context was closed: %v", err)
				default:
				}
			}
			check(t, c.Close())
			check(t, c.Close())
			wantError(t, wait(t, "Recv ends", ended[i]), "recv", gonng.ErrClosed)
			wantError(t, c.Send(testContext(t), nil), "send", gonng.ErrClosed)
			_, err := c.TryRecv()
			wantError(t, err, "recv", gonng.ErrClosed)
		}
		// The socket is as before.
		sendText(t, req, "request")
		recvText(t, rep, "request")
		sendText(t, rep, "reply")
		recvText(t, req, "reply")
	})
}

// Of two goroutines that wait for one reply, one gets it and the other learns
// that there is nothing to wait for.
func TestReqTwoReceivers(t *testing.T) {
	gonngtest.NoLeaks(t)
	req, rep := requesting(t, transport("inproc"))
	for range 3 {
		sendText(t, req, "request")
		recvText(t, rep, "request")
		ended := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := req.Recv(testContext(t))
				ended <- err
			}()
		}
		waiting(t, req, 2)
		sendText(t, rep, "reply")
		first, second := wait(t, "a receive ends", ended), wait(t, "the other ends", ended)
		if second == nil {
			first, second = second, first
		}
		check(t, first)
		wantError(t, second, "recv", gonng.ErrBadState)
	}
}

// A receive that waits for a request's reply ends when the request is given
// up and there is no other in its place.
func TestReqRecvEndsWhenSendFails(t *testing.T) {
	gonngtest.NoLeaks(t)
	req, rep := requesting(t, transport("inproc"))
	sendText(t, req, "request")
	recvText(t, rep, "request")
	ended := concurrently(func() error { _, err := req.Recv(testContext(t)); return err })
	waiting(t, req, 1)
	leave(t, rep, req)
	want(t, req.TrySend([]byte("another")), gonng.ErrTryAgain)
	wantError(t, wait(t, "Recv ends", ended), "recv", gonng.ErrBadState)
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
		if tr.Name != "tcp" {
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

// As many handlers run at a time as WithConcurrency says, and no more.
func TestServeConcurrency(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, workers := range []int{1, 5} {
			req, rep := requesting(t, tr)
			var running, most atomic.Int32
			entered, leave := make(chan struct{}), make(chan struct{})
			opts := []gonng.ServeOption{gonng.WithConcurrency(workers)}
			if workers == 1 {
				opts = nil // the default
			}
			serving(t, rep, func(_ context.Context, m *gonng.Message) ([]byte, error) {
				most.Store(max(most.Load(), running.Add(1)))
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
			for range workers {
				wait(t, "a handler starts", entered)
			}
			for i := range 2 * workers {
				leave <- struct{}{}
				check(t, wait(t, "a reply", replied))
				if i < workers {
					wait(t, "the next handler starts", entered)
				}
			}
			if got := most.Load(); int(got) != workers {
				t.Errorf("%d handlers ran at a time, want %d", got, workers)
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
				}, gonng.WithConcurrency(3))
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

// A request whose peer goes away is sent to another at once.
func TestReqResendsWhenPeerGoes(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		req, rep := requesting(t, tr)
		const n = 20
		var contexts []*gonng.ReqContext
		for i := range n {
			c, err := req.NewContext()
			check(t, err)
			sendText(t, c, fmt.Sprint(i))
			recvText(t, rep, fmt.Sprint(i))
			contexts = append(contexts, c)
		}
		other := open(t, gonng.NewRep0)
		l := listen(t, other, tr)
		dial(t, req, tr, l.URL())
		waitPeers(t, req, 2)
		check(t, rep.Close())
		for i, c := range contexts {
			recvText(t, other, fmt.Sprint(i))
			sendText(t, other, fmt.Sprint("reply ", i))
			recvText(t, c, fmt.Sprint("reply ", i))
		}
		if got := req.Stats().Resends; got != n {
			t.Errorf("counted %d resends, want %d", got, n)
		}
	})
}

// A request is kept while there is no peer at all, whatever its size.
func TestReqResendsWhenPeerIsBack(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		req := open(t, gonng.NewReq0, gonng.ReqOption(reconnect(time.Millisecond, 0)))
		first := open(t, gonng.NewRep0)
		l, _ := link(t, first, req, tr)
		var contexts []*gonng.ReqContext
		for i, size := range ownedSizes {
			c, err := req.NewContext()
			check(t, err)
			check(t, c.Send(testContext(t), body(i, size)))
			got, err := first.Recv(testContext(t))
			check(t, err)
			wantBody(t, got, body(i, size))
			contexts = append(contexts, c)
		}
		url := l.URL()
		check(t, first.Close())
		second := open(t, gonng.NewRep0)
		_, err := second.Listen(testContext(t), url, tr.Listen...)
		check(t, err)
		for range ownedSizes {
			m, err := second.RecvMsg(testContext(t))
			check(t, err)
			check(t, second.SendMsg(testContext(t), m))
		}
		for i, c := range contexts {
			got, err := c.Recv(testContext(t))
			check(t, err)
			wantBody(t, got, body(i, ownedSizes[i]))
		}
	})
}

// A request that is not answered within the resend time is sent to another
// peer, and the first answer counts.
func TestReqResendsAfterTime(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		const after = 20 * time.Millisecond
		req, slow := requesting(t, tr, gonng.WithResendTime(after))
		sent := time.Now()
		sendText(t, req, "request")
		recvText(t, slow, "request")
		other := open(t, gonng.NewRep0)
		dial(t, req, tr, listen(t, other, tr).URL())
		recvText(t, other, "request")
		if d := time.Since(sent); d < after {
			t.Errorf("sent again after %v, want at least %v", d, after)
		}
		sendText(t, other, "reply")
		recvText(t, req, "reply")
		if got := req.Stats().Resends; got == 0 {
			t.Errorf("counted no resend")
		}
		sendText(t, slow, "late")
		gonngtest.Eventually(t, func() bool { return req.Stats().LateReplies > 0 }, "the slow reply is counted as late")
	})
}

// While there is nobody to send a request to, no timer runs for it.
func TestReqResendTimerRests(t *testing.T) {
	gonngtest.NoLeaks(t)
	req, rep := requesting(t, transport("inproc"), gonng.WithResendTime(time.Millisecond))
	sendText(t, req, "request")
	recvText(t, rep, "request")
	check(t, rep.Close())
	gonngtest.Eventually(t, func() bool { return !req.ResendTimerRuns() }, "the timer has fired for the last time")
}

// With the resend time 0 a request whose peer goes away fails.
func TestReqWithoutResend(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		req, rep := requesting(t, tr, gonng.WithResendTime(0))
		waiting := concurrently(func() error { _, err := req.Request(testContext(t), []byte("waiting")); return err })
		recvText(t, rep, "waiting")
		sendText(t, req, "later")
		recvText(t, rep, "later")
		gone := departures(req)
		other := open(t, gonng.NewRep0)
		dial(t, req, tr, listen(t, other, tr).URL())
		waitPeers(t, req, 2)
		check(t, rep.Close())
		wantError(t, wait(t, "the request ends", waiting), "recv", gonng.ErrConnectionReset)
		wait(t, "the peer goes", gone)
		_, err := req.Recv(testContext(t))
		wantError(t, err, "recv", gonng.ErrConnectionReset)
		_, err = req.Recv(testContext(t))
		wantError(t, err, "recv", gonng.ErrBadState)
		_, err = other.TryRecv()
		want(t, err, gonng.ErrTryAgain)
		if got := req.Stats().Resends; got != 0 {
			t.Errorf("counted %d resends, want none", got)
		}

		// A peer that is there and silent, and no peer at all: the deadline ends it.
		for _, peers := range []int{1, 0} {
			if peers == 0 {
				check(t, other.Close())
				wait(t, "the other goes", gone)
			}
			ctx, cancel := context.WithTimeout(testContext(t), 5*time.Millisecond)
			_, err = req.Request(ctx, nil)
			want(t, err, gonng.ErrTimeout)
			cancel()
		}
	})
}

// Requests survive connections that break at any byte.
func TestRequestsOverBrokenConnections(t *testing.T) {
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		rep, req := open(t, gonng.NewRep0), open(t, gonng.NewReq0, gonng.ReqOption(reconnect(time.Millisecond, 0)))
		proxy := gonngtest.NewProxy(t, listen(t, rep, tr).URL())
		serving(t, rep, echo, gonng.WithConcurrency(4))
		var cuts atomic.Int32
		cut := func() {
			flow := proxy.Up
			if random.IntN(2) == 0 {
				flow = proxy.Down
			}
			flow.CutAfter(random.Int64N(8000))
		}
		req.OnPipe(gonng.PipeClosed, func(*gonng.Pipe) {
			cuts.Add(1)
			cut()
		})
		dial(t, req, tr, proxy.URL())
		waitPeers(t, req, 1)
		cut()
		requestAll(t, 10_000, requests(gonngtest.Context(t, 6*patience), req))
		t.Logf("%d cuts, %d resends", cuts.Load(), req.Stats().Resends)
		if cuts.Load() < 10 {
			t.Errorf("the connection broke only %d times", cuts.Load())
		}
	})
}

// A server that is killed while a request is outstanding, and started again,
// gets the request again at once.
func TestReqServerKilled(t *testing.T) {
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		url := vacant(t, tr)
		server := startChild(t, "silent", url)
		server.want(t, "listening")
		req := open(t, gonng.NewReq0, gonng.ReqOption(reconnect(10*time.Millisecond, 0)))
		dial(t, req, tr, url)
		replied := make(chan string, 1)
		go func() {
			reply, err := req.Request(gonngtest.Context(t, 3*patience), []byte("request"))
			replied <- fmt.Sprint(string(reply), " ", err)
		}()
		server.want(t, "received request")
		server.kill(t)
		server = startChild(t, "echo", url)
		server.want(t, "listening")
		if got := wait(t, "the reply", replied); got != "request <nil>" {
			t.Fatalf("received %s", got)
		}
		if got := req.Stats().Resends; got != 1 {
			t.Errorf("counted %d resends, want 1", got)
		}
		server.finish(t)
	})
}

package itest

import (
	"fmt"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

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
	// The request that timed out is given up with its receive: its reply is late.
	check(t, impatient.Set(gonng.WithRecvTimeout(0)))
	recvText(t, rep, "of the context")
	sendText(t, rep, "late")
	_, err = impatient.Recv(testContext(t))
	want(t, err, gonng.ErrBadState)
	gonngtest.Eventually(t, func() bool { return req.Stats().LateReplies == 1 }, "the late reply is counted")

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
		waiting(t, len(contexts))
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

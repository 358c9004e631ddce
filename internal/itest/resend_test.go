package itest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

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
		l := listenForNow(t, first, tr)
		dial(t, req, tr, l.URL(), gonng.WithDialMode(gonng.DialWait))
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
		req.OnPipe(gonng.PipeConnecting, func(*gonng.Pipe) { cut() }) // before anything is sent
		req.OnPipe(gonng.PipeClosed, func(*gonng.Pipe) { cuts.Add(1) })
		dial(t, req, tr, proxy.URL())
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

// closing is a connection whose Close takes until release is closed.
type closing struct {
	net.Conn
	release <-chan struct{}
}

func (c *closing) Close() error {
	<-c.release
	return c.Conn.Close()
}

// A request goes to another peer before the connection of the first is closed: that may
// take a while.
func TestReqResendsBeforeConnectionIsClosed(t *testing.T) {
	gonngtest.NoLeaks(t)
	req, first, second := open(t, gonng.NewReq0), open(t, gonng.NewRep0), open(t, gonng.NewRep0)
	release := make(chan struct{})
	x, y := net.Pipe()
	attached(t, req, first, &closing{Conn: x, release: release}, y)
	defer close(release)
	reply := concurrently(func() error {
		_, err := req.Request(testContext(t), []byte("x"))
		return err
	})
	recvText(t, first, "x")
	link(t, second, req, tcp)
	check(t, first.Close())
	recvText(t, second, "x")
	sendText(t, second, "y")
	check(t, wait(t, "the reply", reply))
}

package itest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// TestReplyTooLarge: a reply above the limit of the requester fails that request at once.
// The connection is kept, and the other requests on it are not disturbed.
func TestReplyTooLarge(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		const limit = 10_000
		var handled atomic.Int64
		rep, req := open(t, gonng.NewRep0), open(t, cooked[gonng.ProtocolReq0], recvMaxSize(limit)).(*gonng.Req0)
		link(t, rep, req, tr)
		hold := make(chan struct{})
		serving(t, rep, func(_ context.Context, m *gonng.Message) ([]byte, error) {
			handled.Add(1)
			switch string(m.Bytes()) {
			case "other":
				<-hold
				return m.Bytes(), nil
			case "small":
				return m.Bytes(), nil
			}
			var size int
			_, err := fmt.Sscan(string(m.Bytes()), &size)
			return make([]byte, size), err
		}, gonng.WithConcurrency(3))
		other := concurrently(func() error {
			body, err := req.Request(testContext(t), []byte("other"))
			if err == nil && string(body) != "other" {
				err = fmt.Errorf("received %q", body)
			}
			return err
		})
		for i, size := range []int{limit - 3, limit + 1, 5 * limit, 15 * limit} {
			_, err := req.Request(testContext(t), fmt.Append(nil, size))
			wantError(t, err, "recv", gonng.ErrMessageTooLarge)
			wantText(t, fmt.Sprint(err), fmt.Sprint(size+4))
			small, err := req.Request(testContext(t), []byte("small"))
			check(t, err)
			wantBody(t, small, []byte("small"))
			if n := req.Stats().TooLarge; n != uint64(i+1) {
				t.Errorf("%d messages above the limit are counted, want %d", n, i+1)
			}
		}
		close(hold)
		check(t, wait(t, "the other request", other))
		if n, m := handled.Load(), req.Stats().Connects; n != 9 || m != 1 {
			t.Errorf("%d requests were handled on %d connections, want 9 on 1", n, m)
		}
		_, err := req.Request(testContext(t), fmt.Append(nil, limit-4))
		check(t, err)
	})
}

// TestRequestTooLarge: the server closes the connection, and the pause before the next
// grows, although replies came between.
func TestRequestTooLarge(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		rep := open(t, gonng.NewRep0, recvMaxSize(1000))
		serving(t, rep, echo)
		url := "inproc://TestRequestTooLarge"
		_, err := rep.Listen(context.Background(), url)
		check(t, err)
		var mu sync.Mutex
		var times []time.Time
		req := open(t, cooked[gonng.ProtocolReq0], reconnect(time.Second, time.Minute)).(*gonng.Req0)
		req.OnPipe(gonng.PipeConnected, func(*gonng.Pipe) {
			mu.Lock()
			defer mu.Unlock()
			times = append(times, time.Now())
		})
		_, err = req.Dial(context.Background(), url)
		check(t, err)
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		_, err = req.Request(ctx, make([]byte, 2000))
		want(t, err, gonng.ErrTimeout)
		mu.Lock()
		defer mu.Unlock()
		if n := len(times); n < 60 || n > 130 {
			t.Errorf("connected %d times in an hour, want about once a minute", n)
		}
	})
}

// TestSlowHandler: a request that takes longer than the resend time is sent again to the
// connection that has it only after pauses that double.
func TestSlowHandler(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		rep, req := open(t, gonng.NewRep0), open(t, gonng.NewReq0, gonng.WithResendTime(time.Second))
		joinInproc(t, rep, req)
		var handled atomic.Int64
		serving(t, rep, func(ctx context.Context, m *gonng.Message) ([]byte, error) {
			handled.Add(1)
			time.Sleep(100 * time.Second)
			return m.Bytes(), nil
		}, gonng.WithConcurrency(100))
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if _, err := req.Request(context.Background(), []byte("?")); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := handled.Load(); n > 5*7 { // after 1, 3, 7, 15, 31 and 63 s
			t.Errorf("five requests were handled %d times", n)
		}
		time.Sleep(time.Hour)
	})
}

// TestSlowHandlerBesideAnother: another peer gets the request after the resend time.
func TestSlowHandlerBesideAnother(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		slow, req := open(t, gonng.NewRep0), open(t, gonng.NewReq0, gonng.WithResendTime(time.Second))
		joinInproc(t, slow, req)
		serving(t, slow, func(ctx context.Context, m *gonng.Message) ([]byte, error) {
			time.Sleep(time.Hour)
			return nil, errors.New("no")
		})
		sendText(t, req, "?")
		other := open(t, gonng.NewRep0)
		joinInproc(t, other, req)
		serving(t, other, echo)
		start := time.Now()
		recvText(t, req, "?")
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("the other peer got the request after %v", took)
		}
		time.Sleep(2 * time.Hour)
	})
}

// TestManyDialersWithoutServer: the attempts grow rarer, by the default of 100 ms to 1 s.
func TestManyDialersWithoutServer(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		const dialers, seconds = 200, 60
		sockets := make([]*gonng.Push0, dialers)
		for i := range sockets {
			sockets[i] = open(t, gonng.NewPush0)
			_, err := sockets[i].Dial(context.Background(), "inproc://TestManyDialersWithoutServer", gonng.WithDialMode(gonng.DialBackground))
			check(t, err)
		}
		time.Sleep(seconds * time.Second)
		var attempts uint64
		for _, s := range sockets {
			attempts += s.Stats().ConnectFailures
		}
		if most := uint64(dialers * (2*seconds + 10)); attempts > most {
			t.Errorf("%d dialers tried %d times in %d s, want at most %d", dialers, attempts, seconds, most)
		}
		if least := uint64(dialers * seconds); attempts < least {
			t.Errorf("%d dialers tried %d times in %d s, want at least %d", dialers, attempts, seconds, least)
		}
	})
}

// TestReconnectStartsAfresh after a connection that received a message, or lasted longer
// than the longest pause; not after others.
func TestReconnectStartsAfresh(t *testing.T) {
	for _, how := range []string{"nothing", "received", "lasted"} {
		inBubble(t, func(t *testing.T) {
			url := "inproc://TestReconnectStartsAfresh"
			server := open(t, gonng.NewPair0)
			l, err := server.Listen(context.Background(), url)
			check(t, err)
			client := open(t, gonng.NewPair0, reconnect(time.Second, 32*time.Second))
			connected := make(chan time.Time, 100)
			client.OnPipe(gonng.PipeConnected, func(*gonng.Pipe) { connected <- time.Now() })
			d, err := client.Dial(context.Background(), url)
			check(t, err)
			<-connected
			var pause time.Duration
			for range 6 {
				switch how {
				case "received":
					check(t, server.WaitPeers(context.Background(), 1))
					sendText(t, server, "x")
					recvText(t, client, "x")
				case "lasted":
					time.Sleep(time.Minute)
				}
				gone := time.Now()
				check(t, server.WaitPeers(context.Background(), 1))
				server.Pipes()[0].Close()
				pause = (<-connected).Sub(gone)
			}
			if how == "nothing" && pause < 16*time.Second || how != "nothing" && pause > time.Second {
				t.Errorf("%s: after six connections the pause is %v", how, pause)
			}
			d.Close()
			l.Close()
		})
	}
}

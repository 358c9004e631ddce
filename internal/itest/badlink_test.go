package itest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// pigeons are bad links, registered once for the process: scheme → what makes an address.
var pigeons = sync.OnceValue(func() []gonngtest.Transport {
	gonngtest.BadLink{Delay: time.Millisecond, Jitter: 2 * time.Millisecond, BytesPerSecond: 10 << 20}.Register("pigeon")
	gonngtest.BadLink{Delay: time.Millisecond, Jitter: time.Millisecond, CutEvery: 100 * time.Millisecond}.Register("lost-pigeon")
	gonngtest.BadLink{Delay: time.Second}.Register("late-pigeon")
	gonngtest.BadLink{Delay: 2 * time.Second, CutEvery: time.Second}.Register("shot-pigeon")
	return []gonngtest.Transport{
		{Name: "pigeon+tcp", Address: func(string) string { return "pigeon+tcp://127.0.0.1:0" }},
		{Name: "pigeon+ws", Address: func(string) string { return "pigeon+ws://127.0.0.1:0/" + rand.Text() }},
		{Name: "pigeon+inproc", Address: func(string) string { return "pigeon+inproc://" + rand.Text() }},
	}
})

// TestPigeons: every protocol works over a link that is slow and late, in order.
func TestPigeons(t *testing.T) {
	for _, tr := range pigeons() {
		tr.Run(t, func(t *testing.T, tr gonngtest.Transport) {
			for _, f := range allFlows {
				t.Run(f.name, func(t *testing.T) {
					in, r := f.recv(t)
					out, x := f.send(t)
					link(t, in, out, tr)
					for i, size := range []int{0, 10, 20 << 10, 100 << 10} {
						check(t, x.Send(testContext(t), body(i, size)))
						got, err := r.Recv(testContext(t))
						check(t, err)
						wantBody(t, got, body(i, size))
						if f.name == "request" { // the next one waits for the reply
							check(t, in.(gonng.Sender).Send(testContext(t), nil))
							_, err := out.(gonng.Receiver).Recv(testContext(t))
							check(t, err)
						}
					}
				})
			}
		})
	}
}

// TestRequestsByLostPigeons: requests are answered though the link is cut ten times a second.
func TestRequestsByLostPigeons(t *testing.T) {
	for _, tr := range pigeons() {
		address := tr.Address
		tr.Name, tr.Address = "lost-"+tr.Name, func(dir string) string { return "lost-" + address(dir) }
		tr.Run(t, func(t *testing.T, tr gonngtest.Transport) {
			req, rep := open(t, gonng.NewReq0, gonng.ReqOption(gonng.WithReconnectTime(time.Millisecond, 0))), open(t, gonng.NewRep0)
			serving(t, rep, echo)
			dial(t, req, tr, listen(t, rep, tr).URL())
			ctx := testContext(t)
			for i := 0; i < 50 || req.Stats().Connects < 3; i++ {
				got, err := req.Request(ctx, body(i, 100))
				check(t, err)
				wantBody(t, got, body(i, 100))
			}
		})
	}
}

// TestLatePigeon: a message is received when the delay is over, not before.
func TestLatePigeon(t *testing.T) {
	pigeons()
	inBubble(t, func(t *testing.T) {
		pull, push := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
		connectBy(t, "late-pigeon+inproc://TestLatePigeon", pull, push)
		start := time.Now()
		for i := range 3 {
			check(t, push.Send(context.Background(), body(i, 10)))
			got, err := pull.Recv(context.Background())
			check(t, err)
			wantBody(t, got, body(i, 10))
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("three messages took %v, want a second each", took)
		}
	})
}

// TestShotPigeon: what is on its way when a link is cut is lost, and the pipe says why it
// ended.
func TestShotPigeon(t *testing.T) {
	pigeons()
	inBubble(t, func(t *testing.T) {
		pull, push := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
		var mu sync.Mutex
		var reasons []string
		for _, s := range []gonng.Socket{pull, push} {
			s.OnPipe(gonng.PipeClosed, func(p *gonng.Pipe) {
				mu.Lock()
				defer mu.Unlock()
				reasons = append(reasons, fmt.Sprint(p.Err()))
			})
		}
		connectBy(t, "shot-pigeon+inproc://TestShotPigeon", pull, push)
		check(t, push.Send(context.Background(), []byte("lost")))
		start := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, err := pull.Recv(ctx)
		want(t, err, gonng.ErrTimeout)
		mu.Lock()
		defer mu.Unlock()
		if n := len(reasons); n < 2*29 { // each lasts a second, and so long may the pause be
			t.Errorf("%d pipes have ended in %v, want one in two seconds at each end", n, time.Since(start))
		}
		if !strings.Contains(strings.Join(reasons, "\n"), "the bad link was cut") {
			t.Errorf("nobody says why: %q", reasons[:2])
		}
	})
}

// connectBy has b dial a at url.
func connectBy(t *testing.T, url string, a, b gonng.Socket) {
	t.Helper()
	_, err := a.Listen(context.Background(), url)
	check(t, err)
	_, err = b.Dial(context.Background(), url)
	check(t, err)
}

// TestPigeonHandler: a bad ws listener takes peers from the program's own server.
func TestPigeonHandler(t *testing.T) {
	gonngtest.NoLeaks(t)
	pigeons()
	pull, push := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
	l, err := pull.Listen(testContext(t), "pigeon+ws:///path")
	check(t, err)
	server := httptest.NewServer(l.Handler())
	t.Cleanup(server.Close)
	_, err = push.Dial(testContext(t), "pigeon+ws"+strings.TrimPrefix(server.URL, "http"), gonng.WithDialMode(gonng.DialWait))
	check(t, err)
	sendText(t, push, "hello")
	recvText(t, pull, "hello")
}

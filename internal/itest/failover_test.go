package itest

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// failover is a socket with a peer of the first priority, behind a proxy that can cut it off,
// and one of the second.
type failover struct {
	t     *testing.T
	s     gonng.Socket
	proxy *gonngtest.Proxy
	gone  <-chan *gonng.Pipe
}

func newFailover(t *testing.T, s, first, second gonng.Socket) *failover {
	t.Helper()
	tcp := transport("tcp")
	f := &failover{t, s, gonngtest.NewProxy(t, listen(t, first, tcp).URL()), departures(s)}
	dial(t, s, tcp, listen(t, second, tcp).URL(), gonng.WithPriority(2))
	dial(t, s, tcp, f.proxy.URL(), gonng.WithPriority(1), gonng.WithReconnectTime(time.Millisecond, 0))
	waitPeers(t, s, 2)
	return f
}

// kill has the first peer die, as a machine does that resets all connections.
func (f *failover) kill() {
	f.proxy.Refuse(true)
	f.proxy.ResetAll()
}

// noticed waits until the socket has noticed that.
func (f *failover) noticed() { wait(f.t, "the end of the first peer", f.gone) }

// back has the first peer come back.
func (f *failover) back() {
	f.proxy.Refuse(false)
	waitPeers(f.t, f.s, 2)
}

const (
	failoverMessages = 10_000
	failoverEvery    = 1000 // messages from one death of the first peer to the next
	failoverDown     = 300  // of them while it is dead
)

// report logs how long the first messages after each death took.
func report(t *testing.T, took []time.Duration) {
	slices.Sort(took)
	t.Logf("a message after the first peer has gone: median %v, longest %v", took[len(took)/2], took[len(took)-1])
}

// TestFailoverPush: with the first puller up the second gets nothing; the first dead, the next
// message goes to the second; the first back, it is preferred again. Each message is received
// before the next is sent, so that the first puller always has room. A message that was sent
// before the death was noticed may be lost, and no other.
func TestFailoverPush(t *testing.T) {
	gonngtest.NoLeaks(t)
	push := open(t, gonng.NewPush0)
	pulls := []*gonng.Pull0{open(t, gonng.NewPull0), open(t, gonng.NewPull0)}
	f := newFailover(t, push, pulls[0], pulls[1])
	type arrival struct{ at, n int }
	arrived := make(chan arrival, failoverMessages)
	for at, pull := range pulls {
		go func() {
			for b := range pull.All(context.Background()) {
				n, _ := strconv.Atoi(string(b))
				arrived <- arrival{at, n}
			}
		}()
	}
	next := 0
	send := func() int {
		next++
		check(t, push.Send(testContext(t), []byte(strconv.Itoa(next))))
		return next
	}
	var took []time.Duration
	for next < failoverMessages {
		for range failoverEvery - failoverDown {
			if n, got := send(), wait(t, "a message", arrived); got != (arrival{0, n}) {
				t.Fatalf("message %d: %v has arrived", n, got)
			}
		}
		f.kill()
		doubtful := send() // it may have gone to a connection that was dead already
		f.noticed()
		for range failoverDown - 1 {
			begin := time.Now()
			n, got := send(), wait(t, "a message", arrived)
			if n == doubtful+1 {
				took = append(took, time.Since(begin))
				if got.n == doubtful {
					got = wait(t, "a message", arrived)
				}
			}
			if got != (arrival{1, n}) {
				t.Fatalf("message %d, the first puller dead: %v has arrived", n, got)
			}
		}
		f.back()
	}
	report(t, took)
	if st := push.Stats(); st.Unsent > failoverMessages/failoverEvery {
		t.Errorf("%d messages were not sent", st.Unsent)
	}
}

// TestFailoverReq is TestFailoverPush for requests: none is lost, since those that the first
// replier had go to the second.
func TestFailoverReq(t *testing.T) {
	gonngtest.NoLeaks(t)
	req := open(t, gonng.NewReq0)
	reps := []*gonng.Rep0{open(t, gonng.NewRep0), open(t, gonng.NewRep0)}
	f := newFailover(t, req, reps[0], reps[1])
	for at, rep := range reps {
		serving(t, rep, func(_ context.Context, m *gonng.Message) ([]byte, error) {
			return strconv.AppendInt(append(slices.Clone(m.Bytes()), ' '), int64(at), 10), nil
		})
	}
	next := 0
	ask := func(wanted int) {
		t.Helper()
		next++
		got, err := req.Request(testContext(t), []byte(strconv.Itoa(next)))
		check(t, err)
		if want := strconv.Itoa(next) + " " + strconv.Itoa(wanted); string(got) != want {
			t.Fatalf("the reply is %q, want %q", got, want)
		}
	}
	var took []time.Duration
	for next < failoverMessages {
		for range failoverEvery - failoverDown {
			ask(0)
		}
		f.kill()
		begin := time.Now()
		ask(1) // it may have gone to the first before that
		took = append(took, time.Since(begin))
		f.noticed()
		for range failoverDown - 1 {
			ask(1)
		}
		f.back()
	}
	report(t, took)
	if n := req.Stats().Resends; n > failoverMessages/failoverEvery {
		t.Errorf("%d requests were sent again", n)
	}
}

package itest

import (
	"context"
	"errors"
	"net"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// TestWakeUpIsPassedOn: a receiver that is woken for a message, and whose context has ended
// just before, leaves the message to the next receiver and wakes that.
func TestWakeUpIsPassedOn(t *testing.T) {
	gonngtest.NoLeaks(t)
	// On one processor, the first receiver does not run between cancel and Send.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	push, pull := open(t, gonng.NewPush0), open(t, gonng.NewPull0)
	link(t, pull, push, transport("inproc"))
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		first := concurrently(func() error { _, err := pull.Recv(ctx); return err })
		waiting(t, 1)
		second := concurrently(func() error { _, err := pull.Recv(testContext(t)); return err })
		waiting(t, 2)
		cancel()
		sendText(t, push, "x")
		switch err := wait(t, "the first receive ends", first); {
		case err == nil: // it has got the message, so the second gets one more
			sendText(t, push, "y")
		case !errors.Is(err, gonng.ErrCanceled):
			t.Fatal(err)
		}
		check(t, wait(t, "the second receive gets the message", second))
	}
}

// TestSendersWakeEachOther: when one event makes room for several senders, all of them send.
func TestSendersWakeEachOther(t *testing.T) {
	gonngtest.NoLeaks(t)
	const n = 5
	push, pull := open(t, gonng.NewPush0), open(t, gonng.NewPull0)
	var calls []<-chan error
	for range n {
		calls = append(calls, concurrently(func() error { return push.Send(testContext(t), []byte("x")) }))
	}
	waiting(t, n)
	link(t, pull, push, transport("inproc"))
	for _, call := range calls {
		check(t, wait(t, "a send", call))
	}
}

// TestNumbersAreRandom: a program that restarts uses neither the pipe IDs nor the request
// numbers of the one before, and a number says nothing about the next.
func TestNumbersAreRandom(t *testing.T) {
	gonngtest.NoLeaks(t)
	var pipes, requests []uint32
	for range 2 {
		req, raw := open(t, gonng.NewReq0), open(t, func(o ...gonng.RawOption) (*gonng.Raw, error) {
			return gonng.NewRaw(gonng.ProtocolRep0, o...)
		})
		link(t, raw, req, transport("inproc"))
		pipes = append(pipes, req.Pipes()[0].ID())
		for range 2 {
			sendText(t, req, "x")
			header := recvMsg(t, raw).Header()
			requests = append(requests, uint32(header[4])<<24|uint32(header[5])<<16|uint32(header[6])<<8|uint32(header[7]))
		}
	}
	if pipes[0] == pipes[1] {
		t.Errorf("the first pipe of two sockets is %d", pipes[0])
	}
	slices.Sort(requests)
	for i := range requests[1:] {
		if requests[i+1]-requests[i] <= 1 { // which chance does once in a hundred million runs
			t.Errorf("the numbers of requests are %v", requests)
		}
	}
}

// tiredListener fails to accept, and counts that. After a thousand times it waits, so that
// a test ends.
type tiredListener struct {
	tries  atomic.Int32
	closed chan struct{}
}

func (l *tiredListener) Accept() (net.Conn, error) {
	if l.tries.Add(1) >= 1000 {
		<-l.closed
	}
	return nil, errors.New("out of order")
}
func (l *tiredListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
func (l *tiredListener) Close() error   { close(l.closed); return nil }

// TestAcceptPause: a listener whose Accept fails, because there are no descriptors for
// instance, does not use up a processor.
func TestAcceptPause(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		pull := open(t, gonng.NewPull0, gonng.WithLogger(nil))
		l := &tiredListener{closed: make(chan struct{})}
		_, err := pull.ListenOn(l)
		check(t, err)
		time.Sleep(time.Second)
		synctest.Wait()
		if n := l.tries.Load(); n < 10 || n > 30 {
			t.Errorf("a second has %d calls of Accept, want some 20", n)
		}
		check(t, pull.Close())
	})
}

// TestCloseWaits: when Close returns, the goroutines of the socket have ended, also one that
// is in a function of the program.
func TestCloseWaits(t *testing.T) {
	gonngtest.NoLeaks(t)
	dialing := make(chan struct{})
	var returned atomic.Bool
	push := open(t, gonng.NewPush0, gonng.WithLinger(0))
	_, err := push.Dial(t.Context(), "tcp://127.0.0.1:1", gonng.WithDialMode(gonng.DialBackground),
		gonng.WithDialContext(func(ctx context.Context, _, _ string) (net.Conn, error) {
			close(dialing)
			<-ctx.Done()
			time.Sleep(20 * time.Millisecond) // longer than Close takes that does not wait
			returned.Store(true)
			return nil, ctx.Err()
		}))
	check(t, err)
	wait(t, "the dialer dials", dialing)
	check(t, push.Close())
	if !returned.Load() {
		t.Error("Close has returned, and the dialer has not")
	}
}

package monitor_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/monitor"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// program is a program with sockets of six protocols, which do something, and the monitor.
type program struct {
	t     *testing.T
	ctx   context.Context
	url   string // of the page
	busy  sync.WaitGroup
	still atomic.Bool // nothing is published

	orders *gonng.Rep0 // with clients
	prices *gonng.Pub0 // with subscribers, one of which is slow
	bus    *gonng.Bus0
	slow   net.Conn    // the slow subscriber
	peer   *gonng.Req0 // a client of orders in another process, in spirit: it is closed by the test
}

// open opens a socket with a name, which is closed when the test ends.
func open[S gonng.Socket, O any](p *program, newSocket func(...O) (S, error), name string, opts ...gonng.SocketOption) S {
	p.t.Helper()
	s, err := newSocket()
	check(p.t, err)
	p.t.Cleanup(func() { s.Close() })
	check(p.t, gonng.Set(s, append(opts, gonng.WithName(name))...))
	return s
}

// keep calls do each pause until the test ends.
func (p *program) keep(pause time.Duration, do func(i int)) {
	p.busy.Go(func() {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
				do(i)
			case <-p.ctx.Done():
				return
			}
		}
	})
}

const anyPort = "tcp://127.0.0.1:0"

// start starts the program.
func start(t *testing.T) *program {
	ctx, cancel := context.WithCancel(context.Background())
	p := &program{t: t, ctx: ctx}
	mux := http.NewServeMux()
	mux.Handle("/debug/gonng/", monitor.Handler())
	server := httptest.NewServer(mux)
	p.url = server.URL + "/debug/gonng/"
	t.Cleanup(server.Close)

	p.orders = open(p, gonng.NewRep0, "orders", gonng.WithListen(anyPort))
	p.busy.Go(func() {
		p.orders.Serve(ctx, func(_ context.Context, m *gonng.Message) ([]byte, error) { return m.Bytes(), nil }, gonng.WithConcurrency(4))
	})
	for i := range 4 {
		client := open(p, gonng.NewReq0, fmt.Sprintf("client %d", i), gonng.WithDial(p.orders.ListenURL()))
		if i == 3 {
			p.peer = client
			continue
		}
		p.keep(time.Duration(20*(i+1))*time.Millisecond, func(int) { client.Request(ctx, make([]byte, 200*(i+1)*(i+1))) })
	}

	p.prices = open(p, gonng.NewPub0, "prices", gonng.WithListen(anyPort), gonng.WithSendBuffer(8), gonng.WithLinger(0))
	news := open(p, gonng.NewSub0, "newsroom", gonng.WithDial(p.prices.ListenURL()))
	check(t, news.Subscribe("EUR"))
	p.busy.Go(func() {
		for range news.All(ctx) {
		}
	})
	open(p, gonng.NewSub0, "forgot to subscribe", gonng.WithDial(p.prices.ListenURL()))
	p.keep(10*time.Millisecond, func(i int) {
		if p.still.Load() {
			return
		}
		p.prices.Send(ctx, fmt.Appendf(nil, "%s %d", []string{"EUR", "USD"}[i%2], i))
	})

	jobs := open(p, gonng.NewPush0, "jobs", gonng.WithListen("inproc://jobs"))
	for i := range 2 {
		worker := open(p, gonng.NewPull0, fmt.Sprintf("worker %d", i), gonng.WithDial("inproc://jobs"))
		if i == 0 {
			p.busy.Go(func() {
				for range worker.All(ctx) {
				}
			})
		} // the other one receives nothing
	}
	p.keep(50*time.Millisecond, func(int) { jobs.TrySend(make([]byte, 1500)) })

	p.bus = open(p, gonng.NewBus0, "<script>alert('bus')</script>", gonng.WithListen(anyPort))
	open(p, gonng.NewPair1, "backup link", gonng.WithDial("tcp://127.0.0.1:1", gonng.WithDialMode(gonng.DialBackground)),
		gonng.WithReconnectTime(2*time.Second, 0))

	t.Cleanup(func() { cancel(); p.busy.Wait() }) // runs first
	return p
}

// subscribeSlowly connects a subscriber to prices that reads nothing, and publishes until
// messages for it have been dropped. It returns how many.
func (p *program) subscribeSlowly() uint64 {
	p.still.Store(true)
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.prices.ListenURL(), "tcp://"))
	check(p.t, err)
	p.t.Cleanup(func() { conn.Close() })
	hello := []byte{0, 'S', 'P', 0, 0, byte(gonng.ProtocolSub0), 0, 0}
	_, err = conn.Write(hello)
	check(p.t, err)
	_, err = io.ReadFull(conn, hello)
	check(p.t, err)
	p.slow = conn
	gonngtest.Eventually(p.t, func() bool {
		check(p.t, p.prices.Send(p.ctx, make([]byte, 100<<10)))
		return p.prices.Stats().DroppedFull > 20
	}, "drops")
	return p.prices.Pipes()[2].Stats().DroppedFull // after the pipes of the others
}

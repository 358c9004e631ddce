package natsbridge_test

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/contrib/natsbridge"
	"github.com/gonng/gonng/contrib/natsbridge/internal/natstest"
	"github.com/gonng/gonng/gonngtest"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a NATS server in this process, and a client of it.
type world struct {
	*testing.T
	ctx    context.Context
	server *server.Server
	nc     *nats.Conn
	js     jetstream.JetStream
}

func newWorld(t *testing.T) *world {
	t.Helper()
	gonngtest.NoLeaks(t)
	s := natstest.Start(t, server.Options{JetStream: true, StoreDir: t.TempDir()})
	w := &world{T: t, ctx: gonngtest.Context(t, gonngtest.Timeout), server: s}
	var err error
	w.nc, err = nats.Connect(s.ClientURL())
	check(t, err)
	t.Cleanup(w.nc.Close)
	w.js, err = jetstream.New(w.nc)
	check(t, err)
	return w
}

func (w *world) stream(name string, subjects ...string) jetstream.Stream {
	w.Helper()
	s, err := w.js.CreateStream(w.ctx, jetstream.StreamConfig{Name: name, Subjects: subjects})
	check(w.T, err)
	return s
}

// logger logs to the test.
func (w *world) logger() *slog.Logger { return slog.New(slog.NewTextHandler(w.Output(), nil)) }

// bridge runs b, and stops it when the test ends. url is where it listens.
func (w *world) bridge(b natsbridge.Bridge) (url string, stop func() error) {
	w.Helper()
	if b.Servers == "" {
		b.Servers = w.server.ClientURL()
	}
	if b.Logger == nil {
		b.Logger = w.logger()
	}
	ready, ended := make(chan []string, 1), make(chan error, 1)
	b.Ready = func(urls []string) { ready <- urls }
	ctx, cancel := context.WithCancel(context.Background())
	go func() { ended <- b.Run(ctx) }()
	var err error
	stopped := false
	stop = func() error {
		if !stopped {
			stopped = true
			cancel()
			err = <-ended
		}
		return err
	}
	w.Cleanup(func() {
		if err := stop(); err != nil {
			w.Errorf("the bridge ended with %v", err)
		}
	})
	select {
	case urls := <-ready:
		if len(urls) > 0 {
			url = urls[0]
		}
	case err := <-ended:
		ended <- err
		w.Fatalf("the bridge ended: %v", err)
	case <-w.ctx.Done():
		w.Fatal("the bridge does not get ready")
	}
	return url, stop
}

func (w *world) req(url string) *gonng.Req0 {
	w.Helper()
	s, err := gonng.NewReq0(gonng.WithDial(url))
	check(w.T, err)
	w.Cleanup(func() { s.Close() })
	return s
}

// worker answers requests with h until the test ends.
func (w *world) worker(h gonng.Handler, opts ...gonng.ServeOption) (url string) {
	w.Helper()
	s, err := gonng.NewRep0(gonng.WithListen("tcp://127.0.0.1:0"), gonng.WithLinger(0))
	check(w.T, err)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(context.Background(), h, opts...) }()
	w.Cleanup(func() {
		s.Close()
		check(w.T, <-ended)
	})
	return s.ListenURL()
}

// next is the next message of a stream, for a consumer of the test's own.
func (w *world) next(c jetstream.Consumer) jetstream.Msg {
	w.Helper()
	m, err := c.Next(jetstream.FetchMaxWait(gonngtest.Timeout))
	check(w.T, err)
	check(w.T, m.Ack())
	return m
}

func (w *world) consumer(s jetstream.Stream) jetstream.Consumer {
	w.Helper()
	c, err := s.CreateConsumer(w.ctx, jetstream.ConsumerConfig{AckPolicy: jetstream.AckExplicitPolicy})
	check(w.T, err)
	return c
}

// until waits for a state that others bring about, and gives no event for.
func (w *world) until(what string, ok func() bool) {
	w.Helper()
	gonngtest.Eventually(w.T, ok, what)
}

// restart starts the server again, where it was.
func (w *world) restart(address, dir string) {
	w.Helper()
	_, port, err := net.SplitHostPort(address)
	check(w.T, err)
	n, err := strconv.Atoi(port)
	check(w.T, err)
	natstest.Start(w.T, server.Options{Port: n, JetStream: true, StoreDir: filepath.Dir(dir)})
}

// acknowledged waits until the first n messages are acknowledged to D: the server takes in
// what a bridge has sent it before it ended, but later.
func (w *world) acknowledged(s jetstream.Stream, n uint64) {
	w.Helper()
	w.until("all are acknowledged", func() bool {
		c, err := s.Consumer(w.ctx, "D")
		check(w.T, err)
		return c.CachedInfo().AckFloor.Stream == n
	})
}

package natsbridge_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/contrib/natsbridge"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/rpc"
)

var local = []string{"tcp://127.0.0.1:0"}

// TestStoreRequests: a reply means that the request is stored, for those who speak rpc, too,
// and an ID that the sender sets lets the stream drop what comes twice.
func TestStoreRequests(t *testing.T) {
	w := newWorld(t)
	s := w.stream("JOBS", "jobs")
	url, _ := w.bridge(natsbridge.Bridge{Protocol: gonng.ProtocolRep0, Listen: local, Stream: "JOBS", Headers: true})
	req := w.req(url)
	ask := func(body string) (answer struct {
		Stream    string
		Seq       uint64
		Duplicate bool
	}) {
		t.Helper()
		reply, err := req.Request(w.ctx, []byte(body))
		check(t, err)
		check(t, json.Unmarshal(reply, &answer))
		return answer
	}
	if a := ask("first"); a.Stream != "JOBS" || a.Seq != 1 || a.Duplicate {
		t.Errorf("the reply is %+v", a)
	}
	const header = "NATS/1.0\r\nNats-Msg-Id: 7\r\nColor: red\r\n\r\n"
	if a := ask(header + "second"); a.Seq != 2 || a.Duplicate {
		t.Errorf("the reply is %+v", a)
	}
	if a := ask(header + "second"); a.Seq != 2 || !a.Duplicate {
		t.Errorf("the reply to what was sent twice is %+v", a)
	}
	c := rpc.NewClient(req)
	for range 2 {
		var h rpc.Header
		_, err := rpc.Call[any](w.ctx, c, "work", "third", rpc.WithHeader("nats-msg-id", "8"), rpc.ReplyHeader(&h))
		check(t, err)
		if h["Nats-Stream"] != "JOBS" || h["Nats-Sequence"] != "3" {
			t.Errorf("the header of the reply is %v", h)
		}
	}
	all := w.consumer(s)
	if m := w.next(all); string(m.Data()) != "first" || len(m.Headers()) > 0 {
		t.Errorf("stored is %q %v", m.Data(), m.Headers())
	}
	if m := w.next(all); string(m.Data()) != "second" || m.Headers().Get("Color") != "red" {
		t.Errorf("stored is %q %v", m.Data(), m.Headers())
	}
	if m := w.next(all); !strings.Contains(string(m.Data()), `"third"`) {
		t.Errorf("stored is %q", m.Data())
	}
}

// TestStoreFails: what the stream refuses is no reply, or an error for those who speak rpc.
func TestStoreFails(t *testing.T) {
	w := newWorld(t)
	_, err := w.js.CreateStream(w.ctx, jetstream.StreamConfig{Name: "JOBS", Subjects: []string{"jobs"}, MaxMsgSize: 200})
	check(t, err)
	url, _ := w.bridge(natsbridge.Bridge{Protocol: gonng.ProtocolRep0, Listen: local, Stream: "JOBS"})
	req := w.req(url)
	large := strings.Repeat("x", 300)
	_, err = rpc.Call[any](w.ctx, rpc.NewClient(req), "work", large)
	if e, ok := errors.AsType[*rpc.Error](err); !ok || e.Code != rpc.CodeFailedPrecondition {
		t.Errorf("a call of what is too large for the stream: %v", err)
	}
	// Nothing comes back for the first, and so what comes back is for the second.
	first, err := req.NewContext()
	check(t, err)
	check(t, first.Send(w.ctx, []byte(large)))
	_, err = req.Request(w.ctx, []byte("small"))
	check(t, err)
	if b, err := first.TryRecv(); !errors.Is(err, gonng.ErrTryAgain) {
		t.Errorf("the reply to what is not stored is %q, %v", b, err)
	}
}

// TestHandOutInOrder: one worker gets all of the stream in its order, though many are in
// flight, and with their headers if asked.
func TestHandOutInOrder(t *testing.T) {
	w := newWorld(t)
	s := w.stream("JOBS", "jobs.*")
	const n = 500
	var want, got []string
	for i := range n {
		want = append(want, fmt.Sprintf("NATS/1.0\r\nN: %d\r\n\r\njob %d", i, i))
		_, err := w.js.PublishMsg(w.ctx, &nats.Msg{Subject: "jobs.a", Header: nats.Header{"N": {fmt.Sprint(i)}}, Data: fmt.Appendf(nil, "job %d", i)})
		check(t, err)
	}
	done := make(chan struct{})
	url := w.worker(func(_ context.Context, q *gonng.Message) ([]byte, error) {
		got = append(got, string(q.Bytes()))
		if len(got) == n {
			close(done)
		}
		return nil, nil
	})
	_, stop := w.bridge(natsbridge.Bridge{Protocol: gonng.ProtocolReq0, Dial: []string{url}, Stream: "JOBS", Durable: "D", Headers: true})
	<-done
	check(t, stop())
	if !slices.Equal(got, want) {
		t.Errorf("the worker got %q", got)
	}
	w.acknowledged(s, n)
}

// TestFailingMessage: a message that always fails does not stop the others, and ends where
// the dead go, with its reason.
func TestFailingMessage(t *testing.T) {
	for _, kind := range []string{"rpc error", "timeout"} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t)
			w.stream("JOBS", "jobs")
			dead := w.stream("DEAD", "dead")
			const bad = 3
			var mu sync.Mutex
			worked := make(map[int]int)
			server := rpc.NewServer()
			others := make(chan struct{}, 100)
			rpc.Handle(server, "work", func(ctx context.Context, n int) (bool, error) {
				mu.Lock()
				worked[n]++
				mu.Unlock()
				if n != bad {
					others <- struct{}{}
					return true, nil
				}
				return false, rpc.Errorf(rpc.CodeNotFound, "no such\nthing")
			})
			h := server.Serve
			if kind == "timeout" {
				h = func(ctx context.Context, q *gonng.Message) ([]byte, error) {
					b, err := server.Serve(ctx, q)
					if strings.Contains(string(b), "thing") {
						return nil, errors.New("it says nothing") // and so there is no reply
					}
					return b, err
				}
			}
			workers := w.worker(h, gonng.WithConcurrency(4))
			in, _ := w.bridge(natsbridge.Bridge{Protocol: gonng.ProtocolRep0, Listen: local, Stream: "JOBS"})
			c := rpc.NewClient(w.req(in))
			for i := range 10 {
				_, err := rpc.Call[any](w.ctx, c, "work", i)
				check(t, err)
			}
			_, stop := w.bridge(natsbridge.Bridge{
				Protocol: gonng.ProtocolReq0, Dial: []string{workers}, Stream: "JOBS", Durable: "D",
				MaxDeliver: 3, Dead: "dead", Pause: time.Millisecond, Timeout: 300 * time.Millisecond, InFlight: 2,
			})
			m := w.next(w.consumer(dead))
			for range 9 {
				<-others
			}
			check(t, stop())
			want := map[string]string{
				"Gonng-Dead-Reason": "NotFound: no such thing", "Gonng-Dead-Stream": "JOBS", "Gonng-Dead-Subject": "jobs",
				"Gonng-Dead-Sequence": "4", "Gonng-Dead-Deliveries": "3",
			}
			if kind == "timeout" {
				want["Gonng-Dead-Reason"] = "no reply within 300ms"
			}
			for k, v := range want {
				if got := m.Headers().Get(k); got != v {
					t.Errorf("%s is %q, want %q", k, got, v)
				}
			}
			if !strings.HasSuffix(string(m.Data()), "3") {
				t.Errorf("dead is %q", m.Data())
			}
			for n, times := range worked {
				if want := map[bool]int{true: 3, false: 1}[n == bad]; times < want {
					t.Errorf("%d was worked %d times, want %d", n, times, want)
				}
			}
		})
	}
}

// TestNoWorker: while no worker is connected nothing is taken, and so nothing fails.
func TestNoWorker(t *testing.T) {
	w := newWorld(t)
	s := w.stream("JOBS", "jobs")
	_, err := w.js.Publish(w.ctx, "jobs", []byte("job"))
	check(t, err)
	url, stop := w.bridge(natsbridge.Bridge{Protocol: gonng.ProtocolReq0, Listen: local, Stream: "JOBS", Durable: "D", Timeout: time.Millisecond})
	c, err := s.Consumer(w.ctx, "D")
	check(t, err)
	if n := c.CachedInfo().NumAckPending; n > 0 {
		t.Errorf("%d messages are taken, though there is no worker", n)
	}
	rep, err := gonng.NewRep0(gonng.WithDial(url))
	check(t, err)
	defer rep.Close()
	if b, err := rep.Recv(w.ctx); err != nil || string(b) != "job" {
		t.Errorf("received %q, %v", b, err)
	}
	check(t, stop()) // before rep is closed: the job, which comes again and again, may be on its way
}

// TestPullAndPush: through the stream and out again, in order.
func TestPullAndPush(t *testing.T) {
	w := newWorld(t)
	w.stream("LOG", "log.all")
	in, stop := w.bridge(natsbridge.Bridge{Protocol: gonng.ProtocolPull0, Listen: local, Stream: "LOG", InFlight: 8})
	out, _ := w.bridge(natsbridge.Bridge{Protocol: gonng.ProtocolPush0, Listen: local, Stream: "LOG", InFlight: 8})
	push, err := gonng.NewPush0(gonng.WithDial(in))
	check(t, err)
	defer push.Close()
	pull, err := gonng.NewPull0(gonng.WithDial(out))
	check(t, err)
	defer pull.Close()
	const n = 300
	go func() {
		for i := range n {
			_ = push.Send(w.ctx, fmt.Appendf(nil, "line %d", i))
		}
	}()
	for i := range n {
		if b, err := pull.Recv(w.ctx); err != nil || string(b) != fmt.Sprintf("line %d", i) {
			t.Fatalf("number %d is %q, %v", i, b, err)
		}
	}
	check(t, stop())
}

// TestTopics: a topic becomes a subject and a topic again.
func TestTopics(t *testing.T) {
	w := newWorld(t)
	pub, err := gonng.NewPub0(gonng.WithListen(local[0]))
	check(t, err)
	defer pub.Close()
	topics := []string{"weather.de", "weather", "a b", "*"}
	w.bridge(natsbridge.Bridge{Protocol: gonng.ProtocolSub0, Dial: []string{pub.ListenURL()}, Subject: "sp", Topics: topics})
	out, _ := w.bridge(natsbridge.Bridge{Protocol: gonng.ProtocolPub0, Listen: local, Subject: "sp"})
	between, err := w.nc.SubscribeSync("sp.>")
	check(t, err)
	check(t, w.nc.Flush())
	sub, err := gonng.NewSub0(gonng.WithDial(out), gonng.WithTopics(""))
	check(t, err)
	defer sub.Close()
	check(t, pub.WaitPeers(w.ctx, 1))
	w.until("the subscriber gets what NATS has", func() bool {
		check(t, w.nc.Publish("sp", []byte("ready")))
		_, err := sub.TryRecv()
		return err == nil
	})
	recv := func() (b []byte, err error) {
		for b = []byte("ready"); err == nil && string(b) == "ready"; {
			b, err = sub.Recv(w.ctx)
		}
		return b, err
	}
	for body, want := range map[string][2]string{
		"weather.de: rain": {"sp.weather.de", ": rain"},
		"weather: sun":     {"sp.weather", ": sun"},
		"a b\x00c":         {"sp.a%20b", "\x00c"},
		"*":                {"sp.%2A", ""},
	} {
		check(t, pub.Send(w.ctx, []byte(body)))
		m, err := between.NextMsgWithContext(w.ctx)
		check(t, err)
		if m.Subject != want[0] || string(m.Data) != want[1] {
			t.Errorf("%q becomes %q on %s", body, m.Data, m.Subject)
		}
		if b, err := recv(); err != nil || string(b) != body {
			t.Errorf("%q comes back as %q, %v", body, b, err)
		}
	}
	check(t, w.nc.Publish("sp", []byte("no topic")))
	if b, err := recv(); err != nil || string(b) != "no topic" {
		t.Errorf("what has no topic arrives as %q, %v", b, err)
	}
}

// TestRequests: requests across the border, both ways, and what comes when nobody answers.
func TestRequests(t *testing.T) {
	w := newWorld(t)
	in, _ := w.bridge(natsbridge.Bridge{Protocol: gonng.ProtocolRep0, Listen: local, Subject: "ask", Timeout: time.Second})
	req := w.req(in)
	c := rpc.NewClient(req)
	unavailable := func(want string) {
		t.Helper()
		_, err := rpc.Call[string](w.ctx, c, "greet", "Ada")
		if e, ok := errors.AsType[*rpc.Error](err); !ok || e.Code != rpc.CodeUnavailable || !strings.Contains(e.Message, want) {
			t.Errorf("the call ends with %v, want Unavailable, %s", err, want)
		}
	}
	unavailable("nobody answers the subject ask")

	out, _ := w.bridge(natsbridge.Bridge{Protocol: gonng.ProtocolReq0, Listen: local, Subject: "ask"})
	unavailable("no worker is connected")
	m, err := w.nc.RequestWithContext(w.ctx, "ask", nil)
	check(t, err)
	if m.Header.Get("Nats-Service-Error-Code") != "503" {
		t.Errorf("without a worker the reply has the header %v", m.Header)
	}

	server := rpc.NewServer()
	rpc.Handle(server, "greet", func(_ context.Context, name string) (string, error) { return "hello " + name, nil })
	rep, err := gonng.NewRep0(gonng.WithDial(out))
	check(t, err)
	ended := make(chan error, 1)
	go func() { ended <- rep.Serve(context.Background(), server.Serve) }()
	defer func() {
		rep.Close()
		check(t, <-ended)
	}()
	w.until("a worker is connected", func() bool {
		m, err := w.nc.RequestWithContext(w.ctx, "ask", []byte("plain"))
		return err == nil && m.Header.Get("Nats-Service-Error-Code") == ""
	})
	if got, err := rpc.Call[string](w.ctx, c, "greet", "Ada"); err != nil || got != "hello Ada" {
		t.Errorf("the call returns %q, %v", got, err)
	}
}

// TestServerRestarts: what is asked while the server is away is stored when it is back.
func TestServerRestarts(t *testing.T) {
	w := newWorld(t)
	s := w.stream("JOBS", "jobs")
	url, stop := w.bridge(natsbridge.Bridge{Protocol: gonng.ProtocolRep0, Listen: local, Stream: "JOBS"})
	req := w.req(url)
	_, err := req.Request(w.ctx, []byte("before"))
	check(t, err)
	port, dir := w.server.Addr().String(), w.server.StoreDir()
	w.server.Shutdown()
	w.server.WaitForShutdown()
	asked := make(chan error, 1)
	go func() {
		_, err := req.Request(w.ctx, []byte("while"))
		asked <- err
	}()
	w.restart(port, dir)
	check(t, <-asked)
	w.until("the client is connected again", func() bool { return w.nc.IsConnected() })
	all := w.consumer(s)
	if m := w.next(all); string(m.Data()) != "before" {
		t.Errorf("stored is %q", m.Data())
	}
	if m := w.next(all); string(m.Data()) != "while" {
		t.Errorf("stored is %q", m.Data())
	}
	check(t, stop()) // while the server is there
}

// TestGracefulStop: a bridge that is stopped acknowledges what a worker still does.
func TestGracefulStop(t *testing.T) {
	w := newWorld(t)
	s := w.stream("JOBS", "jobs")
	_, err := w.js.Publish(w.ctx, "jobs", []byte("job"))
	check(t, err)
	working, proceed := make(chan struct{}), make(chan struct{})
	url := w.worker(func(context.Context, *gonng.Message) ([]byte, error) {
		close(working)
		<-proceed
		return nil, nil
	})
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- natsbridge.Bridge{
			Protocol: gonng.ProtocolReq0, Dial: []string{url}, Servers: w.server.ClientURL(), Stream: "JOBS", Durable: "D",
			Grace: gonngtest.Timeout, Logger: w.logger(),
		}.Run(ctx)
	}()
	<-working
	cancel()
	close(proceed)
	check(t, <-ended)
	w.acknowledged(s, 1)
}

// TestRefused: bridges that cannot be say why.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	w.stream("JOBS", "jobs.*")
	w.stream("OTHER", "other")
	for want, b := range map[string]natsbridge.Bridge{
		"there is no bridge for":                 {Protocol: gonng.ProtocolBus0},
		"has no URL":                             {Protocol: gonng.ProtocolRep0, Subject: "x"},
		"pull needs a stream":                    {Protocol: gonng.ProtocolPull0, Listen: local, Subject: "x"},
		"not with a stream":                      {Protocol: gonng.ProtocolSub0, Listen: local, Stream: "JOBS"},
		"neither a stream nor a subject":         {Protocol: gonng.ProtocolSub0, Listen: local},
		"need a durable consumer":                {Protocol: gonng.ProtocolReq0, Listen: local, Stream: "JOBS"},
		"go together":                            {Protocol: gonng.ProtocolReq0, Listen: local, Stream: "JOBS", Durable: "D", MaxDeliver: 3},
		"has a wildcard":                         {Protocol: gonng.ProtocolRep0, Listen: local, Subject: "x.*"},
		"is no subject":                          {Protocol: gonng.ProtocolRep0, Listen: local, Subject: "x..y"},
		"stream not found":                       {Protocol: gonng.ProtocolRep0, Listen: local, Stream: "NONE", Subject: "x"},
		"has not one subject only":               {Protocol: gonng.ProtocolRep0, Listen: local, Stream: "JOBS"},
		"no stream stores the subject x":         {Protocol: gonng.ProtocolRep0, Listen: local, Stream: "JOBS", Subject: "x"},
		"stored in the stream OTHER, not JOBS":   {Protocol: gonng.ProtocolRep0, Listen: local, Stream: "JOBS", Subject: "other"},
		"no stream stores the subject the.dead:": {Protocol: gonng.ProtocolReq0, Listen: local, Stream: "JOBS", Durable: "D", MaxDeliver: 3, Dead: "the.dead"},
		"tcp://nowhere":                          {Protocol: gonng.ProtocolRep0, Listen: []string{"tcp://nowhere"}, Subject: "x"},
	} {
		b.Servers, b.Logger = w.server.ClientURL(), w.logger()
		if err := b.Run(w.ctx); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// TestStopWithMessagesLeft: a bridge that is stopped, and cannot push what the stream was told
// is done, says so.
func TestStopWithMessagesLeft(t *testing.T) {
	w := newWorld(t)
	w.stream("LOG", "log")
	const n = 100
	for range n {
		_, err := w.js.Publish(w.ctx, "log", []byte("line"))
		check(t, err)
	}
	pull, err := gonng.NewPull0(gonng.WithListen("inproc://"+t.Name()), gonng.WithRecvBuffer(1))
	check(t, err)
	defer pull.Close()
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- natsbridge.Bridge{
			Protocol: gonng.ProtocolPush0, Dial: []string{"inproc://" + t.Name()}, Servers: w.server.ClientURL(), Stream: "LOG",
			SocketOptions: []gonng.SocketOption{gonng.WithSendBuffer(n)}, Grace: 50 * time.Millisecond, Logger: w.logger(),
		}.Run(ctx)
	}()
	w.until("all but what the puller takes waits in the bridge", func() bool { return bridgeStats().Sent == n && pull.Stats().RecvQueue > 0 })
	cancel()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "were not sent in time") {
		t.Errorf("the bridge ends with %v", err)
	}
}

// bridgeStats are the counters of the socket of the bridge.
func bridgeStats() (st gonng.Stats) {
	for _, s := range gonng.Sockets() {
		if s.Name() == "bridge" {
			st = s.Stats()
		}
	}
	return st
}

// TestConsumerDeleted: a bridge makes its consumer again when somebody deletes it, and a
// consumer of its own goes with it.
func TestConsumerDeleted(t *testing.T) {
	for _, durable := range []string{"D", ""} {
		t.Run("durable "+durable, func(t *testing.T) {
			w := newWorld(t)
			s := w.stream("LOG", "log")
			out, stop := w.bridge(natsbridge.Bridge{Protocol: gonng.ProtocolPush0, Listen: local, Stream: "LOG", Durable: durable})
			pull, err := gonng.NewPull0(gonng.WithDial(out))
			check(t, err)
			defer pull.Close()
			names := func() (all []string) {
				list := s.ConsumerNames(w.ctx)
				for name := range list.Name() {
					all = append(all, name)
				}
				check(t, list.Err())
				return all
			}
			for _, name := range names() {
				check(t, s.DeleteConsumer(w.ctx, name))
			}
			w.until("there is a consumer again", func() bool { return len(names()) == 1 })
			_, err = w.js.Publish(w.ctx, "log", []byte("line"))
			check(t, err)
			if b, err := pull.Recv(w.ctx); err != nil || string(b) != "line" {
				t.Errorf("received %q, %v", b, err)
			}
			check(t, stop())
			want := 0
			if durable != "" {
				want = 1
			}
			if left := names(); len(left) != want {
				t.Errorf("after the bridge the stream has the consumers %q, want %d", left, want)
			}
		})
	}
}

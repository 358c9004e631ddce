package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// The rows of the table of docs/bridge.md: what happens when a process is killed at a step.

// ask sends a request, and reports later.
func (w *world) ask(req *gonng.Req0, body string) <-chan error {
	asked := make(chan error, 1)
	go func() {
		_, err := req.Request(w.ctx, []byte(body))
		asked <- err
	}()
	return asked
}

// TestKilledBeforeStoring: the bridge dies with a request that it has not stored. The
// requester was told nothing, and asks again.
func TestKilledBeforeStoring(t *testing.T) {
	w := newWorld(t, gonngtest.Timeout)
	p := newProxy(t, w.nats.url)
	in := w.in(p.url)
	p.toServer.Lock()
	req := w.req(in.url)
	asked := w.ask(req, "job")
	w.until("the request is on its way", func() bool { return req.Stats().Sent == 1 && len(req.Pipes()) == 1 })
	in.kill()
	p.cut(&p.toServer)
	if n := w.stored(); n != 0 {
		t.Fatalf("%d messages are stored", n)
	}
	in.start(true)
	check(t, <-asked)
	if n := w.stored(); n != 1 {
		t.Errorf("%d messages are stored, want 1", n)
	}
}

// TestKilledBetweenStoringAndReply: the message is stored, the requester does not know, and
// asks again: it is stored twice, or once when the requester has given it an ID.
func TestKilledBetweenStoringAndReply(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want uint64
	}{
		"without ID": {"job", 2},
		"with ID":    {"NATS/1.0\r\nNats-Msg-Id: 1\r\n\r\njob", 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, gonngtest.Timeout)
			p := newProxy(t, w.nats.url)
			in := w.in(p.url, "--headers")
			p.fromServer.Lock()
			asked := w.ask(w.req(in.url), test.body)
			w.until("the message is stored", func() bool { return w.stored() == 1 })
			in.kill()
			p.cut(&p.fromServer)
			in.start(true)
			check(t, <-asked)
			if n := w.stored(); n != test.want {
				t.Errorf("%d messages are stored, want %d", n, test.want)
			}
		})
	}
}

// TestServerKilledBeforeStoring: the request waits in the bridge, and is stored when the
// server is back.
func TestServerKilledBeforeStoring(t *testing.T) {
	w := newWorld(t, gonngtest.Timeout)
	in := w.in(w.nats.url)
	w.nats.kill()
	asked := w.ask(w.req(in.url), "job")
	w.nats.start(true)
	check(t, <-asked)
	w.until("the client is connected again", w.nc.IsConnected)
	if n := w.stored(); n < 1 { // each attempt may have stored it
		t.Errorf("%d messages are stored, want one at least", n)
	}
}

// TestServerKilledAfterStoring: the bridge, which got no acknowledgement, stores the message
// again. What the server had stored when it died is there, too, if it had written it.
func TestServerKilledAfterStoring(t *testing.T) {
	w := newWorld(t, gonngtest.Timeout)
	p := newProxy(t, w.nats.url)
	in := w.in(p.url)
	p.fromServer.Lock()
	asked := w.ask(w.req(in.url), "job")
	w.until("the message is stored", func() bool { return w.stored() == 1 })
	w.nats.kill()
	w.nats.start(true)
	p.cut(&p.fromServer)
	check(t, <-asked)
	w.until("the client is connected again", w.nc.IsConnected)
	if n := w.stored(); n < 1 { // each attempt may have stored it
		t.Errorf("%d messages are stored, want one at least", n)
	}
}

// held is a worker in the test, which replies when the test says so.
type held struct {
	*gonng.Rep0
	url string
}

func (w *world) held() held {
	w.Helper()
	s, err := gonng.NewRep0(gonng.WithListen(tcp(w.T)))
	check(w.T, err)
	w.Cleanup(func() { s.Close() })
	return held{s, s.ListenURL()}
}

func (w *world) publish(body string) {
	w.Helper()
	_, err := w.js.Publish(w.ctx, "jobs", []byte(body))
	check(w.T, err)
}

// gets receives a request.
func (w *world) gets(s held, want string) {
	w.Helper()
	if b, err := s.Recv(w.ctx); err != nil || string(b) != want {
		w.Fatalf("the worker gets %q, %v, want %q", b, err, want)
	}
}

// works receives the only job and replies, which acknowledges it.
func (w *world) works(s held) {
	w.Helper()
	w.gets(s, "job")
	check(w.T, s.Send(w.ctx, nil))
	w.until("it is acknowledged", func() bool { return w.acknowledged() == 1 })
}

// TestKilledBeforeReply: the bridge dies while a worker works. The message is delivered again
// after the time of --ack-wait, and worked twice.
func TestKilledBeforeReply(t *testing.T) {
	w := newWorld(t, gonngtest.Timeout)
	s := w.held()
	w.publish("job")
	out := w.out(w.nats.url, s.url)
	w.gets(s, "job")
	out.kill()
	check(t, s.Send(w.ctx, nil)) // to nobody
	out.start(false)
	w.works(s)
}

// TestKilledBeforeAcknowledgement: the worker has replied, and the bridge dies before the
// stream knows. The message is worked twice.
func TestKilledBeforeAcknowledgement(t *testing.T) {
	w := newWorld(t, gonngtest.Timeout)
	p := newProxy(t, w.nats.url)
	s := w.held()
	w.publish("job")
	out := w.out(p.url, s.url)
	w.gets(s, "job")
	p.toServer.Lock()
	check(t, s.Send(w.ctx, nil))
	w.until("the reply has left", func() bool { st := s.Stats(); return st.Sent == 1 && st.SendQueue == 0 })
	out.kill()
	p.cut(&p.toServer)
	out.start(false)
	w.works(s)
}

// TestServerKilledBeforeAcknowledgement: the server dies while a worker works. What the
// bridge then acknowledges counts, or the message is worked twice; it is not lost.
func TestServerKilledBeforeAcknowledgement(t *testing.T) {
	w := newWorld(t, gonngtest.Timeout)
	s := w.held()
	w.publish("job")
	w.out(w.nats.url, s.url)
	w.gets(s, "job")
	w.nats.kill()
	check(t, s.Send(w.ctx, nil))
	w.nats.start(true)
	again := make(chan error, 1)
	ctx, cancel := context.WithCancel(w.ctx)
	go func() {
		b, err := s.Recv(ctx)
		if err == nil && string(b) == "job" {
			err = s.Send(ctx, nil)
		}
		again <- err
	}()
	w.until("it is acknowledged", func() bool { return w.acknowledged() == 1 })
	cancel()
	if err := <-again; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestWorkerKilled: the worker dies at work. The bridge asks another one at once, or the same
// when it is back.
func TestWorkerKilled(t *testing.T) {
	w := newWorld(t, gonngtest.Timeout)
	first := w.held()
	w.publish("job")
	w.out(w.nats.url, first.url)
	w.gets(first, "job")
	check(t, first.Close()) // a connection that breaks, as when it is killed
	again, err := gonng.NewRep0(gonng.WithListen(first.url))
	check(t, err)
	t.Cleanup(func() { again.Close() })
	w.works(held{again, first.url})
}

// TestRequesterKilled: what a requester asked that died is stored nevertheless.
func TestRequesterKilled(t *testing.T) {
	w := newWorld(t, gonngtest.Timeout)
	p := newProxy(t, w.nats.url)
	in := w.in(p.url)
	p.toServer.Lock()
	req := w.req(in.url)
	asked := w.ask(req, "job")
	w.until("the request is sent", func() bool { return req.Stats().Sent == 1 && len(req.Pipes()) == 1 })
	check(t, req.Close())
	if err := <-asked; !errors.Is(err, gonng.ErrClosed) {
		t.Errorf("the request ends with %v", err)
	}
	p.toServer.Unlock()
	w.until("the message is stored", func() bool { return w.stored() == 1 })
}

// TestDeadCannotBeStored: while no stream stores the dead, a message that fails is not lost.
func TestDeadCannotBeStored(t *testing.T) {
	w := newWorld(t, gonngtest.Timeout)
	dead, err := w.js.CreateStream(w.ctx, jetstream.StreamConfig{Name: "DEAD", Subjects: []string{"dead"}})
	check(t, err)
	s := w.held()
	out := w.out(w.nats.url, s.url)
	out.kill()
	out.args = append(out.args, "--max-deliver", "1", "--dead", "dead")
	out.args = append(out.args, "--timeout", "1s")
	out.start(false)
	w.until("the bridge is connected", func() bool { return len(s.Pipes()) == 1 })
	check(t, w.js.DeleteStream(w.ctx, "DEAD"))
	w.publish("job")
	w.gets(s, "job")
	failure := []byte("\xf5gonng!\x01\x05\x00\x00\x02\x00\x00\x00\x00no") // NotFound: no
	check(t, s.Send(w.ctx, failure))
	w.gets(s, "job") // again
	_, err = w.js.CreateStream(w.ctx, dead.CachedInfo().Config)
	check(t, err)
	check(t, s.Send(w.ctx, failure))
	w.until("it is acknowledged", func() bool { return w.acknowledged() == 1 })
	m, err := w.js.Stream(w.ctx, "DEAD")
	check(t, err)
	raw, err := m.GetMsg(w.ctx, 1)
	check(t, err)
	if got := raw.Header.Get("Gonng-Dead-Reason"); !strings.Contains(got, "NotFound: no") {
		t.Errorf("the reason is %q", got)
	}
}

package main

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// natsContestant is nats.go and its server: publish and subscribe for a
// stream, request and reply. The server is a process of its own, and over
// inproc embedded in the one of both ends.
type natsContestant struct {
	inThisProgram
	once     sync.Once
	embedded *server.Server
	err      error
}

func (*natsContestant) Name() string { return "nats" }

// Supports leaves out topics that are prefixes: those of nats are words. A
// million of them take it longer than a run should.
func (*natsContestant) Supports(r row) bool {
	if r.lengths > 0 {
		return r.lengths == 1 && r.n <= 10_000
	}
	return r.transport == "tcp" || r.transport == "inproc"
}

// Brokered leaves out idle connections: there the server is what is measured.
func (*natsContestant) Brokered(r row) bool {
	return r.transport == "tcp" && r.pattern.listen != "hold"
}

func (c *natsContestant) Open(j job) (end, error) {
	if j.role() == "server" {
		return openNATSServer()
	}
	opts := []nats.Option{nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})}
	if isInproc(j.url) || j.role() == "hold" {
		c.once.Do(func() { c.embedded, c.err = startNATS(isInproc(j.url)) })
		if c.err != nil {
			return nil, c.err
		}
		opts = append(opts, nats.InProcessServer(c.embedded))
		if !isInproc(j.url) {
			j.url = natsURL(c.embedded)
		}
	}
	at := strings.LastIndexByte(j.url, '/')
	conn, err := nats.Connect(j.url[:at], opts...)
	if err != nil {
		return nil, err
	}
	e := &natsEnd{url: j.url, subject: j.url[at+1:], conn: conn}
	switch j.role() {
	case "push", "pub", "pump", "requests":
	case "announce":
		e.topical = true
	case "req":
		e.request = true
	case "publish":
		e.expected = j.peers
		if e.greetings, err = conn.SubscribeSync(e.greeting()); err != nil {
			return nil, err
		}
		err = conn.Flush()
	case "topics":
		return e, e.subscribe(j)
	default:
		if e.sub, err = conn.SubscribeSync(e.subject); err != nil {
			return nil, err
		}
		if err := conn.Flush(); err != nil { // the server knows
			return nil, err
		}
		if j.role() == "sub" {
			err = conn.Publish(e.greeting(), nil)
		}
	}
	return e, err
}

// A natsEnd publishes, or receives from a subscription, or requests: then
// Recv is what returns the answer to the body of Send.
type natsEnd struct {
	url     string
	subject string
	conn    *nats.Conn
	sub     *nats.Subscription
	last    *nats.Msg // may be answered
	request bool
	topical bool // a message begins with its topic
	body    []byte

	greetings *nats.Subscription // one of each subscriber of an audience
	expected  int

	queue chan *nats.Msg // of all topics
}

func (e *natsEnd) greeting() string { return e.subject + ".greeting" }

// subscribe takes all topics of the job, in one queue.
func (e *natsEnd) subscribe(j job) (err error) {
	e.queue = make(chan *nats.Msg, nats.DefaultSubPendingMsgsLimit)
	for i := range j.n {
		if _, err := e.conn.ChanSubscribe(e.subject+"."+j.topic(i), e.queue); err != nil {
			return err
		}
	}
	return e.conn.Flush()
}

func (e *natsEnd) URL() string { return e.url }

// Join waits for an audience. Others have nothing to do: what listens has
// subscribed before the other side learns of it.
func (e *natsEnd) Join(ctx context.Context) error {
	for range e.expected {
		if _, err := e.greetings.NextMsgWithContext(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (e *natsEnd) Send(body []byte) error {
	switch {
	case e.request:
		e.body = body
		return nil
	case e.last != nil:
		return e.last.Respond(body)
	case e.topical:
		return e.conn.Publish(e.subject+"."+string(body[:topicDigits]), body)
	}
	return e.conn.Publish(e.subject, body)
}

func (e *natsEnd) Recv() ([]byte, error) {
	if e.request {
		return e.Call(0, e.body)
	}
	if e.queue != nil {
		m, ok := <-e.queue
		if !ok {
			return nil, nats.ErrConnectionClosed
		}
		return m.Data, nil
	}
	m, err := e.sub.NextMsgWithContext(context.Background())
	for errors.Is(err, nats.ErrSlowConsumer) { // said once; the figures say how much is lost
		m, err = e.sub.NextMsgWithContext(context.Background())
	}
	if err != nil {
		return nil, err
	}
	e.last = m
	return m.Data, nil
}

// Call requests, from any goroutine.
func (e *natsEnd) Call(_ int, body []byte) ([]byte, error) {
	m, err := e.conn.RequestWithContext(context.Background(), e.subject, body)
	if err != nil {
		return nil, err
	}
	return m.Data, nil
}

func (e *natsEnd) Flush() error { return e.conn.Flush() }

func (e *natsEnd) Close() error {
	e.conn.Close()
	return nil
}

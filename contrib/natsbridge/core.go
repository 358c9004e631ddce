package natsbridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/rpc"
)

// group is the queue group of bridges that answer requests of NATS: one of them gets each.
const group = "gonng-bridge"

// The header of an answer that says that there is none, which is that of NATS's services.
const (
	serviceError     = "Nats-Service-Error"
	serviceErrorCode = "Nats-Service-Error-Code"
)

// publish publishes to NATS what the socket receives.
func (r *running) publish() error {
	sub := r.socket.(*gonng.Sub0)
	topics := r.Topics
	if len(topics) == 0 {
		topics = []string{""}
	}
	if err := sub.Subscribe(topics...); err != nil {
		return err
	}
	if err := r.start(); err != nil {
		return err
	}
	m := newSubjects(r.Subject, topics)
	return forEach(r.stop, sub, func(sp *gonng.Message) {
		subject, payload := m.subject(sp.Bytes())
		if err := r.conn.Publish(subject, payload); err != nil {
			r.lost.add(err)
		}
		sp.Free()
	})
}

// republish sends what NATS has on the subject, and below it, to the subscribers.
func (r *running) republish() error {
	pub := r.socket.(*gonng.Pub0)
	filters := []string{r.Subject}
	base := r.Subject
	if tokens := strings.Split(base, "."); slices.Contains(tokens, "*") || slices.Contains(tokens, ">") {
		base = strings.Join(tokens[:slices.IndexFunc(tokens, func(t string) bool { return t == "*" || t == ">" })], ".")
	} else {
		filters = append(filters, base+".>")
	}
	for _, f := range filters {
		sub, err := r.conn.Subscribe(f, func(m *nats.Msg) {
			topic, err := topicOf(base, m.Subject)
			if err != nil {
				r.lost.add(err)
				return
			}
			body := gonng.NewMessage(m.Data)
			if topic != "" {
				body = gonng.AllocMessage(len(topic) + len(m.Data))
				copy(body.Bytes()[copy(body.Bytes(), topic):], m.Data)
			}
			if err := pub.SendMsg(r.work, body); err != nil {
				r.lost.add(err)
			}
		})
		if err != nil {
			return err
		}
		ended := make(chan struct{})
		sub.SetClosedHandler(func(string) { close(ended) })
		defer func() {
			_ = sub.Drain() // what has come is still sent
			select {
			case <-ended:
			case <-r.work.Done():
			}
		}()
	}
	if err := r.subscribed(); err != nil {
		return err
	}
	if err := r.start(); err != nil {
		return err
	}
	<-r.stop.Done()
	return nil
}

// subscribed waits until the server knows of the subscriptions.
func (r *running) subscribed() error {
	return r.retry(r.stop, r.conn.FlushWithContext)
}

// ask makes requests of NATS from those of SP.
func (r *running) ask() error {
	if err := r.start(); err != nil {
		return err
	}
	return r.serve(func(ctx context.Context, q *gonng.Message) ([]byte, error) {
		reply, err := r.conn.RequestMsgWithContext(ctx, &nats.Msg{Subject: r.Subject, Data: q.Bytes()})
		if err == nil {
			if err = serviceFailure(reply); err == nil {
				return reply.Data, nil
			}
		}
		if !isRPC(q.Bytes()) {
			return nil, err
		}
		return answerRPC(context.WithoutCancel(ctx), q, func(context.Context) error {
			if errors.Is(err, nats.ErrNoResponders) {
				return rpc.Errorf(rpc.CodeUnavailable, "nobody answers the subject %s", r.Subject)
			}
			return rpcError(err)
		})
	})
}

// serviceFailure is the failure that a reply of NATS tells of; nil: of none.
func serviceFailure(m *nats.Msg) error {
	switch code := m.Header.Get(serviceErrorCode); code {
	case "":
		return nil
	case "504":
		return fmt.Errorf("%s: %w", m.Header.Get(serviceError), context.DeadlineExceeded)
	default:
		return fmt.Errorf("%s %s", code, m.Header.Get(serviceError))
	}
}

// answer answers requests of NATS with what workers of SP reply.
func (r *running) answer() error {
	req := r.socket.(*gonng.Req0)
	if err := req.Set(gonng.WithResendTime(2 * r.Timeout)); err != nil {
		return err
	}
	sub, err := r.conn.QueueSubscribeSync(r.Subject, group)
	if err != nil {
		return err
	}
	// The server has no way to wait: what is above the limit is dropped and logged.
	if err := sub.SetPendingLimits(16*r.InFlight, 64<<20); err != nil {
		return err
	}
	if err := r.subscribed(); err != nil {
		return err
	}
	if err := r.start(); err != nil {
		return err
	}
	slots := make(chan struct{}, r.InFlight)
	var working sync.WaitGroup
	defer working.Wait()
	defer sub.Unsubscribe()
	for {
		select {
		case slots <- struct{}{}:
		case <-r.stop.Done():
			return r.stop.Err()
		}
		m, err := sub.NextMsgWithContext(r.stop)
		if err != nil {
			<-slots
			if errors.Is(err, nats.ErrSlowConsumer) {
				continue
			}
			return err
		}
		working.Go(func() {
			defer func() { <-slots }()
			r.reply(req, m)
		})
	}
}

// reply asks a worker and replies, also when there is no answer.
func (r *running) reply(req *gonng.Req0, m *nats.Msg) {
	ctx, cancel := context.WithTimeout(r.work, r.Timeout)
	defer cancel()
	reply := new(nats.Msg)
	fail := func(code, why string) { reply.Header = nats.Header{serviceErrorCode: {code}, serviceError: {why}} }
	if len(req.Pipes()) == 0 {
		fail("503", "no worker is connected")
	} else if body, err := req.Request(ctx, m.Data); errors.Is(err, context.DeadlineExceeded) {
		fail("504", "no worker has replied in time")
	} else if err != nil {
		fail("500", err.Error())
	} else {
		reply.Data = body
	}
	if m.Reply == "" {
		return // the requester wants none
	}
	if err := m.RespondMsg(reply); err != nil {
		r.log.Warn("gonng: a reply cannot be sent", "subject", m.Subject, "error", err)
	}
}

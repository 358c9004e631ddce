package natsbridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/rpc"
)

// stored is the reply to a request that was stored.
type stored struct {
	Stream    string `json:"stream"`
	Seq       uint64 `json:"seq"`
	Duplicate bool   `json:"duplicate,omitempty"` // the stream had a message of that ID already
}

// storeRequests stores each request and then replies.
func (r *running) storeRequests() error {
	if err := r.start(); err != nil {
		return err
	}
	return r.serve(func(ctx context.Context, q *gonng.Message) ([]byte, error) {
		// nats.go may read the body once more after the handler has returned.
		body := bytes.Clone(q.Bytes())
		if !isRPC(body) {
			ack, err := r.storeBody(ctx, body)
			if err != nil {
				return nil, err
			}
			return json.Marshal(stored{ack.Stream, ack.Sequence, ack.Duplicate})
		}
		return answerRPC(ctx, q, func(ctx context.Context) error {
			m := &nats.Msg{Subject: r.Subject, Data: body}
			if id := headerOf(rpc.IncomingHeader(ctx), jetstream.MsgIDHeader); id != "" {
				m.Header = nats.Header{jetstream.MsgIDHeader: {id}}
			}
			ack, err := r.store(ctx, m)
			if err != nil {
				return rpcError(err)
			}
			rpc.SetReplyHeader(ctx, "Nats-Stream", ack.Stream)
			rpc.SetReplyHeader(ctx, "Nats-Sequence", strconv.FormatUint(ack.Sequence, 10))
			return nil
		})
	})
}

// serve answers requests until the bridge is stopped.
func (r *running) serve(h gonng.Handler) error {
	return r.socket.(*gonng.Rep0).Serve(r.stop, func(ctx context.Context, q *gonng.Message) ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, r.Timeout)
		defer cancel()
		return h(ctx, q)
	}, gonng.WithConcurrency(r.InFlight), gonng.WithGracePeriod(r.Grace))
}

// storeBody stores the body of a message of SP.
func (r *running) storeBody(ctx context.Context, body []byte) (*jetstream.PubAck, error) {
	m, err := r.message(body)
	if err != nil {
		return nil, err
	}
	return r.store(ctx, m)
}

// store stores m, and tries again until ctx ends.
func (r *running) store(ctx context.Context, m *nats.Msg) (ack *jetstream.PubAck, err error) {
	for {
		var f jetstream.PubAckFuture
		if f, err = r.js.PublishMsgAsync(m); err == nil {
			if ack, err = await(ctx, f); err == nil {
				return ack, nil
			}
		}
		if isFinal(err) || pause(ctx, retryPause) != nil {
			return nil, fmt.Errorf("not stored: %w", err)
		}
	}
}

func await(ctx context.Context, f jetstream.PubAckFuture) (*jetstream.PubAck, error) {
	select {
	case ack := <-f.Ok():
		return ack, nil
	case err := <-f.Err():
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// pending is a message on its way to the stream.
type pending struct {
	sp     *gonng.Message
	nats   *nats.Msg
	future jetstream.PubAckFuture // nil: it could not be sent
}

// storeMessages stores what is pulled, InFlight messages at the same time.
func (r *running) storeMessages() error {
	if err := r.start(); err != nil {
		return err
	}
	window := make(chan pending, r.InFlight-1) // with the one that settle holds
	settled := make(chan int)
	go func() { settled <- r.settle(window) }()
	take := func(sp *gonng.Message) {
		m, err := r.message(sp.Bytes())
		if err != nil {
			r.lost.add(err)
			sp.Free()
			return
		}
		f, _ := r.js.PublishMsgAsync(m) // settle tries again
		window <- pending{sp, m, f}
	}
	pull := r.socket.(*gonng.Pull0)
	err := forEach(r.stop, pull, take)
	for range pull.Stats().RecvQueue { // those that pushers were told of as sent
		if sp, err := pull.TryRecvMsg(); err == nil {
			take(sp)
		}
	}
	close(window)
	if n := <-settled; n > 0 {
		return fmt.Errorf("%d messages were not stored", n) // at the end of the grace
	}
	return err
}

func forEach(ctx context.Context, s gonng.Receiver, do func(*gonng.Message)) error {
	for {
		m, err := s.RecvMsg(ctx)
		if err != nil {
			return err
		}
		do(m)
	}
}

// settle waits for the acknowledgements. What was not stored it stores again; it returns how
// many it could not.
func (r *running) settle(window <-chan pending) (left int) {
	for p := range window {
		err := errors.New("not sent")
		if p.future != nil {
			_, err = await(r.work, p.future)
		}
		if err != nil {
			_, err = r.store(r.work, p.nats)
		}
		switch {
		case err == nil:
			p.sp.Free()
		case r.work.Err() != nil:
			left++
		default:
			r.lost.add(err)
		}
	}
	return left
}

// Package talk has conversations in every protocol. The sides of one may be on a server and in
// a page.
package talk

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gonng/gonng"
)

const size = 1024

// Body is the message i of a conversation, as in cases.js.
func Body(i int) []byte {
	b := bytes.Repeat([]byte{byte(i)}, size)
	binary.BigEndian.PutUint32(b, uint32(i))
	return b
}

// New makes a socket of the protocol, and a function with which it has its side of a
// conversation: n messages each way in which the protocol has them, in order and complete.
func New(protocol string, n int) (s gonng.Socket, talk func(context.Context) error, err error) {
	sendBuffer, recvBuffer := gonng.WithSendBuffer(n+1), gonng.WithRecvBuffer(n+1) // nothing is dropped
	switch protocol {
	case "push":
		push, err := gonng.NewPush0()
		return push, func(ctx context.Context) error { return send(ctx, push, n) }, err
	case "pull":
		pull, err := gonng.NewPull0()
		return pull, func(ctx context.Context) error { return receive(ctx, pull, n) }, err
	case "pub":
		pub, err := gonng.NewPub0(sendBuffer)
		return pub, func(ctx context.Context) error { return send(ctx, pub, n) }, err
	case "sub":
		sub, err := gonng.NewSub0(gonng.WithTopics(""), recvBuffer)
		return sub, func(ctx context.Context) error { return receive(ctx, sub, n) }, err
	case "pair":
		pair, err := gonng.NewPair0()
		return pair, both(pair, n), err
	case "pair1":
		pair, err := gonng.NewPair1()
		return pair, both(pair, n), err
	case "bus":
		bus, err := gonng.NewBus0(sendBuffer, recvBuffer)
		return bus, both(bus, n), err
	case "req":
		req, err := gonng.NewReq0()
		return req, func(ctx context.Context) error { return ask(ctx, req, n) }, err
	case "rep":
		rep, err := gonng.NewRep0()
		return rep, echo(rep.Serve, n), err
	case "surveyor":
		surveyor, err := gonng.NewSurveyor0(gonng.WithSurveyTime(time.Minute))
		return surveyor, func(ctx context.Context) error { return survey(ctx, surveyor, n) }, err
	case "respondent":
		respondent, err := gonng.NewRespondent0()
		return respondent, echo(respondent.Serve, n), err
	}
	return nil, nil, fmt.Errorf("there is no protocol %s", protocol)
}

func send(ctx context.Context, s gonng.Sender, n int) error {
	for i := range n {
		if err := s.Send(ctx, Body(i)); err != nil {
			return err
		}
	}
	return nil
}

func receive(ctx context.Context, s gonng.Receiver, n int) error {
	for i := range n {
		b, err := s.Recv(ctx)
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		if !bytes.Equal(b, Body(i)) {
			return fmt.Errorf("message %d is %x…, %d bytes", i, b[:min(8, len(b))], len(b))
		}
	}
	return nil
}

func both(s interface {
	gonng.Sender
	gonng.Receiver
}, n int) func(context.Context) error {
	return func(ctx context.Context) error {
		sent := make(chan error, 1)
		go func() { sent <- send(ctx, s, n) }()
		return errors.Join(receive(ctx, s, n), <-sent)
	}
}

// echo answers n questions by themselves.
func echo(serve func(context.Context, gonng.Handler, ...gonng.ServeOption) error, n int) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var answered atomic.Int64
		err := serve(ctx, func(_ context.Context, m *gonng.Message) ([]byte, error) {
			if answered.Add(1) == int64(n) {
				cancel()
			}
			return m.Bytes(), nil
		}, gonng.WithConcurrency(8))
		if answered.Load() >= int64(n) {
			return nil
		}
		return err
	}
}

// ask asks n times, many at a time.
func ask(ctx context.Context, s *gonng.Req0, n int) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	failed := make(chan error, 64)
	for range cap(failed) {
		wg.Go(func() {
			for i := int(next.Add(1) - 1); i < n; i = int(next.Add(1) - 1) {
				b, err := s.Request(ctx, Body(i))
				if err == nil && !bytes.Equal(b, Body(i)) {
					err = fmt.Errorf("the reply to %d is wrong", i)
				}
				if err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(failed)
	return <-failed
}

// survey makes n surveys, one after the other, of one respondent.
func survey(ctx context.Context, s *gonng.Surveyor0, n int) error {
	for i := range n {
		responses := 0
		for m, err := range s.Survey(ctx, Body(i)) {
			if err != nil {
				return err
			}
			if !bytes.Equal(m.Bytes(), Body(i)) {
				return fmt.Errorf("the response to %d is wrong", i)
			}
			responses++
			break
		}
		if responses != 1 {
			return fmt.Errorf("survey %d has no response", i)
		}
	}
	return nil
}

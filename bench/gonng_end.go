package main

import (
	"context"

	"github.com/gonng/gonng"
)

// A gonngEnd has what its role can do; the rest is nil.
type gonngEnd struct {
	gonng.Socket
	sender   gonng.Sender
	receiver gonng.Receiver
	req      *gonng.Req0
	rep      *gonng.Rep0
	sub      *gonng.Sub0
	surveyor *gonng.Surveyor0
	url      string
	peers    int                              // to wait for
	receive  string                           // the method
	buf      []byte                           // for RecvInto
	message  func(body []byte) *gonng.Message // makes one for SendMsg; nil: Send
	workers  int                              // of Serve
	last     *gonng.Message
}

func (e *gonngEnd) URL() string { return e.url }

func (e *gonngEnd) Join(ctx context.Context) error { return e.WaitPeers(ctx, e.peers) }

// TrySend sends the body if there is room.
func (e *gonngEnd) TrySend(body []byte) error { return e.sender.TrySend(body) }

// Dropped is how many messages the socket has dropped because a queue was full.
func (e *gonngEnd) Dropped() uint64 { return e.Stats().DroppedFull }

// Send sends the body, or where messages are to be measured a message of it,
// which is an allocation of the program.
func (e *gonngEnd) Send(body []byte) error {
	if e.message != nil {
		return e.sender.SendMsg(context.Background(), e.message(body))
	}
	return e.sender.Send(context.Background(), body)
}

// Call requests, from any goroutine.
func (e *gonngEnd) Call(_ int, body []byte) ([]byte, error) {
	return e.req.Request(context.Background(), body)
}

// Serve has one worker, unless the row asks for more: the handler never waits,
// so a second one would only take turns with it.
func (e *gonngEnd) Serve() error {
	return e.rep.Serve(context.Background(), func(_ context.Context, m *gonng.Message) ([]byte, error) {
		return m.Bytes(), nil
	}, gonng.WithConcurrency(e.workers))
}

// Recv receives small messages into one buffer, as raw sockets do, and large
// ones without a copy.
func (e *gonngEnd) Recv() ([]byte, error) {
	switch e.receive {
	case "Recv":
		return e.receiver.Recv(context.Background())
	case "RecvInto":
		n, err := e.receiver.RecvInto(context.Background(), e.buf)
		return e.buf[:n], err
	}
	if e.last != nil {
		e.last.Free()
	}
	var err error
	if e.last, err = e.receiver.RecvMsg(context.Background()); err != nil {
		return nil, err
	}
	return e.last.Bytes(), nil
}

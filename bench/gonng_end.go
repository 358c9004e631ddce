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
	url      string
	peers    int
	receive  string // the method
	buf      []byte // for RecvInto
	last     *gonng.Message
}

func (e *gonngEnd) URL() string { return e.url }

func (e *gonngEnd) Join(ctx context.Context) error { return e.WaitPeers(ctx, e.peers) }

func (e *gonngEnd) Send(body []byte) error { return e.sender.Send(context.Background(), body) }

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

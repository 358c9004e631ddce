package main

import (
	"context"
	"fmt"

	"github.com/gonng/gonng"
)

// gonngContestant is the subject, with its defaults.
type gonngContestant struct{ inThisProgram }

func (gonngContestant) Name() string      { return subject }
func (gonngContestant) Supports(row) bool { return true }

func (gonngContestant) Open(j job) (end, error) {
	e := &gonngEnd{url: j.url}
	if j.size <= 16<<10 {
		e.buf = make([]byte, j.size)
	}
	var err error
	switch j.role() {
	case "push":
		var s *gonng.Push0
		s, err = gonng.NewPush0(gonng.WithDial(j.url), gonng.WithLinger(0))
		e.Socket, e.sender = s, s
	case "pull":
		var s *gonng.Pull0
		s, err = gonng.NewPull0(gonng.WithListen(j.url), gonng.WithLinger(0))
		e.Socket, e.receiver = s, s
	case "req":
		var s *gonng.Req0
		s, err = gonng.NewReq0(gonng.WithDial(j.url), gonng.WithLinger(0))
		e.Socket, e.sender, e.receiver = s, s, s
	case "rep":
		var s *gonng.Rep0
		s, err = gonng.NewRep0(gonng.WithListen(j.url), gonng.WithLinger(0))
		e.Socket, e.sender, e.receiver = s, s, s
	default:
		err = fmt.Errorf("no role %q", j.role())
	}
	if err != nil {
		return nil, err
	}
	if j.listens() {
		e.url = e.Listeners()[0].URL() // the real port
	}
	return e, nil
}

// A gonngEnd has what its role can do; the rest is nil.
type gonngEnd struct {
	gonng.Socket
	sender   gonng.Sender
	receiver gonng.Receiver
	url      string
	buf      []byte // for small messages
	last     *gonng.Message
}

func (e *gonngEnd) URL() string { return e.url }

func (e *gonngEnd) Join(ctx context.Context) error { return e.WaitPeers(ctx, 1) }

func (e *gonngEnd) Send(body []byte) error { return e.sender.Send(context.Background(), body) }

// Recv receives small messages into one buffer, as raw sockets do, and large
// ones without a copy.
func (e *gonngEnd) Recv() ([]byte, error) {
	if len(e.buf) > 0 {
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

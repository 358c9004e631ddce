package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/go-zeromq/zmq4"
)

// zmq4Contestant is github.com/go-zeromq/zmq4, ZeroMQ in pure Go.
type zmq4Contestant struct{ inThisProgram }

func (zmq4Contestant) Name() string { return "zmq4" }

// Supports leaves out what does not work: its inproc refuses every message
// with a long header (255 bytes and more) as a short buffer, and has no room
// for requests while answers are under way. Over ipc a publisher resets the
// connections of some of several subscribers.
func (zmq4Contestant) Supports(r row) bool {
	switch r.transport {
	case "tls", "ws":
		return false
	case "ipc":
		return r.pattern != pubSub
	case "inproc":
		return r.size < 256 && r.pattern != concurrent
	}
	return true
}

func (zmq4Contestant) Open(j job) (end, error) {
	quiet := zmq4.WithLogger(log.New(io.Discard, "", 0))
	sockets := map[string]func(context.Context, ...zmq4.Option) zmq4.Socket{
		"push": zmq4.NewPush, "pull": zmq4.NewPull, "hold": zmq4.NewPull,
		"req": zmq4.NewReq, "rep": zmq4.NewRep, "greet": zmq4.NewRep,
		"requests": zmq4.NewDealer, "serve": zmq4.NewRouter,
		"pub": zmq4.NewPub, "sub": zmq4.NewSub,
	}
	s := sockets[j.role()](context.Background(), quiet)
	if j.role() == "sub" {
		if err := s.SetOption(zmq4.OptionSubscribe, ""); err != nil {
			return nil, err
		}
	}
	e := &zmq4End{socket: s, url: j.url, copies: isInproc(j.url) || j.role() == "pub", routes: j.role() == "serve"}
	if !j.listens() {
		return e, s.Dial(j.url)
	}
	if err := s.Listen(j.url); err != nil {
		return nil, err
	}
	if s.Addr().Network() == "tcp" {
		e.url = fmt.Sprintf("tcp://%s", s.Addr()) // the real port
	}
	return e, nil
}

type zmq4End struct {
	socket zmq4.Socket
	url    string
	copies bool // because the socket goes on reading what it was given to send
	routes bool // answers the peer that asked
	peer   []byte
}

func (e *zmq4End) URL() string { return e.url }

// Join has nothing to do: Dial shakes hands before it returns, and the other
// side blocks until there is a peer.
func (e *zmq4End) Join(context.Context) error { return nil }

func (e *zmq4End) Send(body []byte) error {
	if e.copies {
		body = bytes.Clone(body)
	}
	if e.routes {
		return e.socket.Send(zmq4.NewMsgFrom(e.peer, body))
	}
	return e.socket.Send(zmq4.NewMsg(body))
}

func (e *zmq4End) Recv() ([]byte, error) {
	msg, err := e.socket.Recv()
	if err != nil {
		return nil, err
	}
	if e.routes {
		e.peer = msg.Frames[0]
	}
	return msg.Frames[len(msg.Frames)-1], nil
}

// Close does not make a blocked Send of a publisher return: there the end of
// the process must do.
func (e *zmq4End) Close() error {
	if e.socket.Type() == zmq4.Pub || e.socket.Type() == zmq4.Sub {
		os.Exit(0)
	}
	return e.socket.Close()
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/gonng/gonng"
)

// gonngContestant is the subject, with its defaults.
type gonngContestant struct{ inThisProgram }

func (gonngContestant) Name() string      { return subject }
func (gonngContestant) Supports(row) bool { return true }

func (gonngContestant) Open(j job) (end, error) {
	e := &gonngEnd{url: j.url, receive: j.receive, workers: 1}
	switch j.role() {
	case "greet", "hold", "door", "crew": // strangers come and go
	case "pub", "publish", "deal", "survey":
		e.peers = j.peers
	default:
		e.peers = 1
	}
	switch e.receive {
	case "RecvMsg":
		m := gonng.NewMessage(newBody(j.size))
		e.message = func([]byte) *gonng.Message { return m.Clone() }
	case "Send":
		e.receive = "RecvMsg"
	case "NewMessage":
		e.message = func(body []byte) *gonng.Message { return gonng.NewMessage(bytes.Clone(body)) }
		e.receive = "RecvMsg"
	case "AllocMessage":
		e.message = func(body []byte) *gonng.Message {
			m := gonng.AllocMessage(len(body))
			copy(m.Bytes(), body)
			return m
		}
		e.receive = "RecvMsg"
	case "":
		e.receive = "RecvInto"
		if j.size > 16<<10 {
			e.receive = "RecvMsg"
		}
	}
	if e.receive == "RecvInto" {
		e.buf = make([]byte, j.size)
	}
	if err := e.open(j.role()); err != nil {
		return nil, err
	}
	if j.role() == "crew" {
		e.workers = j.n + spareWorkers
	}
	if j.role() == "topics" {
		if err := e.subscribe(j); err != nil {
			return nil, err
		}
	}
	return e, e.connect(j)
}

// open makes the socket of the role.
func (e *gonngEnd) open(role string) error {
	switch role {
	case "push", "deal", "pump":
		s, err := gonng.NewPush0()
		e.Socket, e.sender = s, s
		return err
	case "pull", "hold", "lively", "sink", "door":
		s, err := gonng.NewPull0()
		e.Socket, e.receiver = s, s
		return err
	case "req", "requests":
		s, err := gonng.NewReq0()
		e.Socket, e.sender, e.receiver, e.req = s, s, s, s
		return err
	case "rep", "serve", "greet", "crew":
		s, err := gonng.NewRep0()
		e.Socket, e.sender, e.receiver, e.rep = s, s, s, s
		return err
	case "pub", "publish", "announce":
		s, err := gonng.NewPub0()
		e.Socket, e.sender = s, s
		return err
	case "sub":
		s, err := gonng.NewSub0(gonng.WithTopics(""))
		e.Socket, e.receiver = s, s
		return err
	}
	return e.openCrowded(role)
}

// openCrowded makes the sockets of those roles that are for many peers.
func (e *gonngEnd) openCrowded(role string) error {
	switch role {
	case "topics", "contexts":
		s, err := gonng.NewSub0()
		e.Socket, e.receiver, e.sub = s, s, s
		return err
	case "survey":
		s, err := gonng.NewSurveyor0(gonng.WithSurveyTime(time.Minute))
		e.Socket, e.surveyor = s, s
		return err
	}
	return fmt.Errorf("no role %q", role)
}

// connect listens or dials.
func (e *gonngEnd) connect(j job) error {
	options := []gonng.SocketOption{gonng.WithLinger(0)}
	if j.size > 1<<20 { // the default limit
		options = append(options, gonng.WithRecvMaxSize(j.size))
	}
	if err := gonng.Set(e, options...); err != nil {
		return err
	}
	if j.scheme() == "tls+tcp" {
		config, err := j.tlsConfig()
		if err != nil {
			return err
		}
		if err := gonng.Set(e, gonng.WithTLS(config)); err != nil {
			return err
		}
	}
	if !j.listens() {
		_, err := e.Dial(context.Background(), j.url)
		return err
	}
	l, err := e.Listen(context.Background(), j.url)
	if err != nil {
		return err
	}
	e.url = l.URL() // the real port
	return nil
}

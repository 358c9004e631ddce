package main

import (
	"context"
	"errors"
)

// connect connects, requests, gets its answer and closes, one after the other.
func connect(p part) (figures, error) {
	body := newBody(p.size)
	once := func() error { return p.visit(body) }
	if _, _, err := repeat(once, 1, p.warmup); err != nil {
		return nil, err
	}
	p.report.begin()
	n, elapsed, err := repeat(once, 1, p.duration)
	p.report.over()
	return figures{"rate": float64(n) / elapsed.Seconds(), "messages": float64(n)}, err
}

func (p part) visit(body []byte) (err error) {
	e, err := p.host.Open(p.as("req", p.url))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if err := e.Join(context.Background()); err != nil {
		return err
	}
	if err := e.Send(body); err != nil {
		return err
	}
	reply, err := e.Recv()
	return checkSize(reply, len(body), err)
}

// manyEnds stands for the ends of a role that opens them itself.
type manyEnds struct {
	url    string
	closed chan struct{}
}

func (e manyEnds) URL() string              { return e.url }
func (manyEnds) Join(context.Context) error { return nil }
func (manyEnds) Send([]byte) error          { return errors.ErrUnsupported }

func (e manyEnds) Recv() ([]byte, error) {
	<-e.closed
	return nil, nil
}

func (e manyEnds) Close() error {
	close(e.closed)
	return nil
}

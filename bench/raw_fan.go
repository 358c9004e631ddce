package main

import (
	"context"
	"errors"
)

// A fan sends every message to every one of its ends.
type fan struct {
	url    string
	ends   []end
	accept func(context.Context) (end, error)
	close  func() error
}

// fanRaw accepts connections of batches.
func fanRaw(j job) (end, error) {
	ln, err := listenRaw(j)
	if err != nil {
		return nil, err
	}
	accept := func(ctx context.Context) (end, error) {
		stop := context.AfterFunc(ctx, func() {
			_ = ln.Close() // the listener's only failure is to be closed already
		})
		defer stop()
		conn, err := ln.Accept()
		if err != nil {
			return nil, err
		}
		c := &rawConn{}
		c.use(conn)
		e := &batchedEnd{rawConn: c}
		return e, e.Join(ctx)
	}
	url := j.scheme() + "://" + ln.Addr().String()
	return &fan{url: url, ends: make([]end, j.peers), accept: accept, close: ln.Close}, nil
}

func (f *fan) URL() string { return f.url }

func (f *fan) Join(ctx context.Context) (err error) {
	for i := range f.ends {
		if f.ends[i], err = f.accept(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (f *fan) Send(body []byte) error {
	for _, e := range f.ends {
		if err := e.Send(body); err != nil {
			return err
		}
	}
	return nil
}

func (f *fan) Recv() ([]byte, error) { return nil, errors.ErrUnsupported }

func (f *fan) Close() error {
	err := f.close()
	for _, e := range f.ends {
		err = errors.Join(err, e.Close())
	}
	return err
}

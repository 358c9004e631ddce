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
		conn, err := acceptRaw(ctx, ln)
		if err != nil {
			return nil, err
		}
		c := &rawConn{}
		c.use(conn)
		e := &batchedEnd{rawConn: c}
		return e, e.Join(ctx)
	}
	return &fan{url: j.urlOf(ln), ends: make([]end, j.peers), accept: accept, close: ln.Close}, nil
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

func (f *fan) Flush() error {
	for _, e := range f.ends {
		if err := e.(flusher).Flush(); err != nil {
			return err
		}
	}
	return nil
}

func (f *fan) Close() error {
	err := f.close()
	for _, e := range f.ends {
		err = errors.Join(err, e.Close())
	}
	return err
}

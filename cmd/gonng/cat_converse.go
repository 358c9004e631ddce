package main

import (
	"context"
	"errors"
	"time"

	"github.com/gonng/gonng"
)

// converse sends and receives until the protocol's role is played.
func (c *cat) converse(ctx context.Context) error {
	if c.lines && c.protocol.role != receives && c.protocol.role != replies {
		return c.converseByLine(ctx)
	}
	switch c.protocol.role {
	case sends:
		return c.turns(ctx, func(time.Time) error { return c.send(ctx) })
	case asks, talks:
		if c.data != nil {
			return c.turns(ctx, func(start time.Time) error {
				if err := c.send(ctx); err != nil {
					return err
				}
				return c.collect(ctx, start)
			})
		}
	case replies:
		if c.data != nil || c.exec != "" {
			return c.reply(ctx)
		}
	}
	return c.receive(ctx, c.count)
}

// receive prints what comes: n messages, or with n 0 until a receive timeout,
// or until a request or survey has had its answers. None of these is an error.
func (c *cat) receive(ctx context.Context, n int) error {
	for i := 0; n == 0 || i < n; i++ {
		err := c.receiveOne(ctx)
		if errors.Is(err, gonng.ErrTimeout) || errors.Is(err, gonng.ErrBadState) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *cat) receiveOne(ctx context.Context) error {
	m, err := c.next(ctx)
	if err != nil {
		return err
	}
	return c.take(m)
}

// next receives a message. Lines that wait to be printed, and what was recorded, are written
// before it waits.
func (c *cat) next(ctx context.Context) (*gonng.Message, error) {
	in := c.socket.(gonng.Receiver)
	if c.pending.Buffered() > 0 || c.record != nil {
		if m, err := in.TryRecvMsg(); !errors.Is(err, gonng.ErrTryAgain) {
			return m, err
		}
		if err := c.pending.Flush(); err != nil {
			return nil, outputError(err)
		}
	}
	if c.record != nil {
		if err := c.record.flush(); err != nil {
			return nil, err
		}
	}
	return in.RecvMsg(ctx)
}

// take records and prints a message that was received, and frees it.
func (c *cat) take(m *gonng.Message) error {
	defer m.Free()
	return c.show(m)
}

// show records and prints a message.
func (c *cat) show(m *gonng.Message) error {
	if c.record != nil {
		r := recorded{time: time.Now(), header: m.Header(), body: m.Bytes()}
		if p := m.Pipe(); p != nil {
			r.pipe = p.ID()
		}
		if err := c.record.record(&r); err != nil {
			return err
		}
	}
	return c.print(m)
}

func (c *cat) send(ctx context.Context) error {
	return c.socket.(gonng.Sender).Send(ctx, c.data)
}

// reply records and prints each request and answers it. Here nngcat takes a timeout of a
// receive for an error.
func (c *cat) reply(ctx context.Context) error {
	for i := 0; c.count == 0 || i < c.count; i++ {
		m, err := c.next(ctx)
		if err != nil {
			return err
		}
		answer := c.data
		if err = c.show(m); err == nil && c.exec != "" {
			answer, err = c.answer(ctx, m.Bytes())
		}
		m.Free()
		if err != nil {
			return err
		}
		if answer == nil {
			continue
		}
		if err := c.socket.(gonng.Sender).Send(ctx, answer); err != nil {
			return err
		}
	}
	return nil
}

// turns waits the --delay and then takes turns: --count of them, or without a
// count one, or without an end if there is an --interval from the start of one
// to the start of the next.
func (c *cat) turns(ctx context.Context, turn func(start time.Time) error) error {
	if err := sleep(ctx, c.delay); err != nil {
		return err
	}
	for n := 1; ; n++ {
		start := time.Now()
		if err := turn(start); err != nil {
			return err
		}
		if c.count == 0 && c.interval < 0 || n == c.count {
			return nil
		}
		if err := sleep(ctx, time.Until(start.Add(c.interval))); err != nil {
			return err
		}
	}
}

// collect prints what comes back in a turn. It ends with the interval, with a
// receive timeout or, in the protocols that ask, with the last answer. Where
// nothing else would end a turn before the last one, the first message does:
// in nngcat such a turn fails or hangs, depending on the millisecond. And where
// the interval is 0 nngcat asks again before the answer had a chance.
func (c *cat) collect(ctx context.Context, start time.Time) error {
	asking := c.protocol.role == asks
	switch {
	case c.interval > 0:
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, start.Add(c.interval))
		defer cancel()
	case asking || c.interval < 0 && c.count == 0:
	case c.interval == 0:
		return c.drain()
	case c.recvTimeout == 0:
		return c.receive(ctx, 1)
	}
	return c.receive(ctx, 0)
}

// drain prints what has come already.
func (c *cat) drain() error {
	for {
		m, err := c.socket.(gonng.Receiver).TryRecvMsg()
		if errors.Is(err, gonng.ErrTryAgain) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.take(m); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

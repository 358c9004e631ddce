package rpc

import (
	"context"
	"sync"
	"time"
)

// callContext is the context of a method: that of Serve until the deadline of the
// caller. It makes a context with that deadline when somebody wants to know of its end,
// which most methods do not: such a context has a timer, and costs more than all else.
type callContext struct {
	serve    context.Context
	deadline time.Time // zero: the caller has none

	mu     sync.Mutex
	ended  bool            // the method has returned
	timed  context.Context // nil: nobody has asked
	cancel context.CancelFunc
}

func (c *callContext) begin(serve context.Context, timeout uint32) {
	c.serve = serve
	if timeout != noTimeout {
		c.deadline = time.Now().Add(time.Duration(timeout) * time.Millisecond)
	}
}

// end ends the context, if it has a deadline.
func (c *callContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.cancel != nil {
		c.cancel()
	}
}

// current is the context that knows of the end.
func (c *callContext) current() context.Context {
	if c.deadline.IsZero() {
		return c.serve
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timed == nil {
		c.timed, c.cancel = context.WithDeadline(c.serve, c.deadline)
		if c.ended {
			c.cancel()
		}
	}
	return c.timed
}

func (c *callContext) Deadline() (time.Time, bool) {
	serve, ok := c.serve.Deadline()
	if !c.deadline.IsZero() && (!ok || c.deadline.Before(serve)) {
		return c.deadline, true
	}
	return serve, ok
}

func (c *callContext) Done() <-chan struct{} { return c.current().Done() }

func (c *callContext) Err() error { return c.current().Err() }

// Value asks the context whose Done was returned: package context finds it so, and needs
// no goroutine for contexts that are made of this one.
func (c *callContext) Value(key any) any {
	c.mu.Lock()
	ctx := c.timed
	c.mu.Unlock()
	if ctx == nil {
		ctx = c.serve
	}
	return ctx.Value(key)
}

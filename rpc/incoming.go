package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gonng/gonng"
)

// incoming is a request that is being answered.
type incoming struct {
	callContext
	server  *Server
	pipe    *gonng.Pipe
	name    []byte
	method  *method // nil: there is none of that name
	payload []byte
	header  Header
	out     any

	headerMu    sync.Mutex
	replyHeader Header

	small [192]byte // holds a small reply, which saves an allocation
}

// Value is c itself for the functions that take a ctx.
func (c *incoming) Value(key any) any {
	if _, ok := key.(incomingKey); ok {
		return c
	}
	return c.callContext.Value(key)
}

// answer calls the method. The reply has its result; an error is to be replied.
func (c *incoming) answer() (b []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			stack := debug.Stack()
			c.log(slog.LevelError, "rpc method panicked", "method", string(c.name), "panic", r, "stack", string(stack))
			err = Errorf(CodeInternal, "%s panicked", c.name)
		}
	}()
	var ctx context.Context = c
	if c.server.propagator != nil {
		ctx = c.server.propagator.Extract(ctx, c.header)
	}
	if len(c.server.interceptors) == 0 {
		err = c.call(ctx)
	} else {
		err = intercept(ctx, c.server.interceptors, string(c.name), c.call)
	}
	if err != nil {
		return nil, err
	}
	c.headerMu.Lock()
	b, err = appendReply(c.small[:0], codeOK, "", nil, c.replyHeader)
	c.headerMu.Unlock()
	if err == nil {
		b, err = marshalAppend(c.server.codec, b, c.out)
	}
	if err != nil {
		err = Errorf(CodeInternal, "the reply of %s cannot be encoded: %w", c.name, err)
	}
	return b, err
}

func (c *incoming) call(ctx context.Context) (err error) {
	if c.method == nil {
		return Errorf(CodeUnimplemented, "there is no method %q", c.name)
	}
	c.out, err = c.method.call(ctx, c.server.codec, c.payload)
	return err
}

// fail is a reply that tells of e, without its headers when those are what is wrong.
func (c *incoming) fail(e *Error) []byte {
	c.headerMu.Lock()
	defer c.headerMu.Unlock()
	b, err := appendReply(nil, e.Code, e.Message, e.Details, c.replyHeader)
	if err != nil {
		b, _ = appendReply(nil, CodeInternal, fmt.Sprintf("the reply of %s cannot be encoded: %v", c.name, err), nil, nil)
	}
	return b
}

func (c *incoming) log(level slog.Level, text string, args ...any) {
	logOf(c.pipe).Log(c, level, text, append(args, "pipe", c.pipe.ID())...)
}

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

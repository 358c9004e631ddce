package rpc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gonng/gonng"
)

// Server answers calls by the methods that Handle adds. Its Serve is a [gonng.Handler].
type Server struct {
	config

	mu      sync.RWMutex
	methods map[string]*method

	stranger atomic.Int64 // when there was last a request that is no rpc request
}

// method is a method that was added by Handle.
type method struct {
	name string
	call func(ctx context.Context, c Codec, payload []byte) (any, error)
}

// NewServer makes a Server without methods. It panics when an option is nil.
func NewServer(opts ...Option) *Server {
	return &Server{config: newConfig(opts), methods: make(map[string]*method)}
}

// Handle adds a method, also while the Server serves. It is called with a ctx that ends
// at the caller's deadline, and by as many goroutines as [gonng.WithConcurrency] says.
// The deadline counts from when a worker takes the request; the cancellation of the
// caller does not reach it. What it returns goes to the caller: its result, or, when the
// error is not nil, that as an [Error]. A panic is logged, with its stack, by the logger
// of the socket, or by [slog.Default]; the caller gets CodeInternal.
//
// The method may be called twice for one call, see the package's documentation.
//
// Handle panics for a name that is taken, empty or longer than 255 bytes, and when h is nil.
func Handle[In, Out any](s *Server, name string, h func(context.Context, In) (Out, error)) {
	if h == nil {
		panic(fmt.Sprintf("gonng: rpc.Handle: the function of method %q is nil", name))
	}
	s.add(&method{name, func(ctx context.Context, c Codec, payload []byte) (any, error) {
		var in In
		if err := c.Unmarshal(payload, &in); err != nil {
			return nil, Errorf(CodeInvalidArgument, "the argument of %s does not decode: %w", name, err)
		}
		return h(ctx, in)
	}})
}

func (s *Server) add(m *method) {
	if len(m.name) == 0 || len(m.name) > maxMethod {
		panic(fmt.Sprintf("gonng: rpc.Handle: a name of %d bytes: want 1 to %d", len(m.name), maxMethod))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.methods[m.name] != nil {
		panic(fmt.Sprintf("gonng: rpc.Handle: there is a method %q already", m.name))
	}
	s.methods[m.name] = m
}

func (s *Server) find(name []byte) *method {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.methods[string(name)]
}

// Serve is the [gonng.Handler] for a Rep0:
//
//	err := rep.Serve(ctx, server.Serve, gonng.WithConcurrency(64))
//
// It answers each request and returns no error. To a request that is no envelope the
// reply is one with CodeInvalidArgument and a text that says so. The first such request is
// logged, and again one after a minute without any.
func (s *Server) Serve(ctx context.Context, m *gonng.Message) ([]byte, error) {
	q, err := parseRequest(m.Bytes())
	if err != nil {
		return s.refuse(m.Pipe(), err), nil
	}
	c := &incoming{server: s, pipe: m.Pipe(), name: q.method, header: q.header, payload: q.payload, method: s.find(q.method)}
	c.begin(ctx, q.timeout)
	defer c.end()
	b, failure := c.answer()
	if failure != nil {
		b = c.fail(failure)
	}
	return b, nil
}

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

// answer calls the method. It returns the reply with its result, or what is to be replied
// instead.
func (c *incoming) answer() (b []byte, failure *Error) {
	defer func() {
		if r := recover(); r != nil {
			logOf(c.pipe).ErrorContext(c, "rpc method panicked", "method", string(c.name), "pipe", c.pipe.ID(), "panic", r, "stack", string(debug.Stack()))
			failure = Errorf(CodeInternal, "%s panicked", c.name)
		}
	}()
	var err error
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
		return nil, c.failure(err)
	}
	c.headerMu.Lock()
	b, err = appendReply(c.small[:0], codeOK, "", nil, c.replyHeader)
	c.headerMu.Unlock()
	if err == nil {
		b, err = marshalAppend(c.server.codec, b, c.out)
	}
	if err != nil {
		return nil, Errorf(CodeInternal, "the reply of %s cannot be encoded: %w", c.name, err)
	}
	return b, nil
}

func (c *incoming) call(ctx context.Context) (err error) {
	if c.method == nil {
		return Errorf(CodeUnimplemented, "there is no method %q", c.name)
	}
	c.out, err = c.method.call(ctx, c.server.codec, c.payload)
	return err
}

// failure is what is replied of an error. A method that is canceled because Serve ends was
// not canceled by its caller, who may try another server.
func (c *incoming) failure(err error) *Error {
	e := asError(err)
	if e.Code == CodeCanceled && errors.Is(err, context.Canceled) && c.serve.Err() != nil {
		return &Error{Code: CodeUnavailable, Message: "the server ends: " + e.Message}
	}
	return e
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

// started is the zero of the times of strangers.
var started = time.Now()

// strangerGap is the pause after which requests that are no rpc requests are logged again.
const strangerGap = time.Minute

// refuse is the reply to what is no request. It is a sentence, since the requester may
// know nothing of envelopes.
func (s *Server) refuse(p *gonng.Pipe, why error) []byte {
	now := int64(strangerGap + 1 + time.Since(started)) // monotonic: the clock of the system may be set back
	if now-s.stranger.Swap(now) > int64(strangerGap) {
		logOf(p).Warn("request that is no rpc request", "pipe", p.ID(), "url", p.URL(), "error", why)
	}
	code := CodeInvalidArgument
	if _, ok := errors.AsType[versionError](why); ok {
		code = CodeUnimplemented
	}
	text := fmt.Sprintf("This is an rpc server of gonng, and the request is no rpc request: %v. Ask by package github.com/gonng/gonng/rpc; docs/wire.md has the bytes.", why)
	b, _ := appendReply(nil, code, text, nil, nil)
	return b
}

// logOf is the logger of the socket that a connection belongs to.
func logOf(p *gonng.Pipe) *slog.Logger { return cmp.Or(p.Socket().Config().Logger, slog.Default()) }

package rpc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/gonng/gonng"
)

// Server answers calls by the methods that Handle adds. Its Serve is a [gonng.Handler].
type Server struct {
	config

	mu      sync.RWMutex
	methods map[string]*method

	stranger atomic.Uint32 // the pipe that was last reported to send no rpc requests
}

// method is a method that was added by Handle.
type method struct {
	name string
	call func(ctx context.Context, c Codec, payload []byte) (any, error)
}

// NewServer makes a Server without methods.
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
// reply is one with CodeInvalidArgument and a text that says so; the first one of a
// connection is logged.
func (s *Server) Serve(ctx context.Context, m *gonng.Message) ([]byte, error) {
	q, err := parseRequest(m.Bytes())
	if err != nil {
		return s.refuse(m.Pipe(), err), nil
	}
	c := &incoming{server: s, pipe: m.Pipe(), name: q.method, header: q.header, payload: q.payload, method: s.find(q.method)}
	c.begin(ctx, q.timeout)
	defer c.end()
	b, err := c.answer()
	if err != nil {
		b = c.fail(asError(err))
	}
	return b, nil
}

// refuse is the reply to what is no request. It is a sentence, since the requester may
// know nothing of envelopes.
func (s *Server) refuse(p *gonng.Pipe, why error) []byte {
	if s.stranger.Swap(p.ID()) != p.ID() {
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

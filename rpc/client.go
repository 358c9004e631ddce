package rpc

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/gonng/gonng"
)

// Client calls methods of the servers that its Req0 is connected to. Any number of
// goroutines may use it at the same time. It has nothing to close but the socket.
type Client struct {
	config
	req *gonng.Req0
}

// NewClient makes a Client that calls by req. All peers of req are to be rpc servers with
// the same methods, since a call goes to any of them. It panics when req or
// an option is nil.
func NewClient(req *gonng.Req0, opts ...Option) *Client {
	if req == nil {
		panic("gonng: rpc.NewClient: the socket is nil")
	}
	return &Client{newConfig(opts), req}
}

// CallOption is an option for Call, which fails with CodeInvalidArgument when one is nil.
type CallOption interface{ forCall(*callConfig) }

type callOption func(*callConfig)

func (o callOption) forCall(c *callConfig) { o(c) }

// callConfig is what can be set on a call.
type callConfig struct {
	header      Header
	replyHeader *Header
	once        bool
}

// WithHeader adds a header to the request; see [Header] for the limits, above which the
// call fails with CodeInvalidArgument.
func WithHeader(key, value string) CallOption {
	return callOption(func(c *callConfig) {
		if c.header == nil {
			c.header = make(Header)
		}
		c.header[key] = value
	})
}

// ReplyHeader sets *h to the headers of the reply, also of one that is an error. When
// there is no reply, or it has no headers, *h is nil. It panics when h is nil.
func ReplyHeader(h *Header) CallOption {
	if h == nil {
		panic("gonng: rpc.ReplyHeader: the pointer is nil")
	}
	return callOption(func(c *callConfig) { *h, c.replyHeader = nil, h })
}

// Once has the request not be sent again. When the replier that it was sent to goes away
// before it has answered, the call ends with CodeUnavailable: the method has been called
// once or not at all. While no replier is connected the call waits for one, as any call.
func Once() CallOption { return callOption(func(c *callConfig) { c.once = true }) }

// Call calls a method with in, and returns what it returns. The error is an [*Error],
// and then the result is the zero value.
//
// It waits as long as ctx allows, also for a replier, and returns at once when ctx ends;
// the timeouts of the socket bound it, too, as [gonng.Req0.Request]. The deadline of ctx
// travels and bounds the method; the end of ctx before does not: the method goes on, and
// its reply is dropped.
//
// Without [Once] the request is sent again when its replier goes away, and after the
// resend time, see [gonng.WithResendTime]: the method may run twice, also at the same
// time.
func Call[Out, In any](ctx context.Context, c *Client, method string, in In, opts ...CallOption) (Out, error) {
	var out Out
	if err := c.call(ctx, method, in, &out, opts); err != nil {
		var zero Out
		return zero, err
	}
	return out, nil
}

var noOptions callConfig

// call does without allocations what has no options and no interceptors.
func (c *Client) call(ctx context.Context, method string, in, out any, opts []CallOption) error {
	cfg := &noOptions
	if len(opts) > 0 || c.propagator != nil || len(c.interceptors) > 0 {
		cfg = new(callConfig)
		for i, o := range opts {
			if o == nil {
				return Errorf(CodeInvalidArgument, "option %d of %d of the call to %s is nil", i+1, len(opts), method)
			}
			o.forCall(cfg)
		}
	}
	if len(c.interceptors) == 0 {
		return c.roundTrip(ctx, cfg, method, in, out)
	}
	return c.intercepted(ctx, cfg, method, in, out)
}

func (c *Client) intercepted(ctx context.Context, cfg *callConfig, method string, in, out any) error {
	if cfg.header == nil {
		cfg.header = make(Header)
	}
	ctx = context.WithValue(ctx, outgoingKey{}, cfg.header)
	err := intercept(ctx, c.interceptors, method, func(ctx context.Context) error {
		return c.roundTrip(ctx, cfg, method, in, out)
	})
	if err != nil {
		return asError(err)
	}
	return nil
}

// roundTrip sends one request and reads its reply. It returns an *Error.
func (c *Client) roundTrip(ctx context.Context, cfg *callConfig, method string, in, out any) error {
	if c.propagator != nil {
		if cfg.header == nil {
			cfg.header = make(Header)
		}
		c.propagator.Inject(ctx, cfg.header)
	}
	b, err := c.request(ctx, cfg, method, in)
	if err != nil {
		return err
	}
	r, err := parseReply(b)
	if err != nil {
		return strangeReply(b, err)
	}
	if cfg.replyHeader != nil {
		*cfg.replyHeader = r.header
	}
	if r.code != codeOK {
		return &Error{Code: r.code, Message: string(r.text), Details: r.details}
	}
	if err := c.codec.Unmarshal(r.payload, out); err != nil {
		return Errorf(CodeInternal, "the reply of %s does not decode: %w", method, err)
	}
	return nil
}

// request encodes a request and returns the reply to it.
func (c *Client) request(ctx context.Context, cfg *callConfig, method string, in any) ([]byte, error) {
	timeout := uint32(noTimeout)
	if deadline, ok := ctx.Deadline(); ok {
		timeout = timeoutUntil(deadline)
	}
	buf := buffers.Get().(*buffer)
	defer buf.free()
	b, err := appendRequest(buf.b[:0], timeout, method, cfg.header)
	if err == nil {
		b, err = marshalAppend(c.codec, b, in)
	}
	if err != nil {
		return nil, Errorf(CodeInvalidArgument, "the request to %s cannot be encoded: %w", method, err)
	}
	buf.b = b
	if cfg.once {
		b, err = c.once(ctx, b)
	} else {
		b, err = c.req.Request(ctx, b)
	}
	if err != nil {
		return nil, localError(err)
	}
	return b, nil
}

// once is Request by a context that does not send again.
func (c *Client) once(ctx context.Context, b []byte) ([]byte, error) {
	k, err := c.req.NewContext()
	if err != nil {
		return nil, err
	}
	defer k.Close()
	if err := k.Set(gonng.WithResendTime(0)); err != nil {
		return nil, err
	}
	if err := k.Send(ctx, b); err != nil {
		return nil, err
	}
	return k.Recv(ctx)
}

// strangeReply says why a reply was not understood.
func strangeReply(b []byte, why error) *Error {
	e := &Error{Code: CodeInternal, Message: fmt.Sprintf("the reply makes no sense: %v", why), cause: gonng.ErrProtocol}
	_, otherVersion := errors.AsType[versionError](why)
	switch {
	case errors.Is(why, errEcho):
		e.Code, e.Message = CodeUnimplemented, "the peer does not speak rpc: it sends requests back"
	case errors.Is(why, errStranger):
		e.Code, e.Message = CodeUnimplemented, fmt.Sprintf("the peer does not speak rpc: its reply begins with %q", b[:min(len(b), 40)])
	case otherVersion:
		e.Code = CodeUnimplemented
	}
	return e
}

// buffer holds a request while it is made and sent.
type buffer struct{ b []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// maxKept is the size of the largest buffer that is used again, so that one large
// request does not keep its memory in use for ever.
const maxKept = 64 << 10

func (buf *buffer) free() {
	if cap(buf.b) <= maxKept {
		buffers.Put(buf)
	}
}

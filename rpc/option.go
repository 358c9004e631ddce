package rpc

import (
	"context"
	"slices"
)

// Option is an option for NewServer and NewClient.
type Option interface{ forEnd(*config) }

type option func(*config)

func (o option) forEnd(c *config) { o(c) }

// config is what can be set on a Server and on a Client.
type config struct {
	codec        Codec
	propagator   Propagator
	interceptors []Interceptor
}

func newConfig(opts []Option) config {
	c := config{codec: JSON{}}
	for _, o := range opts {
		if o == nil {
			panic("gonng: rpc.NewServer, rpc.NewClient: an option is nil")
		}
		o.forEnd(&c)
	}
	return c
}

// WithCodec is how arguments and results become bytes. Both ends must have the same.
// Default: [JSON]. It panics for nil.
func WithCodec(c Codec) Option {
	if c == nil {
		panic("gonng: rpc.WithCodec: the codec is nil")
	}
	return option(func(cfg *config) { cfg.codec = c })
}

// WithPropagator has p carry what is in the context of the caller to the method, if both
// ends have it. Default: none. It panics for nil.
func WithPropagator(p Propagator) Option {
	if p == nil {
		panic("gonng: rpc.WithPropagator: the propagator is nil")
	}
	return option(func(cfg *config) { cfg.propagator = p })
}

// Interceptor is a function around each call, of a Client or of a Server: for logs,
// metrics, authentication, recovery. It calls next, which is the rest of the call, with
// ctx or one that it has made of it, and returns the error of next or another; or it
// returns without calling next. It may call next again when that has returned, but not
// twice at the same time.
//
// Around a method ctx has IncomingHeader, IncomingPipe and SetReplyHeader, and the
// arguments are decoded in next. A call of an unknown method passes it, too; one that is
// no rpc request does not. When it returns nil without calling next, the result is nil,
// which [JSON] encodes as null. A panic passes it on its way to the Server, which makes
// it CodeInternal.
//
// Around a call of a Client ctx has OutgoingHeader. When it returns nil without calling
// next, the result of the call is the zero value.
type Interceptor func(ctx context.Context, method string, next func(context.Context) error) error

// WithInterceptor adds interceptors. The first is the outermost, and those of an option
// before are outside of these. Default: none. It panics for nil.
func WithInterceptor(list ...Interceptor) Option {
	if slices.ContainsFunc(list, func(i Interceptor) bool { return i == nil }) {
		panic("gonng: rpc.WithInterceptor: an interceptor is nil")
	}
	return option(func(cfg *config) { cfg.interceptors = append(cfg.interceptors, list...) })
}

// intercept calls call with the interceptors around it.
func intercept(ctx context.Context, list []Interceptor, method string, call func(context.Context) error) error {
	if len(list) == 0 {
		return call(ctx)
	}
	return list[0](ctx, method, func(ctx context.Context) error { return intercept(ctx, list[1:], method, call) })
}

package rpc

import (
	"context"
	"maps"
	"slices"

	"github.com/gonng/gonng"
)

// Header is what travels beside a request or a reply: up to 64 keys of 1 to 255 bytes
// with their values, together up to 8 KiB (3 bytes for each count, too). Keys are
// compared byte by byte.
type Header map[string]string

// Get is the value of key, or "".
func (h Header) Get(key string) string { return h[key] }

// Set sets the value of key. It panics for a Header that is nil.
func (h Header) Set(key, value string) { h[key] = value }

// Keys is the keys, in order.
func (h Header) Keys() []string { return slices.Sorted(maps.Keys(h)) }

// Propagator carries what is in a context, such as the span of a trace, in headers from
// the caller to the method. A Header has the methods of OpenTelemetry's
// propagation.TextMapCarrier, so that its TextMapPropagator needs two lines to be one.
type Propagator interface {
	// Inject adds to h what is to travel of ctx. A Client calls it last, with the ctx
	// that the interceptors have passed on.
	Inject(ctx context.Context, h Header)
	// Extract returns ctx with what h has. A Server calls it before the interceptors. It
	// must not change h, which may be nil.
	Extract(ctx context.Context, h Header) context.Context
}

type (
	incomingKey struct{} // of the *incoming of a ctx
	outgoingKey struct{} // of the Header of a ctx
)

// IncomingHeader is the headers of the request, in a method or an interceptor of a
// Server that got ctx; elsewhere nil. It belongs to the request: do not change it.
func IncomingHeader(ctx context.Context) Header {
	if c, ok := ctx.Value(incomingKey{}).(*incoming); ok {
		return c.header
	}
	return nil
}

// IncomingPipe is the connection that the request came by, in a method or an interceptor
// of a Server that got ctx: its [gonng.Pipe.TLS] and [gonng.Pipe.PeerCred] say who
// asks. Elsewhere it is nil.
func IncomingPipe(ctx context.Context) *gonng.Pipe {
	if c, ok := ctx.Value(incomingKey{}).(*incoming); ok {
		return c.pipe
	}
	return nil
}

// SetReplyHeader sets a header of the reply, in a method or an interceptor of a Server
// that got ctx, from any goroutine until the method has returned; an error has it, too.
// Elsewhere and later it does nothing. Headers above the limits of [Header] make the
// reply an error with CodeInternal.
func SetReplyHeader(ctx context.Context, key, value string) {
	if c, ok := ctx.Value(incomingKey{}).(*incoming); ok {
		c.headerMu.Lock()
		defer c.headerMu.Unlock()
		if c.replyHeader == nil {
			c.replyHeader = make(Header)
		}
		c.replyHeader[key] = value
	}
}

// OutgoingHeader is the headers that the request will have, in an interceptor of a
// Client that got ctx, which may change them before it calls next. Elsewhere it is nil.
func OutgoingHeader(ctx context.Context) Header {
	h, _ := ctx.Value(outgoingKey{}).(Header)
	return h
}

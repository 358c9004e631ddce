// Package otelgonng connects gonng to OpenTelemetry.
//
// Traces of package rpc: the propagator carries the trace of the caller to the method, and
// the interceptor makes a span at each end. Both ends have both:
//
//	s := rpc.NewServer(rpc.WithPropagator(otelgonng.Propagator{}), rpc.WithInterceptor(otelgonng.Spans(provider)))
//	c := rpc.NewClient(req, rpc.WithPropagator(otelgonng.Propagator{}), rpc.WithInterceptor(otelgonng.Spans(provider)))
//
// The span of the method is then a child of the span of the call, which is a child of the
// span in the ctx of [rpc.Call].
//
// Metrics: [Register] exports the counters of all sockets.
package otelgonng

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/gonng/gonng/rpc"
)

// Propagator carries the trace in a context from the caller of an rpc method to the method,
// for [rpc.WithPropagator]. It makes no spans: [Spans] does, or the program.
type Propagator struct {
	// Format is the form in which it travels. nil: that of W3C, the headers traceparent,
	// tracestate and baggage, whatever otel.SetTextMapPropagator was given.
	Format propagation.TextMapPropagator
}

var w3c = propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})

func (p Propagator) format() propagation.TextMapPropagator {
	if p.Format == nil {
		return w3c
	}
	return p.Format
}

// Inject implements [rpc.Propagator].
func (p Propagator) Inject(ctx context.Context, h rpc.Header) { p.format().Inject(ctx, h) }

// Extract implements [rpc.Propagator].
func (p Propagator) Extract(ctx context.Context, h rpc.Header) context.Context {
	return p.format().Extract(ctx, h)
}

// Spans makes a span around each call, for [rpc.WithInterceptor]: of kind client around a
// call of an [rpc.Client], of kind server around a method of an [rpc.Server]. Its name is the
// method, its attributes are rpc.system.name (gonng), rpc.method, rpc.response.status_code
// (such as NotFound) and, at the server, network.peer.address. A failed call has the status
// Error; at the server only one that is the server's fault. provider nil: that of
// otel.SetTracerProvider.
func Spans(provider trace.TracerProvider) rpc.Interceptor {
	if provider == nil {
		provider = otel.GetTracerProvider()
	}
	tracer := provider.Tracer("github.com/gonng/gonng/contrib/otelgonng")
	return func(ctx context.Context, method string, next func(context.Context) error) error {
		kind := trace.SpanKindServer
		if rpc.OutgoingHeader(ctx) != nil {
			kind = trace.SpanKindClient
		}
		ctx, span := tracer.Start(ctx, method, trace.WithSpanKind(kind),
			trace.WithAttributes(attribute.String("rpc.system.name", "gonng"), attribute.String("rpc.method", method)))
		defer span.End() // it notes a panic, and lets it pass
		if p := rpc.IncomingPipe(ctx); kind == trace.SpanKindServer && p != nil {
			span.SetAttributes(attribute.String("network.peer.address", p.RemoteAddr().String()))
		}
		panicked := true
		defer func() {
			if panicked {
				span.SetStatus(codes.Error, "panic")
				span.SetAttributes(attribute.String("rpc.response.status_code", rpc.CodeInternal.String()))
			}
		}()
		err := next(ctx)
		panicked = false
		code := rpc.CodeOf(err)
		span.SetAttributes(attribute.String("rpc.response.status_code", code.String()))
		if err != nil && (kind == trace.SpanKindClient || faultOfServer(code)) {
			span.RecordError(err)
			span.SetStatus(codes.Error, err.Error())
		}
		return err
	}
}

// faultOfServer reports whether a method that fails with the code has a fault, and not its
// caller. The choice is that of OpenTelemetry's conventions for gRPC.
func faultOfServer(c rpc.Code) bool {
	switch c {
	case rpc.CodeUnknown, rpc.CodeDeadlineExceeded, rpc.CodeUnimplemented, rpc.CodeInternal, rpc.CodeUnavailable, rpc.CodeDataLoss:
		return true
	}
	return false
}

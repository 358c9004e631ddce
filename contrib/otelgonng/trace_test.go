package otelgonng_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/contrib/otelgonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/rpc"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start serves s over tcp, and connects a client to it. end ends the server, when all that it
// does for a call is done.
func start(t *testing.T, s *rpc.Server, opts ...rpc.Option) (c *rpc.Client, end func()) {
	rep, err := gonng.NewRep0(gonng.WithListen("tcp://127.0.0.1:0"))
	check(t, err)
	ended := make(chan error, 1)
	go func() { ended <- rep.Serve(context.Background(), s.Serve) }()
	req, err := gonng.NewReq0(gonng.WithDial(rep.ListenURL()))
	check(t, err)
	return rpc.NewClient(req, opts...), func() {
		check(t, req.Close())
		check(t, rep.Shutdown(gonngtest.Context(t, gonngtest.Timeout)))
		check(t, <-ended)
	}
}

// recorder is a provider of tracers, and what they have recorded.
func recorder() (*sdk.TracerProvider, *tracetest.SpanRecorder) {
	spans := tracetest.NewSpanRecorder()
	return sdk.NewTracerProvider(sdk.WithSpanProcessor(spans)), spans
}

// attributeOf is the text of an attribute, or "".
func attributeOf(s sdk.ReadOnlySpan, key attribute.Key) string {
	for _, a := range s.Attributes() {
		if a.Key == key {
			return a.Value.AsString()
		}
	}
	return ""
}

// spansByKind are the last span of each kind.
func spansByKind(recorded *tracetest.SpanRecorder) map[trace.SpanKind]sdk.ReadOnlySpan {
	byKind := make(map[trace.SpanKind]sdk.ReadOnlySpan)
	for _, s := range recorded.Ended() {
		byKind[s.SpanKind()] = s
	}
	return byKind
}

// TestOneTrace: the program's span, the one of the call, the one of the method and the one
// that the method makes are one trace, each the child of the one before, though each end has
// a provider of its own.
func TestOneTrace(t *testing.T) {
	gonngtest.NoLeaks(t)
	callers, called := recorder()
	servers, served := recorder()
	s := rpc.NewServer(rpc.WithPropagator(otelgonng.Propagator{}), rpc.WithInterceptor(otelgonng.Spans(servers)))
	rpc.Handle(s, "greet", func(ctx context.Context, name string) (string, error) {
		_, inner := servers.Tracer("test").Start(ctx, "inner")
		defer inner.End()
		return "hello, " + name + baggage.FromContext(ctx).Member("from").Value(), nil
	})
	c, end := start(t, s, rpc.WithPropagator(otelgonng.Propagator{}), rpc.WithInterceptor(otelgonng.Spans(callers)))

	member, err := baggage.NewMember("from", "-over-there")
	check(t, err)
	bag, err := baggage.New(member)
	check(t, err)
	ctx, outer := callers.Tracer("test").Start(baggage.ContextWithBaggage(gonngtest.Context(t, gonngtest.Timeout), bag), "outer")
	out, err := rpc.Call[string](ctx, c, "greet", "world")
	check(t, err)
	outer.End()
	end()
	if out != "hello, world-over-there" {
		t.Errorf("the result is %q", out)
	}

	parent := trace.SpanContext{}
	var all []sdk.ReadOnlySpan
	all = append(append(all, called.Ended()...), served.Ended()...)
	for _, want := range []struct {
		name string
		kind trace.SpanKind
	}{{"outer", trace.SpanKindInternal}, {"greet", trace.SpanKindClient}, {"greet", trace.SpanKindServer}, {"inner", trace.SpanKindInternal}} {
		var got sdk.ReadOnlySpan
		for _, s := range all {
			if s.Name() == want.name && s.SpanKind() == want.kind {
				got = s
			}
		}
		if got == nil {
			t.Fatalf("there is no span %v among %d", want, len(all))
		}
		if got.Parent().SpanID() != parent.SpanID() || parent.IsValid() && got.SpanContext().TraceID() != parent.TraceID() {
			t.Errorf("the span %v has the parent %v of %v, want %v of %v", want, got.Parent().SpanID(), got.SpanContext().TraceID(), parent.SpanID(), parent.TraceID())
		}
		if want.name == "greet" {
			if attributeOf(got, "rpc.system.name") != "gonng" || attributeOf(got, "rpc.method") != "greet" ||
				attributeOf(got, "rpc.response.status_code") != "OK" || got.Status().Code != codes.Unset {
				t.Errorf("the span %v has %v and the status %v", want, got.Attributes(), got.Status())
			}
			if peer := attributeOf(got, "network.peer.address"); strings.HasPrefix(peer, "127.0.0.1:") != (want.kind == trace.SpanKindServer) {
				t.Errorf("the span %v has the peer %q", want, peer)
			}
		}
		parent = got.SpanContext()
	}
	if len(all) != 4 {
		t.Errorf("there are %d spans", len(all))
	}
}

// TestTraceparent: without spans of gonng's, the trace of the caller is in the ctx of the
// method, and its header is readable.
func TestTraceparent(t *testing.T) {
	gonngtest.NoLeaks(t)
	for name, p := range map[string]otelgonng.Propagator{"W3C": {}, "given": {Format: propagation.TraceContext{}}} {
		t.Run(name, func(t *testing.T) {
			provider, _ := recorder()
			s := rpc.NewServer(rpc.WithPropagator(p))
			rpc.Handle(s, "trace", func(ctx context.Context, _ struct{}) ([]string, error) {
				in := trace.SpanContextFromContext(ctx)
				remote := "local"
				if in.IsRemote() {
					remote = "remote"
				}
				return []string{in.TraceID().String(), in.SpanID().String(), remote, rpc.IncomingHeader(ctx).Get("traceparent")}, nil
			})
			c, end := start(t, s, rpc.WithPropagator(p))
			defer end()
			ctx, span := provider.Tracer("test").Start(gonngtest.Context(t, gonngtest.Timeout), "caller")
			defer span.End()
			got, err := rpc.Call[[]string](ctx, c, "trace", struct{}{})
			check(t, err)
			of := span.SpanContext()
			want := []string{of.TraceID().String(), of.SpanID().String(), "remote", "00-" + of.TraceID().String() + "-" + of.SpanID().String() + "-01"}
			for i := range want {
				if got[i] != want[i] {
					t.Errorf("got %q, want %q", got[i], want[i])
				}
			}
			// Without a trace nothing travels.
			got, err = rpc.Call[[]string](gonngtest.Context(t, gonngtest.Timeout), c, "trace", struct{}{})
			check(t, err)
			if got[2] != "local" || got[3] != "" {
				t.Errorf("without a trace the method has %q", got)
			}
		})
	}
}

// TestSpansOfFailures: the status and the code of calls that fail, at both ends.
func TestSpansOfFailures(t *testing.T) {
	gonngtest.NoLeaks(t)
	for method, want := range map[string]struct {
		code   string
		server codes.Code
	}{
		"not found": {"NotFound", codes.Unset},
		"fails":     {"Unknown", codes.Error},
		"panics":    {"Internal", codes.Error},
		"missing":   {"Unimplemented", codes.Error},
	} {
		t.Run(method, func(t *testing.T) {
			callers, called := recorder()
			servers, served := recorder()
			s := rpc.NewServer(rpc.WithPropagator(otelgonng.Propagator{}), rpc.WithInterceptor(otelgonng.Spans(servers)))
			rpc.Handle(s, "not found", func(context.Context, struct{}) (struct{}, error) {
				return struct{}{}, rpc.Errorf(rpc.CodeNotFound, "no such thing")
			})
			rpc.Handle(s, "fails", func(context.Context, struct{}) (struct{}, error) {
				return struct{}{}, errors.New("for whatever reason")
			})
			rpc.Handle(s, "panics", func(context.Context, struct{}) (struct{}, error) { panic("on purpose") })
			c, end := start(t, s, rpc.WithPropagator(otelgonng.Propagator{}), rpc.WithInterceptor(otelgonng.Spans(callers)))
			_, err := rpc.Call[struct{}](gonngtest.Context(t, gonngtest.Timeout), c, method, struct{}{})
			if err == nil {
				t.Error("the call has not failed")
			}
			end()
			client, server := spansByKind(called)[trace.SpanKindClient], spansByKind(served)[trace.SpanKindServer]
			if client == nil || server == nil || server.Parent().SpanID() != client.SpanContext().SpanID() {
				t.Fatalf("the spans are %v and %v", client, server)
			}
			if got := attributeOf(client, "rpc.response.status_code"); got != want.code || client.Status().Code != codes.Error {
				t.Errorf("the call has the code %s and the status %v", got, client.Status())
			}
			if got := attributeOf(server, "rpc.response.status_code"); got != want.code || server.Status().Code != want.server {
				t.Errorf("the method has the code %s and the status %v", got, server.Status())
			}
			if method == "panics" && len(server.Events()) != 1 {
				t.Errorf("the span of the panic has the events %v", server.Events())
			}
		})
	}
}

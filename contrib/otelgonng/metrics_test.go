package otelgonng_test

import (
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/contrib/otelgonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/internal/metrics"
)

// TestAllExported: each metric that there is has an instrument with its unit, and of each
// socket a value with its attributes; that each counter has a metric, the test of the
// package of metrics says.
func TestAllExported(t *testing.T) {
	gonngtest.NoLeaks(t)
	pull, err := gonng.NewPull0(gonng.WithName("work"), gonng.WithListen("inproc://otel"))
	check(t, err)
	defer pull.Close()
	push, err := gonng.NewPush0(gonng.WithDial("inproc://otel"))
	check(t, err)
	defer push.Close()
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	check(t, push.Send(ctx, []byte("message")))
	_, err = pull.Recv(ctx)
	check(t, err)

	reader := sdk.NewManualReader()
	check(t, otelgonng.Register(sdk.NewMeterProvider(sdk.WithReader(reader))))
	var all metricdata.ResourceMetrics
	check(t, reader.Collect(ctx, &all))
	found := make(map[string]metricdata.Metrics)
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			found[m.Name] = m
		}
	}
	for _, m := range metrics.Socket() {
		got, ok := found["gonng."+m.Name]
		if !ok {
			t.Errorf("gonng.%s is not exported", m.Name)
			continue
		}
		if got.Unit != m.Unit || got.Description != m.Help {
			t.Errorf("%s has the unit %q and the description %q", got.Name, got.Unit, got.Description)
		}
		var points []metricdata.DataPoint[int64]
		switch data := got.Data.(type) {
		case metricdata.Gauge[int64]:
			points = data.DataPoints
			if !m.Gauge {
				t.Errorf("%s is a gauge", m.Name)
			}
		case metricdata.Sum[int64]:
			points = data.DataPoints
			if m.Gauge || !data.IsMonotonic {
				t.Errorf("%s is a sum, monotonic: %t", m.Name, data.IsMonotonic)
			}
		}
		for _, s := range []gonng.Socket{push, pull} {
			stats := s.Stats()
			if v, ok := value(points, s, m.Label, m.Value); !ok || v != int64(m.Of(&stats)) {
				t.Errorf("%s %s=%q of %s is %d (%t), want %d", m.Name, m.Label, m.Value, s.Name(), v, ok, m.Of(&stats))
			}
		}
	}
	if v, _ := value(found["gonng.messages"].Data.(metricdata.Sum[int64]).DataPoints, pull, "direction", "received"); v != 1 {
		t.Errorf("%d messages were received, want 1", v)
	}
}

// value is that of a socket with a label; "": without.
func value(points []metricdata.DataPoint[int64], s gonng.Socket, label, want string) (int64, bool) {
	for _, p := range points {
		name, _ := p.Attributes.Value("socket")
		protocol, _ := p.Attributes.Value("protocol")
		by, labelled := p.Attributes.Value(attribute.Key(label))
		_, id := p.Attributes.Value("socket_id")
		if id && name.AsString() == s.Name() && protocol.AsString() == s.Protocol().String() &&
			labelled == (label != "") && (!labelled || by.AsString() == want) {
			return p.Value, true
		}
	}
	return 0, false
}

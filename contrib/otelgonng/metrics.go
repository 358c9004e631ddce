package otelgonng

import (
	"context"
	"strconv"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/internal/metrics"
)

// Register exports the counters of all sockets of this process, now and later, to the
// provider; nil: that of otel.SetMeterProvider. The names of the instruments begin with
// gonng., such as gonng.messages and gonng.dropped. Their attributes are socket (its name,
// see [gonng.WithName]), socket_id and protocol, and what the instrument counts by:
// direction, reason, queue.
//
// The instruments are observable: nothing is done but while a reader collects, and they are
// there until the provider is shut down. Register once for each provider; twice, each value
// would be observed twice. The error is that of the provider.
func Register(provider metric.MeterProvider) error {
	if provider == nil {
		provider = otel.GetMeterProvider()
	}
	meter := provider.Meter("github.com/gonng/gonng/contrib/otelgonng")
	list := metrics.Socket()
	var all []metric.Observable // each name once
	instruments := make(map[string]metric.Int64Observable)
	for _, m := range list {
		if instruments[m.Name] != nil {
			continue
		}
		i, err := instrument(meter, m)
		if err != nil {
			return err
		}
		instruments[m.Name] = i
		all = append(all, i)
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for _, s := range gonng.Sockets() {
			common := []attribute.KeyValue{
				attribute.String("socket", metrics.Text(s.Name())),
				attribute.String("socket_id", strconv.FormatUint(uint64(s.ID()), 10)),
				attribute.String("protocol", s.Protocol().String()),
			}
			stats := s.Stats()
			for _, m := range list {
				own := common[:len(common):len(common)]
				if m.Label != "" {
					own = append(own, attribute.String(m.Label, m.Value))
				}
				o.ObserveInt64(instruments[m.Name], int64(m.Of(&stats)), metric.WithAttributes(own...))
			}
		}
		return nil
	}, all...)
	return err
}

// instrument makes the instrument of a metric: a gauge, or a counter.
func instrument(meter metric.Meter, m metrics.Metric[gonng.Stats]) (metric.Int64Observable, error) {
	name, unit, help := "gonng."+m.Name, metric.WithUnit(m.Unit), metric.WithDescription(m.Help)
	if m.Gauge {
		return meter.Int64ObservableGauge(name, unit, help)
	}
	return meter.Int64ObservableCounter(name, unit, help)
}

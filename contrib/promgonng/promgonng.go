// Package promgonng exports the counters of gonng's sockets to Prometheus.
//
//	prometheus.MustRegister(promgonng.NewCollector())
//
// The metrics begin with gonng_; contrib/grafana has a dashboard for them. Their labels are
// socket (its name, see gonng.WithName), socket_id and protocol, and what the metric counts
// by: direction, reason, queue. So there are as many series as there are sockets: give
// sockets that live short to one collector only, or to none (see [Only]). Peers are no
// labels unless [WithPeers] asks for it.
//
// gonng_dropped_total counts messages that were lost, gonng_filtered_total those that no
// topic of a Sub0 matched, which is no loss. A collector does nothing but while it is
// collected from.
package promgonng

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/internal/metrics"
)

// Option is an option of [NewCollector].
type Option func(*collector)

// WithPeers adds metrics of each connected peer, which begin with gonng_peer_, with the
// labels pipe (its ID) and peer (its address). There are new series for each connection, so
// this is for sockets with few peers that stay.
func WithPeers() Option { return func(c *collector) { c.peers = true } }

// Only leaves out the sockets for which want returns false. Several goroutines may call it
// at the same time.
func Only(want func(gonng.Socket) bool) Option { return func(c *collector) { c.want = want } }

// collector implements prometheus.Collector.
type collector struct {
	peers bool
	want  func(gonng.Socket) bool

	socket  []series[gonng.Stats]
	pipe    []series[gonng.PipeStats]
	dialers *prometheus.Desc
}

// series is a metric with its description.
type series[S any] struct {
	metrics.Metric[S]
	desc *prometheus.Desc
}

var labels = []string{"socket", "socket_id", "protocol"}

// NewCollector returns a collector of all sockets of this process, now and later.
func NewCollector(opts ...Option) prometheus.Collector {
	c := &collector{
		socket: describe(metrics.Socket(), labels),
		pipe:   describe(metrics.Pipe(), append(labels, "pipe", "peer")),
		dialers: prometheus.NewDesc("gonng_dialer_pipes", "Connections of the dialers to a URL; 0: not connected.",
			append(labels, "url"), nil),
	}
	for _, o := range opts {
		o(c)
	}
	return c
}

func describe[S any](list []metrics.Metric[S], labels []string) []series[S] {
	all := make([]series[S], len(list))
	for i, m := range list {
		own := labels[:len(labels):len(labels)]
		if m.Label != "" {
			own = append(own, m.Label)
		}
		name := "gonng_" + m.Name
		if !m.Gauge {
			name += "_total"
		}
		all[i] = series[S]{m, prometheus.NewDesc(name, m.Help, own, nil)}
	}
	return all
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, s := range c.socket {
		out <- s.desc
	}
	out <- c.dialers
	if c.peers {
		for _, s := range c.pipe {
			out <- s.desc
		}
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	for _, s := range gonng.Sockets() {
		if c.want != nil && !c.want(s) {
			continue
		}
		values := []string{metrics.Text(s.Name()), strconv.FormatUint(uint64(s.ID()), 10), s.Protocol().String()}
		stats := s.Stats()
		collect(out, c.socket, &stats, values)
		connected := make(map[string]int) // a URL may be dialed twice
		for _, d := range s.Dialers() {
			connected[metrics.URL(d.URL())] += len(d.Pipes())
		}
		for url, n := range connected {
			out <- prometheus.MustNewConstMetric(c.dialers, prometheus.GaugeValue, float64(n), append(values[:3:3], url)...)
		}
		if !c.peers {
			continue
		}
		for _, p := range s.Pipes() {
			stats := p.Stats()
			collect(out, c.pipe, &stats, append(values[:3:3], strconv.FormatUint(uint64(p.ID()), 10), metrics.Text(p.RemoteAddr().String())))
		}
	}
}

func collect[S any](out chan<- prometheus.Metric, list []series[S], stats *S, values []string) {
	for _, s := range list {
		own := values[:len(values):len(values)]
		if s.Label != "" {
			own = append(own, s.Value)
		}
		kind := prometheus.CounterValue
		if s.Gauge {
			kind = prometheus.GaugeValue
		}
		out <- prometheus.MustNewConstMetric(s.desc, kind, float64(s.Of(stats)), own...)
	}
}

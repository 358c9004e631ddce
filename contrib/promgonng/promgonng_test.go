package promgonng_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/contrib/promgonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/internal/metrics"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

// sockets are a pusher and a puller, which have exchanged a message, and a second puller of
// the same name.
func sockets(t *testing.T) (push *gonng.Push0, pull *gonng.Pull0) {
	t.Helper()
	gonngtest.NoLeaks(t)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	pull, err := gonng.NewPull0(gonng.WithName("work"), gonng.WithListen("inproc://prom"))
	check(err)
	t.Cleanup(func() { pull.Close() })
	other, err := gonng.NewPull0(gonng.WithName("work"))
	check(err)
	t.Cleanup(func() { other.Close() })
	push, err = gonng.NewPush0(gonng.WithDial("inproc://prom"), gonng.WithDial("inproc://prom"))
	check(err)
	t.Cleanup(func() { push.Close() })
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	check(push.Send(ctx, []byte("message")))
	_, err = pull.Recv(ctx)
	check(err)
	return push, pull
}

func TestCollector(t *testing.T) {
	_, pull := sockets(t)
	c := promgonng.NewCollector(promgonng.WithPeers())
	problems, err := testutil.CollectAndLint(c)
	if err != nil || len(problems) > 0 {
		t.Errorf("the rules for names: %v %v", problems, err)
	}
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(c); err != nil {
		t.Fatal(err)
	}
	if n, err := testutil.GatherAndCount(registry, "gonng_messages_total"); err != nil || n != 3*2 {
		t.Errorf("there are %d series of three sockets and two directions: %v", n, err)
	}
	if n, err := testutil.GatherAndCount(registry, "gonng_peer_messages_total"); err != nil || n != 4*2 {
		t.Errorf("there are %d series of four pipes and two directions: %v", n, err)
	}
	only := promgonng.NewCollector(promgonng.Only(func(s gonng.Socket) bool { return s == pull }))
	if got, err := testutil.CollectAndFormat(only, expfmt.TypeTextPlain, "gonng_messages_total"); err != nil ||
		!strings.Contains(string(got), `direction="received",protocol="pull",socket="work"`) || !strings.Contains(string(got), "} 1\n") {
		t.Errorf("of one socket there is %s %v", got, err)
	}
	if n := testutil.CollectAndCount(only); n != len(metrics.Socket()) {
		t.Errorf("one socket without dialers has %d series, want %d and none of peers", n, len(metrics.Socket()))
	}
}

// TestNotUTF8: a name, a URL or an address that is not UTF-8 is exported nevertheless.
func TestNotUTF8(t *testing.T) {
	gonngtest.NoLeaks(t)
	pull, err := gonng.NewPull0(gonng.WithName("a\xffb"), gonng.WithListen("inproc://\xff"), gonng.WithDial("inproc://\xfe", gonng.WithDialMode(gonng.DialBackground)))
	if err != nil {
		t.Fatal(err)
	}
	defer pull.Close()
	push, err := gonng.NewPush0(gonng.WithDial("inproc://\xff"))
	if err != nil {
		t.Fatal(err)
	}
	defer push.Close()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(promgonng.NewCollector(promgonng.WithPeers())); err != nil {
		t.Fatal(err)
	}
	if _, err := registry.Gather(); err != nil {
		t.Error(err)
	}
}

// TestAllExported: each metric that there is has a series; that each counter has a metric,
// the test of the package of metrics says.
func TestAllExported(t *testing.T) {
	sockets(t)
	names := exported(t)
	for _, m := range metrics.Socket() {
		wantName(t, names, m.Name, m.Gauge)
	}
	for _, m := range metrics.Pipe() {
		wantName(t, names, m.Name, m.Gauge)
	}
}

func wantName(t *testing.T, names map[string]bool, name string, gauge bool) {
	t.Helper()
	name = "gonng_" + name
	if !gauge {
		name += "_total"
	}
	if !names[name] {
		t.Errorf("%s is not exported", name)
	}
}

// exported are the names of what is exported.
func exported(t *testing.T) map[string]bool {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(promgonng.NewCollector(promgonng.WithPeers()))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, f := range families {
		names[f.GetName()] = true
	}
	return names
}

// TestDashboard: the dashboard for Grafana asks only for metrics that there are.
func TestDashboard(t *testing.T) {
	sockets(t)
	names := exported(t)
	data, err := os.ReadFile("../grafana/gonng.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Title  string
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &dashboard); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			for _, name := range regexp.MustCompile(`gonng_\w+`).FindAllString(target.Expr, -1) {
				asked++
				if !names[name] {
					t.Errorf("the panel %q asks for %s, which is not exported", p.Title, name)
				}
			}
		}
	}
	if dashboard.Title == "" || asked < 8 {
		t.Errorf("the dashboard %q asks for %d metrics", dashboard.Title, asked)
	}
}

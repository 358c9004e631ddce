package dnstest_test

import (
	"errors"
	"net"
	"slices"
	"testing"

	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/internal/dnstest"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

// The standard resolver understands the server, and its failures.
func TestServer(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := dnstest.Start(t)
	s.Set("a.example", "127.0.0.1", "::1")
	s.SetSRV("_x._tcp.example", net.SRV{Target: "a.example.", Port: 5, Priority: 2}, net.SRV{Target: "b.example.", Port: 6, Priority: 1})
	ctx, r := gonngtest.Context(t, gonngtest.Timeout), s.Resolver()
	for network, want := range map[string]string{"ip4": "127.0.0.1", "ip6": "::1"} {
		got, err := r.LookupNetIP(ctx, network, "a.example")
		if err != nil || len(got) != 1 || got[0].Unmap().String() != want {
			t.Errorf("%s: %v, %v", network, got, err)
		}
	}
	_, services, err := r.LookupSRV(ctx, "", "", "_x._tcp.example")
	if err != nil || !slices.EqualFunc(services, []net.SRV{{Target: "b.example.", Port: 6, Priority: 1}, {Target: "a.example.", Port: 5, Priority: 2}},
		func(a *net.SRV, b net.SRV) bool { return *a == b }) {
		t.Errorf("SRV: %v, %v", services, err)
	}
	failure := func(what string, is func(*net.DNSError) bool) {
		t.Helper()
		_, err := r.LookupNetIP(ctx, "ip4", "a.example")
		var dns *net.DNSError
		if !errors.As(err, &dns) || !is(dns) {
			t.Errorf("%s: %v", what, err)
		}
	}
	s.SetMode(dnstest.Failing, dnstest.A)
	failure("failing", func(e *net.DNSError) bool { return e.IsTemporary && !e.IsNotFound })
	s.SetMode(dnstest.Silent, dnstest.A)
	failure("silent", func(e *net.DNSError) bool { return e.IsTimeout })
	s.SetMode(dnstest.Answering, dnstest.A)
	s.Remove("a.example")
	failure("removed", func(e *net.DNSError) bool { return e.IsNotFound })
	s.Set("a.example", "::1")
	failure("of another family", func(e *net.DNSError) bool { return e.IsNotFound })
}

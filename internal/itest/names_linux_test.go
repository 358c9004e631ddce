package itest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/internal/dnstest"
)

// The addresses of these tests are 127.0.0.1, 127.0.0.2 and so on, which only Linux has
// without ado.

const theName = "pool.example"

// neverAgain is the interval of dialers that are to look their name up once, or when the
// test says so.
const neverAgain = time.Hour

// shortly is the interval of dialers that are to follow their name.
const shortly = 20 * time.Millisecond

// replicas listens with one socket an address, at one port.
func replicas[T gonng.Socket, O any](t *testing.T, newSocket func(...O) (T, error), scheme, path string, addresses []string, opts ...gonng.ListenOption) (port string, list []T) {
	t.Helper()
	for range 100 {
		port = ""
		for _, a := range addresses {
			s := open(t, newSocket)
			l, err := s.Listen(testContext(t), scheme+"://"+net.JoinHostPort(a, cmpOr(port, "0"))+path, opts...)
			if errors.Is(err, gonng.ErrAddressInUse) {
				break
			}
			check(t, err)
			_, port, _ = net.SplitHostPort(l.Addr().String())
			list = append(list, s)
		}
		if len(list) == len(addresses) {
			return port, list
		}
		for _, s := range list {
			check(t, s.Close())
		}
		list = nil
	}
	t.Fatal("no port is free at all addresses")
	return "", nil
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func loopback(n int) string { return fmt.Sprintf("127.0.0.%d", n) }

// connected are the addresses that the dialer's pipes lead to, in order.
func connected(d *gonng.Dialer) (list []string) {
	for _, p := range d.Pipes() {
		list = append(list, p.RemoteAddr().(*net.TCPAddr).IP.String())
	}
	slices.Sort(list)
	return list
}

func waitConnected(t *testing.T, d *gonng.Dialer, want ...string) {
	t.Helper()
	gonngtest.Eventually(t, func() bool { return slices.Equal(connected(d), want) }, fmt.Sprint("the dialer is connected to ", want))
}

// byName dials a name by the resolver of the server.
func byName(t *testing.T, s gonng.Socket, dns *dnstest.Server, url string, interval time.Duration, opts ...gonng.DialOption) *gonng.Dialer {
	t.Helper()
	d, err := s.Dial(testContext(t), url, append(opts, gonng.WithResolver(dns.Resolver()), gonng.WithResolveInterval(interval))...)
	check(t, err)
	return d
}

// shares sends messages, and counts how many each of the pullers has got.
func shares(t *testing.T, push *gonng.Push0, messages int, pulls ...*gonng.Pull0) (got []int) {
	t.Helper()
	ctx := testContext(t)
	for range messages {
		check(t, push.Send(ctx, []byte("x")))
	}
	got = make([]int, len(pulls))
	gonngtest.Eventually(t, func() bool {
		sum := 0
		for i, p := range pulls {
			for {
				if _, err := p.TryRecv(); err != nil {
					break
				}
				got[i]++
			}
			sum += got[i]
		}
		return sum == messages
	}, "all messages have arrived")
	return got
}

// TestNameShares: two addresses get half each, three a third each, and the rest gets the
// share of one that is removed.
func TestNameShares(t *testing.T) {
	gonngtest.NoLeaks(t)
	dns := dnstest.Start(t)
	port, pulls := replicas(t, gonng.NewPull0, "tcp", "", []string{loopback(1), loopback(2), loopback(3)})
	dns.Set(theName, loopback(1), loopback(2), loopback(2), loopback(1)) // twice each, and connected to once
	push := open(t, gonng.NewPush0)
	d := byName(t, push, dns, "dns+tcp://"+theName+":"+port, shortly)
	waitConnected(t, d, loopback(1), loopback(2))
	if got := shares(t, push, 600, pulls...); !slices.Equal(got, []int{300, 300, 0}) {
		t.Errorf("two get %v", got)
	}
	before := dns.Queries(dnstest.A)
	dns.Set(theName, loopback(3), loopback(2), loopback(1))
	waitConnected(t, d, loopback(1), loopback(2), loopback(3))
	if n := dns.Queries(dnstest.A) - before; n < 1 {
		t.Errorf("connected after %d look-ups", n)
	}
	if got := shares(t, push, 600, pulls...); !slices.Equal(got, []int{200, 200, 200}) {
		t.Errorf("three get %v", got)
	}
	var after atomic.Int64
	push.OnPipe(gonng.PipeClosed, func(*gonng.Pipe) { after.Store(int64(dns.Queries(dnstest.A))) })
	before = dns.Queries(dnstest.A)
	dns.Set(theName, loopback(1), loopback(3))
	waitConnected(t, d, loopback(1), loopback(3))
	gonngtest.Eventually(t, func() bool { return after.Load() != 0 }, "the connection has ended")
	if n := int(after.Load()) - before; n < 3 {
		t.Errorf("the connection ended after %d look-ups", n)
	}
	if got := shares(t, push, 600, pulls...); !slices.Equal(got, []int{300, 0, 300}) {
		t.Errorf("the others get %v", got)
	}
	if d.LastError() != nil || d.URL() != push.Pipes()[0].URL() || push.Pipes()[0].Dialer() != d {
		t.Errorf("the dialer of %s says %v, its pipe has %s", d.URL(), d.LastError(), push.Pipes()[0].URL())
	}
}

// TestNameRetiresWithoutLoss: requests go on while an address is taken from the name and
// given back. None is sent twice, and all are answered.
func TestNameRetiresWithoutLoss(t *testing.T) {
	gonngtest.NoLeaks(t)
	dns := dnstest.Start(t)
	port, reps := replicas(t, gonng.NewRep0, "tcp", "", []string{loopback(1), loopback(2)})
	ctx, cancel := context.WithCancel(testContext(t))
	stop, pair := make(chan struct{}), make(chan struct{})
	var served sync.WaitGroup
	defer served.Wait()
	for _, rep := range reps {
		served.Go(func() {
			_ = rep.Serve(ctx, func(ctx context.Context, m *gonng.Message) ([]byte, error) {
				select { // in pairs, so that requests are always under way
				case pair <- struct{}{}:
				case <-pair:
				case <-stop:
				}
				return m.Bytes(), nil
			}, gonng.WithConcurrency(8))
		})
	}
	defer cancel()
	dns.Set(theName, loopback(1), loopback(2))
	req := open(t, gonng.NewReq0)
	d := byName(t, req, dns, "dns+tcp://"+theName+":"+port, shortly)
	waitConnected(t, d, loopback(1), loopback(2))

	var callers sync.WaitGroup
	var calls atomic.Int64
	for range 16 {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				want := fmt.Sprint(calls.Add(1))
				if got, err := req.Request(ctx, []byte(want)); err != nil || string(got) != want {
					t.Errorf("request %s: %q, %v", want, got, err)
					return
				}
			}
		})
	}
	for range 3 {
		dns.Set(theName, loopback(2))
		waitConnected(t, d, loopback(2))
		dns.Set(theName, loopback(1), loopback(2))
		waitConnected(t, d, loopback(1), loopback(2))
	}
	close(stop)
	callers.Wait()
	if st := req.Stats(); st.Resends != 0 || st.LateReplies != 0 || st.Unsent != 0 {
		t.Errorf("%d requests were sent again, %d replies were late, %d messages unsent", st.Resends, st.LateReplies, st.Unsent)
	}
}

// TestNameFailures: whatever becomes of the look-ups, what is connected stays, and nothing new
// is dialed; when the server is well again, the name is followed again.
func TestNameFailures(t *testing.T) {
	gonngtest.NoLeaks(t)
	all := []dnstest.Type{dnstest.A, dnstest.AAAA}
	for what, row := range map[string]struct {
		query dnstest.Type
		fail  func(*dnstest.Server)
	}{
		"the server is silent":         {dnstest.A, func(s *dnstest.Server) { s.Set(theName, loopback(2)); s.SetMode(dnstest.Silent, all...) }},
		"the server fails":             {dnstest.A, func(s *dnstest.Server) { s.Set(theName, loopback(2)); s.SetMode(dnstest.Failing, all...) }},
		"A is silent, AAAA is not":     {dnstest.A, func(s *dnstest.Server) { s.Set(theName, loopback(2), "::1"); s.SetMode(dnstest.Silent, dnstest.A) }},
		"A is not there, AAAA silent":  {dnstest.AAAA, func(s *dnstest.Server) { s.Set(theName); s.SetMode(dnstest.Silent, dnstest.AAAA) }},
		"A is not there, AAAA fails":   {dnstest.AAAA, func(s *dnstest.Server) { s.Set(theName); s.SetMode(dnstest.Failing, dnstest.AAAA) }},
		"the name vanishes":            {dnstest.AAAA, func(s *dnstest.Server) { s.Remove(theName) }},
		"the name has no address":      {dnstest.AAAA, func(s *dnstest.Server) { s.Set(theName) }},
		"AAAA is silent, A as before":  {dnstest.A, func(s *dnstest.Server) { s.SetMode(dnstest.Silent, dnstest.AAAA) }},
		"AAAA comes in addition":       {dnstest.A, func(s *dnstest.Server) { s.Set(theName, loopback(1), "::1") }},
		"the address comes in a crowd": {dnstest.A, func(s *dnstest.Server) { s.Set(theName, slices.Repeat([]string{loopback(1)}, 20)...) }},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			dns := dnstest.Start(t)
			port, pulls := replicas(t, gonng.NewPull0, "tcp", "", []string{loopback(1), loopback(2)})
			dns.Set(theName, loopback(1))
			push := open(t, gonng.NewPush0)
			d := byName(t, push, dns, "dns+tcp://"+theName+":"+port, shortly)
			waitConnected(t, d, loopback(1))
			row.fail(dns)
			dns.WaitQueries(testContext(t), t, row.query, 7) // each look-up asks a silent server two times
			if st := push.Stats(); st.Connects != 1 || len(push.Pipes()) != 1 {
				t.Errorf("%d connections were made, there is %v", st.Connects, connected(d))
			}
			if got := shares(t, push, 10, pulls...); got[0] != 10 {
				t.Errorf("the messages went to %v", got)
			}
			dns.SetMode(dnstest.Answering, all...)
			dns.Set(theName, loopback(1), loopback(2))
			waitConnected(t, d, loopback(1), loopback(2))
			gonngtest.Eventually(t, func() bool { return d.LastError() == nil }, "the dialer has no error")
		})
	}
}

// TestNameFamily: IPv4 where there is any, and the scheme decides.
func TestNameFamily(t *testing.T) {
	gonngtest.NoLeaks(t)
	dns := dnstest.Start(t)
	port, _ := replicas(t, gonng.NewPub0, "tcp", "", []string{"::1", loopback(1), loopback(2)})
	for _, row := range []struct {
		scheme          string
		addresses, want []string
	}{
		{"dns+tcp", []string{"::1", loopback(1)}, []string{loopback(1)}},
		{"dns+tcp", []string{"::1"}, []string{"::1"}},
		{"dns+tcp4", []string{"::1", loopback(2)}, []string{loopback(2)}},
		{"dns+tcp6", []string{"::1", loopback(1)}, []string{"::1"}},
	} {
		dns.Set(theName, row.addresses...)
		d := byName(t, open(t, gonng.NewSub0), dns, row.scheme+"://"+theName+":"+port, neverAgain, gonng.WithDialMode(gonng.DialWait))
		if got := connected(d); !slices.Equal(got, row.want) {
			t.Errorf("%s with %v is connected to %v", row.scheme, row.addresses, got)
		}
		check(t, d.Close())
	}
	for _, host := range []string{loopback(1), "[::1]"} { // a name need not be one
		d := byName(t, open(t, gonng.NewSub0), dns, "dns+tcp://"+host+":"+port, neverAgain, gonng.WithDialMode(gonng.DialWait))
		if got := connected(d); !slices.Equal(got, []string{strings.Trim(host, "[]")}) {
			t.Errorf("%s: connected to %v", host, got)
		}
	}
	// A name moves from one family to the other.
	sub := open(t, gonng.NewSub0)
	dns.Set(theName, "::1")
	d := byName(t, sub, dns, "dns+tcp://"+theName+":"+port, shortly)
	waitConnected(t, d, "::1")
	dns.Set(theName, "::1", loopback(1), loopback(2))
	waitConnected(t, d, loopback(1), loopback(2))
}

// TestServiceRecords: the targets of the lowest priority are dialed, each at its port.
func TestServiceRecords(t *testing.T) {
	gonngtest.NoLeaks(t)
	const service = "_work._tcp." + theName
	dns := dnstest.Start(t)
	var records []net.SRV
	for i, priority := range []uint16{2, 1, 1} {
		port, _ := replicas(t, gonng.NewPull0, "tcp", "", []string{loopback(i + 1)})
		target := fmt.Sprintf("%d.%s", i+1, theName)
		dns.Set(target, loopback(i+1))
		records = append(records, net.SRV{Target: target + ".", Port: parsePort(t, port), Priority: priority})
	}
	dns.SetSRV(service, records...)
	d := byName(t, open(t, gonng.NewPush0), dns, "dnssrv+tcp://"+service, shortly, gonng.WithDialMode(gonng.DialWait))
	waitConnected(t, d, loopback(2), loopback(3))
	// One of two look-ups fails: what the other finds is dialed, and nothing is retired.
	dns.Remove("3." + theName)
	dns.WaitQueries(testContext(t), t, dnstest.SRV, 1)
	dns.SetSRV(service, records[0]) // the others have gone
	waitConnected(t, d, loopback(1))
}

func parsePort(t *testing.T, text string) uint16 {
	t.Helper()
	var port uint16
	_, err := fmt.Sscan(text, &port)
	check(t, err)
	return port
}

// TestNameInHandshake: the certificate and the header Host are of the name.
func TestNameInHandshake(t *testing.T) {
	gonngtest.NoLeaks(t)
	ca := gonngtest.NewCA(t)
	cert := ca.Issue(t, func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{theName}, nil })
	client := gonng.WithTLS(&tls.Config{RootCAs: ca.Pool, MinVersion: tls.VersionTLS12})
	for _, scheme := range []string{"tls+tcp", "ws", "wss"} {
		for _, srv := range []bool{false, true} {
			t.Run(fmt.Sprint(scheme, srv), func(t *testing.T) {
				dns := dnstest.Start(t)
				var listenOptions []gonng.ListenOption
				dialOptions := []gonng.DialOption{gonng.WithDialMode(gonng.DialWait)}
				path := ""
				if scheme != "ws" {
					listenOptions = append(listenOptions, gonng.WithTLS(&tls.Config{Certificates: []tls.Certificate{cert.TLS()}}))
					dialOptions = append(dialOptions, client)
				}
				if scheme != "tls+tcp" {
					path = "/a/b"
				}
				port, reps := replicas(t, gonng.NewRep0, scheme, path, []string{loopback(1), loopback(2)}, listenOptions...)
				url := "dns+" + scheme + "://" + theName + ":" + port + path
				dns.Set(theName, loopback(1), loopback(2))
				if srv {
					url = "dnssrv+" + scheme + "://_x._tcp." + theName + path
					dns.SetSRV("_x._tcp."+theName, net.SRV{Target: "elsewhere.example.", Port: parsePort(t, port)})
					dns.Set("elsewhere.example", loopback(1), loopback(2))
				}
				d := byName(t, open(t, gonng.NewReq0), dns, url, neverAgain, dialOptions...)
				waitConnected(t, d, loopback(1), loopback(2))
				if scheme == "tls+tcp" {
					return
				}
				for _, rep := range reps {
					waitPeers(t, rep, 1)
					if host := rep.Pipes()[0].HTTPRequest().Host; host != theName+":"+port {
						t.Errorf("the request is for %s", host)
					}
				}
			})
		}
	}
}

// TestNameOutcome: what Dial returns when some or all addresses fail.
func TestNameOutcome(t *testing.T) {
	gonngtest.NoLeaks(t)
	dns := dnstest.Start(t)
	port, _ := replicas(t, gonng.NewPull0, "tcp", "", []string{loopback(1)})
	url := "dns+tcp://" + theName + ":" + port
	dial := func(mode gonng.DialMode) (*gonng.Push0, *gonng.Dialer, error) {
		push := open(t, gonng.NewPush0, gonng.WithLogger(optionLogger))
		d, err := push.Dial(testContext(t), url, gonng.WithResolver(dns.Resolver()), gonng.WithDialMode(mode),
			gonng.WithReconnectTime(time.Millisecond, 0), gonng.WithResolveInterval(shortly))
		return push, d, err
	}
	push, _, err := dial(gonng.DialWait)
	want(t, err, gonng.ErrUnreachable)
	wantText(t, err.Error(), url, "no address")
	if len(push.Dialers()) != 0 {
		t.Error("the dialer of a name without addresses is left")
	}
	_, early, err := dial(gonng.DialRetry)
	check(t, err)
	gonngtest.Eventually(t, func() bool { return early.Stats().ConnectFailures > 2 && !early.NextAttempt().IsZero() }, "look-ups fail")
	want(t, early.LastError(), gonng.ErrUnreachable)

	dns.Set(theName, loopback(7)) // where nobody listens
	_, _, err = dial(gonng.DialWait)
	want(t, err, gonng.ErrConnectionRefused)
	gonngtest.Eventually(t, func() bool { return errors.Is(early.LastError(), gonng.ErrConnectionRefused) }, "the address of the name refuses")

	dns.Set(theName, loopback(1), loopback(7))
	push, d, err := dial(gonng.DialWait)
	check(t, err)
	waitConnected(t, d, loopback(1))
	waitConnected(t, early, loopback(1))
	want(t, d.LastError(), gonng.ErrConnectionRefused)
	if d.NextAttempt().IsZero() {
		t.Error("the dialer does not try the other address again")
	}
	check(t, push.Send(testContext(t), []byte("x")))
	check(t, d.Close())
	gonngtest.Eventually(t, func() bool { return len(push.Pipes()) == 0 }, "Close of the dialer disconnects")
	want(t, d.Set(gonng.WithResolveInterval(time.Second)), gonng.ErrClosed)

	ctx, cancel := context.WithCancel(t.Context())
	dns.SetMode(dnstest.Silent, dnstest.A)
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err = push.Dial(ctx, url, gonng.WithResolver(dns.Resolver()))
	want(t, err, gonng.ErrCanceled)
	if len(push.Dialers()) != 0 {
		t.Error("a dialer is left")
	}
}

// TestNameURLs: bad ones are refused at once, to dial and to listen.
func TestNameURLs(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := open(t, gonng.NewPair0)
	ctx := testContext(t)
	for url, kind := range map[string]error{
		"dns+tcp://": gonng.ErrAddressInvalid, "dns+tcp://name": gonng.ErrAddressInvalid, "dns+tcp://:5": gonng.ErrAddressInvalid,
		"dns+tcp://*:5": gonng.ErrAddressInvalid, "dns+tcp://name:0": gonng.ErrAddressInvalid, "dns+tcp://a b:5": gonng.ErrAddressInvalid,
		"dns+tcp:name:5": gonng.ErrAddressInvalid, "dns+ws:///x": gonng.ErrAddressInvalid, "dns+tcp4://[::1]:5": gonng.ErrAddressInvalid,
		"dns+ipc:///tmp/x": gonng.ErrNotSupported, "dns+inproc://x": gonng.ErrNotSupported, "dns+socket://3": gonng.ErrNotSupported,
		"dns+://name:5": gonng.ErrNotSupported, "dns+none://name:5": gonng.ErrNotSupported, "dns://name:5": gonng.ErrNotSupported,
		"dns+dns+tcp://name:5": gonng.ErrNotSupported, "dns+dnssrv+tcp://_a._b.name": gonng.ErrNotSupported,
		"dnssrv+tcp://name": gonng.ErrAddressInvalid, "dnssrv+tcp://_a.name": gonng.ErrAddressInvalid, "dnssrv+tcp://_a._b": gonng.ErrAddressInvalid,
		"dnssrv+tcp://_a._b.": gonng.ErrAddressInvalid, "dnssrv+tcp://_._b.name": gonng.ErrAddressInvalid, "dnssrv+tcp://a.b.name": gonng.ErrAddressInvalid,
		"dnssrv+tcp://_a._b.name:5": gonng.ErrAddressInvalid, "dnssrv+ws://u@_a._b.name": gonng.ErrAddressInvalid, "dnssrv+ws://_a._b.u@name/": gonng.ErrAddressInvalid,
		"dnssrv+tcp://_a._b.name/x": gonng.ErrAddressInvalid,
	} {
		_, err := s.Dial(ctx, url)
		wantError(t, err, "dial", kind)
		_, err = s.Listen(ctx, url)
		if !errors.Is(err, gonng.ErrAddressInvalid) && !errors.Is(err, gonng.ErrNotSupported) {
			t.Errorf("Listen at %s: %v", url, err)
		}
	}
	_, err := s.Listen(ctx, "dns+tcp://localhost:5555")
	wantError(t, err, "listen", gonng.ErrAddressInvalid)
	wantText(t, err.Error(), "can be dialed, not listened on")
	if len(s.Dialers())+len(s.Listeners()) != 0 {
		t.Error("dialers or listeners are left")
	}
	for _, option := range []gonng.DialOption{gonng.WithResolver(optionResolver), gonng.WithResolveInterval(time.Second)} {
		_, err := s.Dial(ctx, "tcp://localhost:1", option)
		wantError(t, err, "dial", gonng.ErrNotSupported)
		wantText(t, err.Error(), "means nothing to tcp://")
	}
	d, err := s.Dial(ctx, "dns+wss://localhost:1", gonng.WithDialMode(gonng.DialBackground), gonng.WithResolveInterval(time.Second), gonng.WithTLS(optionTLS))
	check(t, err)
	if d.Config().ResolveInterval != time.Second || s.Config().ResolveInterval != 10*time.Second {
		t.Errorf("the intervals are %v and %v", d.Config().ResolveInterval, s.Config().ResolveInterval)
	}
}

// FuzzNameURL: no URL makes Dial panic, and a URL that is taken has a name. Nothing is dialed:
// the resolver of the dialer fails.
func FuzzNameURL(f *testing.F) {
	for _, seed := range []string{"dns+tcp://name:5", "dnssrv+tcp://_a._b.name", "dnssrv+ws://_a._b.name/x?y", "dns+wss://u@h/%2f", "dns+tcp4://1.2.3.4:5", "dns+tls+tcp6://[::1]:5"} {
		f.Add(seed)
	}
	failing := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("none") }}
	unreachable := gonng.WithDialContext(func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("none") })
	f.Fuzz(func(t *testing.T, url string) {
		if !strings.HasPrefix(url, "dns") {
			return
		}
		s := open(t, gonng.NewPair0)
		d, err := s.Dial(t.Context(), url, gonng.WithDialMode(gonng.DialBackground), gonng.WithResolver(failing), unreachable)
		if err == nil && d.URL() != url {
			t.Errorf("%q has become %q", url, d.URL())
		}
		if _, err := s.Listen(t.Context(), url); err == nil {
			t.Errorf("%q can be listened on", url)
		}
	})
}

// TestNameBalancesLoad: a Req0 over a name is a client-side load balancer. Of three servers
// one is slow and gets few requests, and one dies, without a request that fails.
func TestNameBalancesLoad(t *testing.T) {
	gonngtest.NoLeaks(t)
	dns := dnstest.Start(t)
	addresses := []string{loopback(1), loopback(2), loopback(3)}
	port, reps := replicas(t, gonng.NewRep0, "tcp", "", addresses)
	ctx, cancel := context.WithCancel(testContext(t))
	var served sync.WaitGroup
	defer served.Wait()
	defer cancel()
	slow := make(chan struct{}, 1) // one request at a time, when a test says that it is done
	for i, rep := range reps {
		served.Go(func() {
			_ = rep.Serve(ctx, func(ctx context.Context, _ *gonng.Message) ([]byte, error) {
				if i == 0 {
					select {
					case <-slow:
					case <-ctx.Done():
					}
				}
				return []byte(addresses[i]), nil
			}, gonng.WithConcurrency(4))
		})
	}
	dns.Set(theName, addresses...)
	req := open(t, gonng.NewReq0)
	d := byName(t, req, dns, "dns+tcp://"+theName+":"+port, neverAgain, gonng.WithReconnectTime(time.Hour, 0))
	waitConnected(t, d, addresses...)

	// ask makes requests, and calls replied for each, which has the number of those before.
	ask := func(n int, replied func(before int)) (answered map[string]int) {
		answered = make(map[string]int)
		var mu sync.Mutex
		var callers sync.WaitGroup
		var next atomic.Int64
		for range 12 {
			callers.Go(func() {
				for next.Add(1) <= int64(n) {
					reply, err := req.Request(ctx, []byte("x"))
					if err != nil {
						t.Errorf("a request failed: %v", err)
						return
					}
					mu.Lock()
					replied(answered[loopback(2)] + answered[loopback(3)])
					answered[string(reply)]++
					mu.Unlock()
				}
			})
		}
		callers.Wait()
		return answered
	}
	const requests = 3000
	got := ask(requests, func(before int) {
		if before == requests-24 {
			close(slow) // it answers at last, so that the test can end
		}
	})
	t.Logf("one of three is slow: %v", got)
	if fair := (requests - got[loopback(1)]) / 2; got[loopback(1)] > 24 || got[loopback(2)] < fair/2 || got[loopback(3)] < fair/2 {
		t.Errorf("answered %v", got)
	}
	dies := sync.OnceFunc(func() { served.Go(func() { reps[1].Close() }) })
	got = ask(requests, func(before int) {
		if before == requests/10 {
			dies()
		}
	})
	t.Logf("another has died: %v", got)
	if got[loopback(2)] > requests/2 || got[loopback(1)]+got[loopback(2)]+got[loopback(3)] != requests {
		t.Errorf("answered %v", got)
	}
}

// TestNameRetiresAndCloses: the end of a dialer, and of a socket, while an address retires is
// as it ever is: the dialer disconnects at once, the socket writes what was accepted.
func TestNameRetiresAndCloses(t *testing.T) {
	gonngtest.NoLeaks(t)
	t.Run("dialer", func(t *testing.T) {
		dns, log := dnstest.Start(t), newRecorder()
		dns.Set(theName, loopback(1))
		port, reps := replicas(t, gonng.NewRep0, "tcp", "", []string{loopback(1)})
		req := open(t, gonng.NewReq0, gonng.ReqOption(gonng.WithLogger(log.logger())))
		d := byName(t, req, dns, "dns+tcp://"+theName+":"+port, shortly)
		sendText(t, req, "nobody answers")
		dns.Set(theName, loopback(9))
		log.want(t, "does not have the address")
		if len(req.Pipes()) != 1 {
			t.Error("the pipe with a request has ended")
		}
		recvText(t, reps[0], "nobody answers")
		gone := departures(req)
		check(t, d.Close())
		want(t, wait(t, "the end of the pipe", gone).Err(), gonng.ErrClosed)
	})
	t.Run("socket", func(t *testing.T) {
		dns, log := dnstest.Start(t), newRecorder()
		dns.Set(theName, loopback(1))
		port, pulls := replicas(t, gonng.NewPull0, "tcp", "", []string{loopback(1)})
		push := open(t, gonng.NewPush0, gonng.WithLogger(log.logger()), gonng.WithSendBuffer(100), gonng.WithLinger(patience))
		byName(t, push, dns, "dns+tcp://"+theName+":"+port, shortly)
		const messages = 20
		large := body(0, 1<<20-100)
		for range messages {
			check(t, push.Send(testContext(t), large))
		}
		dns.Set(theName, loopback(9))
		log.want(t, "does not have the address")
		closed := make(chan error, 1)
		go func() { closed <- push.Close() }()
		for range messages {
			m := recvMsg(t, pulls[0])
			m.Free()
		}
		check(t, wait(t, "Close", closed))
	})
}

package itest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// refusal is what a listener logs of a peer that it did not accept.
type refusal struct {
	peer string
	err  error
	line string
}

// refusals is a slog handler.
type refusals chan refusal

func (r refusals) Enabled(context.Context, slog.Level) bool { return true }
func (r refusals) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r refusals) WithGroup(string) slog.Handler            { return r }

func (r refusals) Handle(_ context.Context, record slog.Record) error {
	if !strings.Contains(record.Message, "not accepted") {
		return nil
	}
	var one refusal
	record.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "peer":
			one.peer = a.Value.String()
		case "error":
			one.err, _ = a.Value.Any().(error)
		}
		one.line += " " + a.String()
		return true
	})
	r <- one
	return nil
}

// tlsServer is a configuration that demands certificates of ca from clients.
func tlsServer(cert gonngtest.Certificate, ca *gonngtest.CA) *tls.Config {
	c := &tls.Config{Certificates: []tls.Certificate{cert.TLS()}}
	if ca != nil {
		c.ClientCAs, c.ClientAuth = ca.Pool, tls.RequireAndVerifyClientCert
	}
	return c
}

// tlsClient is a configuration that trusts ca and presents cert.
func tlsClient(ca *gonngtest.CA, cert *gonngtest.Certificate) *tls.Config {
	c := &tls.Config{RootCAs: ca.Pool}
	if cert != nil {
		pair := cert.TLS()
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	return c
}

func expired(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }

func named(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{name}, nil }
}

func with(c *tls.Config, change func(*tls.Config)) *tls.Config { change(c); return c }

// TestTLSRefused: who is refused, and why, is told on both sides, counted and
// logged, and the listener goes on.
func TestTLSRefused(t *testing.T) {
	for secure, plain := range map[string]string{"tls+tcp": "tcp", "wss": "ws"} {
		t.Run(secure, func(t *testing.T) { testTLSRefused(t, secure, plain) })
	}
}

func testTLSRefused(t *testing.T, secure, plain string) {
	gonngtest.NoLeaks(t)
	ca, other := gonngtest.NewCA(t), gonngtest.NewCA(t)
	cert, foreign := ca.Issue(t), other.Issue(t)
	old, wrongName := ca.Issue(t, expired), ca.Issue(t, named("example.org"))
	stolen := gonngtest.Certificate{Cert: cert.Cert, Key: foreign.Key}
	for _, test := range []struct {
		name           string
		server, client *tls.Config // nil: without TLS
		atServer       error
		atClient       error
		words          []string // in the log of the server
		says           []string // in the error of the client
	}{
		{"server of another CA", tlsServer(foreign, nil), tlsClient(ca, nil), gonng.ErrPeerAuth, gonng.ErrPeerAuth, []string{"bad certificate"}, []string{"unknown authority"}},
		{"server of another name", tlsServer(wrongName, nil), tlsClient(ca, nil), gonng.ErrPeerAuth, gonng.ErrPeerAuth, []string{"bad certificate"}, []string{"127.0.0.1"}},
		{"server expired", tlsServer(old, nil), tlsClient(ca, nil), gonng.ErrPeerAuth, gonng.ErrCrypto, []string{"bad certificate"}, []string{"expired"}},
		{"client without certificate", tlsServer(cert, ca), tlsClient(ca, nil), gonng.ErrPeerAuth, gonng.ErrPeerAuth, []string{"didn't provide a certificate"}, []string{"certificate required"}},
		{"client without certificate, TLS 1.2", with(tlsServer(cert, ca), func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }),
			tlsClient(ca, nil), gonng.ErrPeerAuth, gonng.ErrCrypto, []string{"didn't provide a certificate"}, []string{"handshake failure"}},
		{"client of another CA", tlsServer(cert, ca), tlsClient(ca, &foreign), gonng.ErrPeerAuth, gonng.ErrPeerAuth, []string{"unknown authority"}, []string{"unknown certificate authority"}},
		{"client expired", tlsServer(cert, ca), tlsClient(ca, &old), gonng.ErrCrypto, gonng.ErrCrypto, []string{"expired"}, []string{"expired certificate"}},
		{"client with the key of another", tlsServer(cert, ca), with(tlsClient(ca, nil), func(c *tls.Config) {
			pair, key := cert.TLS(), foreign.TLS()
			pair.PrivateKey = key.PrivateKey
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		}), gonng.ErrPeerAuth, gonng.ErrCrypto, []string{"invalid signature"}, []string{"decrypt"}},
		{"no common version", with(tlsServer(cert, nil), func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }),
			with(tlsClient(ca, nil), func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }),
			gonng.ErrCrypto, gonng.ErrCrypto, []string{"version"}, []string{"version"}},
		{"refused by VerifyConnection", with(tlsServer(cert, ca), func(c *tls.Config) {
			c.VerifyConnection = func(tls.ConnectionState) error { return errors.New("not on the list") }
		}), tlsClient(ca, &cert), gonng.ErrPeerAuth, gonng.ErrPeerAuth, []string{"not on the list"}, []string{"bad certificate"}},
		{"client without TLS", tlsServer(cert, nil), nil, gonng.ErrCrypto, gonng.ErrProtocol, []string{"not look like a TLS handshake"}, []string{"speaks TLS"}},
		{"server without TLS", nil, tlsClient(ca, nil), gonng.ErrProtocol, gonng.ErrCrypto, []string{"TLS"}, []string{"without TLS"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused := make(refusals, 10)
			pull, push := open(t, gonng.NewPull0, gonng.WithLogger(slog.New(refused))), open(t, gonng.NewPush0)
			scheme, dialScheme := secure, secure
			var listenOpts []gonng.ListenOption
			dialOpts := []gonng.DialOption{gonng.WithDialMode(gonng.DialWait)}
			if test.server == nil {
				scheme = plain
			} else {
				listenOpts = append(listenOpts, gonng.WithTLS(test.server))
			}
			if test.client == nil {
				dialScheme = plain
			} else {
				dialOpts = append(dialOpts, gonng.WithTLS(test.client))
			}
			l, err := pull.Listen(testContext(t), scheme+"://127.0.0.1:0", listenOpts...)
			check(t, err)
			url := dialScheme + "://" + l.Addr().String()
			_, err = push.Dial(testContext(t), url, dialOpts...)
			wantError(t, err, "dial", test.atClient)
			if err != nil {
				wantText(t, err.Error(), append(test.says, url)...)
			}
			got := wait(t, "log of the refusal", refused)
			if !errors.Is(got.err, test.atServer) {
				t.Errorf("the listener logged error %v, want it to be %v", got.err, test.atServer)
			}
			if host, _, err := net.SplitHostPort(got.peer); err != nil || host != "127.0.0.1" {
				t.Errorf("the listener logged the peer %q", got.peer)
			}
			wantText(t, got.line, append(test.words, l.URL())...)
			if strings.Contains(got.line, "PRIVATE") || strings.Contains(got.line, stolen.Key) {
				t.Errorf("a key was logged: %s", got.line)
			}
			if n := l.Stats().HandshakeErrors; n != 1 {
				t.Errorf("the listener counts %d handshake errors, want 1", n)
			}
			if n := push.Stats().ConnectFailures; n != 1 {
				t.Errorf("the dialer counts %d failures, want 1", n)
			}
		})
	}
}

// TestTLSOfTheOtherSide: a configuration for the other side fails, and the error
// says which it is.
func TestTLSOfTheOtherSide(t *testing.T) {
	gonngtest.NoLeaks(t)
	ca := gonngtest.NewCA(t)
	cert := ca.Issue(t)
	file := pemFile(t, cert.Cert, cert.Key)
	for name, own := range map[string]gonng.TLSConfig{
		"strings": {OwnCert: cert.Cert, OwnKey: cert.Key, CA: ca.PEM},
		"file":    {CertKeyFile: file, CA: ca.PEM},
		"no CA":   {CertKeyFile: file},
	} {
		t.Run(name, func(t *testing.T) {
			own.Mode = gonng.TLSServer
			server := build(t, own)
			own.Mode = gonng.TLSClient
			client := build(t, own)
			for _, scheme := range []string{"tls+tcp", "wss"} {
				a, b := open(t, gonng.NewPair0), open(t, gonng.NewPair0)
				_, err := a.Listen(testContext(t), scheme+"://127.0.0.1:0", gonng.WithTLS(client))
				wantError(t, err, "listen", gonng.ErrInvalid)
				wantText(t, err.Error(), "needs a certificate", "for dialing", "TLSClient")
				_, err = a.Listen(testContext(t), scheme+"://127.0.0.1:0", gonng.WithTLS(&tls.Config{Certificates: []tls.Certificate{{}}}))
				wantError(t, err, "listen", gonng.ErrInvalid)
				l, err := a.Listen(testContext(t), scheme+"://127.0.0.1:0", gonng.WithTLS(server))
				check(t, err)
				for _, err := range []error{l.Set(gonng.WithTLS(client)), l.Set(gonng.WithTLS(&tls.Config{}))} {
					wantError(t, err, "set", gonng.ErrInvalid)
					wantText(t, err.Error(), "needs a certificate", l.URL())
				}
				if l.Config().TLS != server {
					t.Error("a refused configuration is the listener's")
				}
				inheriting := open(t, gonng.NewPair0, gonng.SocketOption(gonng.WithTLS(server)))
				il, err := inheriting.Listen(testContext(t), scheme+"://127.0.0.1:0")
				check(t, err)
				err = inheriting.Set(gonng.WithTLS(client), gonng.WithRecvMaxSize(10))
				wantError(t, err, "set", gonng.ErrInvalid)
				wantText(t, err.Error(), "needs a certificate", il.URL())
				if cfg := inheriting.Config(); cfg.TLS != server || cfg.RecvMaxSize == 10 {
					t.Error("a refused configuration is the socket's")
				}
				_, err = b.Dial(testContext(t), l.URL(), gonng.WithTLS(server), gonng.WithDialMode(gonng.DialWait))
				wantError(t, err, "dial", gonng.ErrPeerAuth)
				wantText(t, err.Error(), "unknown authority", "for listening", "TLSServer")
			}
		})
	}
}

// TestTLSAccepted: the configurations that work, and what Pipe.TLS says.
func TestTLSAccepted(t *testing.T) {
	gonngtest.NoLeaks(t)
	ca := gonngtest.NewCA(t)
	cert := ca.Issue(t)
	dnsOnly := ca.Issue(t, named("localhost"))
	served := cert.TLS()
	for _, test := range []struct {
		name, url      string
		server, client *tls.Config
		proven         bool // who the client is
	}{
		{"IP address", "tls+tcp://127.0.0.1:0", tlsServer(cert, nil), tlsClient(ca, nil), false},
		{"IPv4", "tls+tcp4://127.0.0.1:0", tlsServer(cert, nil), tlsClient(ca, nil), false},
		{"without slashes", "tls+tcp:127.0.0.1:0", tlsServer(cert, nil), tlsClient(ca, nil), false},
		{"without slashes, IPv4", "TLS+TCP4:127.0.0.1:0", tlsServer(cert, nil), tlsClient(ca, nil), false},
		{"DNS name", "tls+tcp://localhost:0", tlsServer(dnsOnly, nil), tlsClient(ca, nil), false},
		{"every interface", "tls+tcp://:0", tlsServer(dnsOnly, nil), tlsClient(ca, nil), false},
		{"own name", "tls+tcp://127.0.0.1:0", tlsServer(dnsOnly, nil), with(tlsClient(ca, nil), func(c *tls.Config) { c.ServerName = "localhost" }), false},
		{"client certificate", "tls+tcp://127.0.0.1:0", tlsServer(cert, ca), tlsClient(ca, &cert), true},
		{"TLS 1.2", "tls+tcp://127.0.0.1:0", tlsServer(cert, ca), with(tlsClient(ca, &cert), func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }), true},
		{"GetCertificate", "tls+tcp://127.0.0.1:0", &tls.Config{
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &served, nil },
		}, tlsClient(ca, nil), false},
		{"InsecureSkipVerify", "tls+tcp://127.0.0.1:0", tlsServer(dnsOnly, nil), &tls.Config{InsecureSkipVerify: true}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			pull, push := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
			states := make(chan *tls.ConnectionState, 1)
			pull.OnPipe(gonng.PipeConnecting, func(p *gonng.Pipe) { states <- p.TLS() })
			l, err := pull.Listen(testContext(t), test.url, gonng.WithTLS(test.server))
			check(t, err)
			before := test.client.ServerName
			_, err = push.Dial(testContext(t), l.URL(), gonng.WithTLS(test.client), gonng.WithDialMode(gonng.DialWait))
			check(t, err)
			if test.client.ServerName != before {
				t.Errorf("the program's configuration has ServerName %q now", test.client.ServerName)
			}
			state := wait(t, "hook", states)
			if state == nil || !state.HandshakeComplete || len(state.VerifiedChains) > 0 != test.proven {
				t.Errorf("the listener's pipe says %+v", state)
			}
			if state := push.Pipes()[0].TLS(); state == nil || len(state.PeerCertificates) != 1 {
				t.Errorf("the dialer's pipe says %+v", state)
			}
			check(t, push.Send(testContext(t), []byte("hello")))
			got, err := pull.Recv(testContext(t))
			check(t, err)
			wantBody(t, got, []byte("hello"))
		})
	}
	t.Run("without TLS", func(t *testing.T) {
		a, b := open(t, gonng.NewPair0), open(t, gonng.NewPair0)
		link(t, a, b, transport("tcp"))
		if state := a.Pipes()[0].TLS(); state != nil {
			t.Errorf("TLS() of a tcp pipe is %+v", state)
		}
	})
}

// TestTLSResumed: sessions are resumed, whatever other protocols the
// configurations are for, too.
func TestTLSResumed(t *testing.T) {
	gonngtest.NoLeaks(t)
	ca := gonngtest.NewCA(t)
	for _, scheme := range []string{"tls+tcp", "wss"} {
		t.Run(scheme, func(t *testing.T) {
			cert := ca.Issue(t)
			server, client := tlsServer(cert, ca), tlsClient(ca, &cert)
			client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			server.NextProtos, client.NextProtos = []string{"h2", "http/1.1"}, []string{"h2", "http/1.1"}
			rep := open(t, gonng.NewRep0)
			serving(t, rep, echo)
			l, err := rep.Listen(testContext(t), scheme+"://127.0.0.1:0", gonng.WithTLS(server))
			check(t, err)
			for i := range 3 {
				req := open(t, gonng.NewReq0)
				_, err := req.Dial(testContext(t), l.URL(), gonng.WithTLS(client), gonng.WithDialMode(gonng.DialWait))
				check(t, err)
				_, err = req.Request(testContext(t), []byte("hello")) // the ticket comes before the reply
				check(t, err)
				if state := req.Pipes()[0].TLS(); state.DidResume != (i > 0) || len(state.VerifiedChains) == 0 {
					t.Errorf("connection %d: resumed: %v", i, state.DidResume)
				}
				check(t, req.Close())
			}
		})
	}
}

// TestTLSOptions: what a listener and a dialer say when something is missing.
func TestTLSOptions(t *testing.T) {
	gonngtest.NoLeaks(t)
	s := open(t, gonng.NewPair0)
	for _, opts := range [][]gonng.ListenOption{nil, {gonng.WithTLS(nil)}, {gonng.WithTLS(new(tls.Config))}} {
		_, err := s.Listen(testContext(t), "tls+tcp://127.0.0.1:0", opts...)
		wantError(t, err, "listen", gonng.ErrInvalid)
		if err != nil {
			wantText(t, err.Error(), "certificate", "WithTLS", "GetCertificate")
		}
	}
	_, err := s.Listen(testContext(t), "tcp://127.0.0.1:0", gonng.WithTLS(new(tls.Config)))
	wantError(t, err, "listen", gonng.ErrNotSupported)

	// Without WithTLS the system's authorities count, and not this one.
	server := gonngtest.NewCA(t).Issue(t)
	l, err := s.Listen(testContext(t), "tls+tcp://127.0.0.1:0", gonng.WithTLS(tlsServer(server, nil)))
	check(t, err)
	_, err = open(t, gonng.NewPair0).Dial(testContext(t), l.URL(), gonng.WithDialMode(gonng.DialWait))
	wantError(t, err, "dial", gonng.ErrPeerAuth)
}

// TestTLSOfOthers: TLS connections that the program brings itself.
func TestTLSOfOthers(t *testing.T) {
	gonngtest.NoLeaks(t)
	ca := gonngtest.NewCA(t)
	nl, err := tls.Listen("tcp", "127.0.0.1:0", tlsServer(ca.Issue(t), nil))
	check(t, err)
	pull, push := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
	_, err = pull.ListenOn(nl)
	check(t, err)
	nc, err := tls.Dial("tcp", nl.Addr().String(), tlsClient(ca, nil))
	check(t, err)
	pipe, err := push.Attach(testContext(t), nc)
	check(t, err)
	waitPeers(t, pull, 1)
	if pipe.TLS() == nil || pull.Pipes()[0].TLS() == nil {
		t.Errorf("TLS() is %v and %v", pipe.TLS(), pull.Pipes()[0].TLS())
	}
	check(t, push.Send(testContext(t), body(0, 100<<10)))
	got, err := pull.Recv(testContext(t))
	check(t, err)
	wantBody(t, got, body(0, 100<<10))
}

// TestTLSKilled: a peer that goes without the goodbye of TLS is one that has
// gone, not one whose message broke off.
func TestTLSKilled(t *testing.T) {
	gonngtest.NoLeaks(t)
	tr := transport("tls+tcp")
	pull, push := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
	l := listen(t, pull, tr)
	gone := departures(pull)
	proxy := gonngtest.NewProxy(t, l.URL())
	dial(t, push, tr, proxy.URL(), gonng.WithDialMode(gonng.DialWait))
	check(t, push.Send(testContext(t), []byte("hello")))
	_, err := pull.Recv(testContext(t))
	check(t, err)
	proxy.CutAll()
	want(t, wait(t, "end of the pipe", gone).Err(), gonng.ErrConnectionReset)
	if n := pull.Stats().Truncated; n != 0 {
		t.Errorf("%d truncated messages are counted, want 0", n)
	}
}

// TestTLSNotRead: a peer that does not read cannot hold up Close beyond the
// linger, though TLS would like to say goodbye.
func TestTLSNotRead(t *testing.T) {
	gonngtest.NoLeaks(t)
	ca := gonngtest.NewCA(t)
	for _, size := range []int{100, 100 << 10} {
		push := open(t, gonng.NewPush0, gonng.WithLinger(100*time.Millisecond))
		l, err := push.Listen(testContext(t), "tls+tcp://127.0.0.1:0", gonng.WithTLS(tlsServer(ca.Issue(t), nil)))
		check(t, err)
		nc, err := tls.Dial("tcp", l.Addr().String(), tlsClient(ca, nil))
		check(t, err)
		peer := gonngtest.NewPeer(t, nc, gonngtest.StreamFraming)
		peer.Handshake(push.Peer())
		waitPeers(t, push, 1)
		accepted := fill(t, push, size)
		promptly(t, "Close", func() { err = push.Close() })
		frame := len(gonngtest.Frame(gonngtest.StreamFraming, make([]byte, size)))
		arrived := 0
		for buf := make([]byte, 64<<10); ; {
			n, err := nc.Read(buf)
			arrived += n
			if err != nil {
				break
			}
		}
		if got, want := left(t, err), accepted-arrived/frame; got != want {
			t.Errorf("Close says %d messages of %d were left, want %d", got, accepted, want)
		}
	}
}

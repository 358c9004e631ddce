package itest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	contract "github.com/gonng/gonng/transport"
	tcptransport "github.com/gonng/gonng/transport/tcp"
)

// asker is a socket that asks again and again and never receives an answer: raw, as a
// cooked one would read what comes.
func asker(t *testing.T, s gonng.Socket, tr gonngtest.Transport, url string, size int) {
	t.Helper()
	peers := len(s.Pipes()) + 1
	raw := openRaw(t, s.Peer(), gonng.WithLinger(0), recvMaxSize(0))
	dial(t, raw, tr, url, gonng.WithDialMode(gonng.DialWait))
	waitPeers(t, s, peers)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		question := append(endWord(7), make([]byte, size)...)
		for raw.SendMsg(ctx, gonng.NewRawMessage(question[:4], question[4:])) == nil {
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

// askers are sockets that ask honestly, by the protocol that answers.
var askers = map[gonng.Protocol]func(t *testing.T, tr gonngtest.Transport, url string) func(){
	gonng.ProtocolRep0: func(t *testing.T, tr gonngtest.Transport, url string) func() {
		req := open(t, gonng.NewReq0)
		dial(t, req, tr, url, gonng.WithDialMode(gonng.DialWait))
		return func() {
			t.Helper()
			reply, err := req.Request(testContext(t), []byte("honest"))
			check(t, err)
			wantBody(t, reply[:6], []byte("honest"))
		}
	},
	gonng.ProtocolRespondent0: func(t *testing.T, tr gonngtest.Transport, url string) func() {
		surveyor := open(t, gonng.NewSurveyor0, gonng.WithSurveyTime(patience))
		dial(t, surveyor, tr, url, gonng.WithDialMode(gonng.DialWait))
		return func() {
			t.Helper()
			sendText(t, surveyor, "honest")
			reply, err := surveyor.Recv(testContext(t))
			check(t, err)
			wantBody(t, reply[:6], []byte("honest"))
		}
	},
}

// answerers are ways to answer with one worker. Each ends with the socket.
var answerers = map[string]func(t *testing.T, s gonng.Socket, answer func([]byte) []byte){
	"Serve": func(t *testing.T, s gonng.Socket, answer func([]byte) []byte) {
		go s.(server).Serve(context.Background(), func(_ context.Context, m *gonng.Message) ([]byte, error) {
			return answer(m.Bytes()), nil
		})
	},
	"by hand": func(t *testing.T, s gonng.Socket, answer func([]byte) []byte) {
		go answerByHand(s.(endpoint), answer)
	},
	"context": func(t *testing.T, s gonng.Socket, answer func([]byte) []byte) {
		var c endpoint
		var err error
		switch s := s.(type) {
		case *gonng.Rep0:
			c, err = s.NewContext()
		case *gonng.Respondent0:
			c, err = s.NewContext()
		}
		check(t, err)
		go answerByHand(c, answer)
	},
}

func answerByHand(x endpoint, answer func([]byte) []byte) {
	for body, err := range x.All(context.Background()) {
		if err != nil || x.Send(context.Background(), answer(body)) != nil {
			return
		}
	}
}

// TestRequesterThatDoesNotRead: a peer that asks and does not read holds up nobody, with
// one worker and whatever the size of answers; and it costs no more than its queues.
func TestRequesterThatDoesNotRead(t *testing.T) {
	gonngtest.NoLeaks(t)
	for protocol, honestly := range askers {
		for how, answers := range answerers {
			for _, size := range []struct{ question, answer int }{{3000, 0}, {3000, 3000}, {1, largest - 100}} {
				if testing.Short() && how != "Serve" {
					continue
				}
				t.Run(fmt.Sprint(protocol, "/", how, "/", size), func(t *testing.T) {
					parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
						s := open(t, cooked[protocol], gonng.WithLinger(0))
						l := listen(t, s, tr)
						ask := honestly(t, tr, l.URL())
						waitPeers(t, s, 1) // the listener answers before it attaches
						asker(t, s, tr, l.URL(), size.question)
						stalled := s.Pipes()[1]
						answers(t, s, func(question []byte) []byte {
							if string(question) == "honest" { // and the other does not read anyway
								return question
							}
							return make([]byte, size.answer)
						})
						for range 3 {
							ask()
						}
						// It is not asked on: its answers wait in one queue of 128 KiB at most,
						// but for the last.
						if got := stalled.Stats().SendQueue * (8 + size.answer); got > 2*heldQueue+2<<20 {
							t.Errorf("%d bytes of answers wait", got)
						}
						ask()
					})
				})
			}
		}
	}
}

// TestDeviceWithRequesterThatDoesNotRead: a device forwards for the others.
func TestDeviceWithRequesterThatDoesNotRead(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		front, back := openRaw(t, gonng.ProtocolRep0, gonng.WithLinger(0)), openRaw(t, gonng.ProtocolReq0, gonng.WithLinger(0))
		rep := open(t, gonng.NewRep0, gonng.WithLinger(0))
		link(t, back, rep, tr)
		forwarding(t, front, back)
		l := listen(t, front, tr)
		ask := askers[gonng.ProtocolRep0](t, tr, l.URL())
		answerers["Serve"](t, rep, func(question []byte) []byte { return append(question[:6:6], make([]byte, 3000)...) })
		ask()
		asker(t, front, tr, l.URL(), 3000)
		gonngtest.Eventually(t, func() bool { return front.Stats().DroppedFull > 10 }, "replies to the stalled peer are dropped")
		for range 3 {
			ask()
		}
	})
}

// withStuckPeers is a publisher with a linger and n peers that do not read, whose queues
// are full.
func withStuckPeers(t *testing.T, tr gonngtest.Transport, n int, linger time.Duration) (*gonng.Pub0, *gonng.Listener) {
	pub := open(t, gonng.NewPub0, gonng.WithLinger(linger))
	l := listen(t, pub, tr)
	for range n {
		sub := openRaw(t, gonng.ProtocolSub0, gonng.WithLinger(0))
		sub.OnPipe(gonng.PipeConnected, func(p *gonng.Pipe) { <-t.Context().Done() }) // it does not read
		dial(t, sub, tr, l.URL(), gonng.WithDialMode(gonng.DialBackground))
	}
	waitPeers(t, pub, n)
	body := make([]byte, 100<<10)
	for pub.Stats().DroppedFull < uint64(n) {
		check(t, pub.Send(testContext(t), body))
	}
	return pub, l
}

// wantNoQueue fails the test if peers were waited for one after the other: each of them
// costs 5 s, or a share of them.
func wantNoQueue(t *testing.T, what string, linger time.Duration, f func()) {
	t.Helper()
	start := time.Now()
	f()
	took := time.Since(start)
	t.Logf("%s took %v", what, took)
	if took > linger+4*time.Second {
		t.Errorf("%s with a linger of %v took %v", what, linger, took)
	}
}

// TestCloseWithManyStuckPeers takes the linger, however many they are.
func TestCloseWithManyStuckPeers(t *testing.T) {
	gonngtest.NoLeaks(t)
	n := 100
	if raceDetector {
		n = 40
	}
	for _, tr := range gonngtest.Transports {
		t.Run(tr.Name, func(t *testing.T) {
			const linger = 200 * time.Millisecond
			pub, _ := withStuckPeers(t, tr, n, linger)
			wantNoQueue(t, "Close", linger, func() { want(t, pub.Close(), gonng.ErrTimeout) })
		})
	}
}

// TestListenerCloseWithManyStuckPeers is the same for the peers of one listener.
func TestListenerCloseWithManyStuckPeers(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, tr := range gonngtest.Transports {
		t.Run(tr.Name, func(t *testing.T) {
			pub, l := withStuckPeers(t, tr, 50, 0)
			wantNoQueue(t, "Close of the listener", 0, func() { check(t, l.Close()) })
			gonngtest.Eventually(t, func() bool { return len(pub.Pipes()) == 0 }, "no pipe")
		})
	}
}

// TestCloseWithManyClients: neither a server with many clients takes long to close, nor do
// those that close one after the other.
func TestCloseWithManyClients(t *testing.T) {
	gonngtest.NoLeaks(t)
	n := 2000
	if raceDetector || testing.Short() {
		n = 200
	}
	for _, tr := range []gonngtest.Transport{tcp, transport("ipc"), transport("inproc")} {
		t.Run(tr.Name, func(t *testing.T) {
			rep := open(t, gonng.NewRep0)
			serving(t, rep, echo)
			l := listen(t, rep, tr)
			clients := make([]*gonng.Req0, n)
			for i := range clients {
				clients[i] = open(t, gonng.NewReq0)
				dial(t, clients[i], tr, l.URL())
				_, err := clients[i].Request(testContext(t), []byte("?"))
				check(t, err)
			}
			wantNoQueue(t, "Close of half of the clients in turn", 0, func() {
				for _, c := range clients[:n/2] {
					check(t, c.Close())
				}
			})
			wantNoQueue(t, "Close of the server", 0, func() { check(t, rep.Close()) })
		})
	}
}

// stubborn is tcp of which one call returns only when the test has ended: of Read and
// Accept one with an error.
type stubborn struct {
	tcptransport.Transport
	call    string
	waits   chan<- struct{} // told when the call waits
	release <-chan struct{}
}

// at waits if this is the call.
func (s stubborn) at(call string) {
	if s.call == call {
		select {
		case s.waits <- struct{}{}:
		default:
		}
		<-s.release
	}
}

func (s stubborn) until(call string, err error) {
	if err != nil {
		s.at(call)
	}
}

// after is what a call returns that has done its work, and waits if this is the call.
func (s stubborn) after(call string, err error) error {
	s.at(call)
	return err
}

type stubbornConn struct {
	contract.Conn
	stubborn
}

type stubbornListener struct {
	contract.Listener
	stubborn
}

type stubbornIncoming struct {
	contract.Incoming
	stubborn
}

func (s stubborn) Dial(ctx context.Context, _, address string, cfg *contract.Config) (contract.Conn, error) {
	s.at("Dial")
	c, err := s.Transport.Dial(ctx, "tcp", address, cfg)
	return wrapped(c, err, func() contract.Conn { return stubbornConn{c, s} })
}

// Listen returns a listener whose URL is of tcp, where it can be dialed, too.
func (s stubborn) Listen(ctx context.Context, _, address string, cfg *contract.Config) (contract.Listener, error) {
	l, err := s.Transport.Listen(ctx, "tcp", address, cfg)
	return wrapped(l, err, func() contract.Listener { return stubbornListener{l, s} })
}

// wrapped is what wrap makes of v, unless the call that has returned v failed.
func wrapped[T any](v T, err error, wrap func() T) (T, error) {
	if err != nil {
		return v, err
	}
	return wrap(), nil
}

func (l stubbornListener) Accept() (contract.Incoming, error) {
	in, err := l.Listener.Accept()
	l.until("Accept", err)
	return wrapped(in, err, func() contract.Incoming { return stubbornIncoming{in, l.stubborn} })
}

func (l stubbornListener) Close() error { return l.after("Listener.Close", l.Listener.Close()) }

func (in stubbornIncoming) Handshake(ctx context.Context) (contract.Conn, error) {
	in.at("Handshake")
	c, err := in.Incoming.Handshake(ctx)
	return wrapped(c, err, func() contract.Conn { return stubbornConn{c, in.stubborn} })
}

func (c stubbornConn) Read(dst []contract.Message) ([]contract.Message, error) {
	dst, err := c.Conn.Read(dst)
	c.until("Read", err)
	return dst, err
}

func (c stubbornConn) Write(b contract.Batch) error {
	c.at("Write")
	return c.Conn.Write(b)
}

func (c stubbornConn) Finish() bool {
	c.at("Finish")
	return false
}

func (c stubbornConn) Close() error { return c.after("Close", c.Conn.Close()) }

// TestStubbornTransport: a transport of somebody else's of which a call does not end does
// not hold up Close, whose error names it.
func TestStubbornTransport(t *testing.T) {
	for _, side := range []string{"dialer", "listener"} {
		calls := []string{"Read", "Write", "Close", "Finish", "Dial"}
		if side == "listener" {
			calls = []string{"Read", "Write", "Close", "Finish", "Accept", "Handshake", "Listener.Close"}
		}
		for _, call := range calls {
			t.Run(side+"/"+call, func(t *testing.T) {
				t.Parallel()
				gonngtest.NoLeaks(t)
				release := make(chan struct{})
				defer close(release)
				waits := make(chan struct{}, 1)
				scheme := "stubborn-" + strings.ToLower(rand.Text()) // another with each -count
				contract.Register(scheme, stubborn{call: call, waits: waits, release: release})
				tr := gonngtest.Transport{Address: func(string) string { return scheme + "://127.0.0.1:0" }}
				peer, s := open(t, gonng.NewPair0), open(t, gonng.NewPair0, gonng.WithLinger(50*time.Millisecond))
				if side == "listener" {
					dial(t, peer, tr, listen(t, s, tr).URL(), gonng.WithDialMode(gonng.DialBackground))
				} else {
					dial(t, s, tr, strings.Replace(listen(t, peer, tcp).URL(), "tcp", scheme, 1), gonng.WithDialMode(gonng.DialBackground))
				}
				if call == "Dial" || call == "Handshake" {
					wait(t, call, waits)
				} else {
					waitPeers(t, s, 1)
					sendText(t, s, "x") // or else Close has nothing to Finish
					recvText(t, peer, "x")
				}
				for call == "Write" && len(waits) == 0 { // until the kernel takes no more
					_ = s.TrySend(make([]byte, 100<<10))
					runtime.Gosched()
				}
				wantHanging(t, s, scheme)
			})
		}
	}
}

// TestStubbornClose: a Close of somebody else's that does not end does not hold up Close of
// a pipe, a dialer or a listener.
func TestStubbornClose(t *testing.T) {
	for _, call := range []string{"Pipe.Close", "Dialer.Close", "Listener.Close"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			gonngtest.NoLeaks(t)
			waits, release := make(chan struct{}, 1), make(chan struct{})
			defer close(release)
			st := stubborn{call: "Close", waits: waits, release: release}
			a, b := open(t, gonng.NewPair0, gonng.WithLinger(50*time.Millisecond)), open(t, gonng.NewPair0)
			nl, err := net.Listen("tcp", "127.0.0.1:0")
			check(t, err)
			if call == "Listener.Close" {
				st.call = call
				nl = stubbornNetListener{nl, st}
			}
			l, err := b.ListenOn(nl)
			check(t, err)
			d := dial(t, a, tcp, l.URL(), gonng.WithDialContext(func(ctx context.Context, network, address string) (net.Conn, error) {
				c, err := new(net.Dialer).DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return stubbornNetConn{c, st}, nil
			}))
			waitPeers(t, a, 1)
			switch call {
			case "Pipe.Close":
				check(t, wait(t, call, concurrently(a.Pipes()[0].Close)))
			case "Dialer.Close":
				check(t, wait(t, call, concurrently(d.Close)))
			default:
				err := wait(t, call, concurrently(l.Close))
				wantError(t, err, "close", gonng.ErrTimeout)
				wantText(t, fmt.Sprint(err), "ListenOn at "+l.URL())
			}
			wait(t, "the stubborn call", waits)
		})
	}
}

// wantHanging closes s, whose error says what hangs.
func wantHanging(t *testing.T, s gonng.Socket, text string) {
	t.Helper()
	err := wait(t, "Close", concurrently(s.Close))
	wantError(t, err, "close", gonng.ErrTimeout)
	wantText(t, fmt.Sprint(err), text)
}

// stubbornNetConn is a connection of the program's, and stubbornNetListener has such, of
// which one call returns only when the test has ended.
type stubbornNetConn struct {
	net.Conn
	stubborn
}

type stubbornNetListener struct {
	net.Listener
	stubborn
}

func (c stubbornNetConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.until("Read", err)
	return n, err
}

func (c stubbornNetConn) Close() error { return c.after("Close", c.Conn.Close()) }

func (l stubbornNetListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	l.until("Accept", err)
	return wrapped(c, err, func() net.Conn { return stubbornNetConn{c, l.stubborn} })
}

func (l stubbornNetListener) Close() error { return l.after("Listener.Close", l.Listener.Close()) }

// TestStubbornConnection: the same for what the program gives to ListenOn and returns to
// WithDialContext.
func TestStubbornConnection(t *testing.T) {
	for _, call := range []string{"Read", "Close", "Accept", "Listener.Close"} {
		t.Run("ListenOn/"+call, func(t *testing.T) {
			t.Parallel()
			gonngtest.NoLeaks(t)
			release := make(chan struct{})
			defer close(release)
			peer, s := open(t, gonng.NewPair0), open(t, gonng.NewPair0, gonng.WithLinger(50*time.Millisecond))
			nl, err := net.Listen("tcp", "127.0.0.1:0")
			check(t, err)
			l, err := s.ListenOn(stubbornNetListener{nl, stubborn{call: call, release: release}})
			check(t, err)
			dial(t, peer, tcp, l.URL())
			waitPeers(t, s, 1)
			wantHanging(t, s, "ListenOn at "+l.URL())
		})
	}
	for _, call := range []string{"Read", "Close", "Dial"} {
		t.Run("DialContext/"+call, func(t *testing.T) {
			t.Parallel()
			gonngtest.NoLeaks(t)
			release := make(chan struct{})
			defer close(release)
			peer, s := open(t, gonng.NewPair0), open(t, gonng.NewPair0, gonng.WithLinger(50*time.Millisecond))
			url := listen(t, peer, tcp).URL()
			st := stubborn{call: call, release: release}
			dial(t, s, tcp, url, gonng.WithDialMode(gonng.DialBackground), gonng.WithDialContext(func(ctx context.Context, network, address string) (net.Conn, error) {
				st.at("Dial")
				c, err := new(net.Dialer).DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return stubbornNetConn{c, st}, nil
			}))
			if call != "Dial" {
				waitPeers(t, s, 1)
			}
			wantHanging(t, s, "WithDialContext for "+url)
		})
	}
}

// TestStubbornFunction: the same for the functions of the program that a handshake calls.
func TestStubbornFunction(t *testing.T) {
	ca := gonngtest.NewCA(t)
	for _, scheme := range []string{"tls+tcp", "wss"} {
		for _, side := range []string{"dialer", "listener"} {
			t.Run(scheme+"/"+side, func(t *testing.T) {
				t.Parallel()
				gonngtest.NoLeaks(t)
				waits, release := make(chan struct{}, 1), make(chan struct{})
				defer close(release)
				st := stubborn{call: side, waits: waits, release: release}
				config := func(at string) *tls.Config {
					return &tls.Config{
						RootCAs: ca.Pool, Certificates: []tls.Certificate{ca.Issue(t).TLS()},
						VerifyConnection: func(tls.ConnectionState) error { st.at(at); return nil },
					}
				}
				a, b := open(t, gonng.NewPair0, gonng.WithLinger(50*time.Millisecond)), open(t, gonng.NewPair0, gonng.WithLinger(50*time.Millisecond))
				l, err := a.Listen(testContext(t), scheme+"://127.0.0.1:0", gonng.WithTLS(config("listener")))
				check(t, err)
				_, err = b.Dial(testContext(t), l.URL(), gonng.WithTLS(config("dialer")), gonng.WithDialMode(gonng.DialBackground))
				check(t, err)
				wait(t, "the function", waits)
				switch {
				case side == "listener":
					err := wait(t, "Listener.Close", concurrently(l.Close))
					if scheme == "wss" { // its server waits for the connections that have made no request yet
						wantError(t, err, "close", gonng.ErrTimeout)
						wantText(t, fmt.Sprint(err), "WithTLS for "+l.URL())
					} else {
						check(t, err)
					}
					wantHanging(t, a, "WithTLS for "+l.URL())
					other := open(t, gonng.NewPair0) // the function does not hold up the listeners of others
					check(t, wait(t, "Listen", concurrently(func() error {
						_, err := other.Listen(testContext(t), scheme+"://127.0.0.1:0", gonng.WithTLS(config("")))
						return err
					})))
				case scheme == "tls+tcp":
					wantHanging(t, b, "WithTLS for "+l.URL())
				default: // package net/http does not wait for the function
					check(t, wait(t, "Close", concurrently(b.Close)))
				}
			})
		}
	}
	t.Run("ws/WithCheckOrigin", func(t *testing.T) {
		t.Parallel()
		gonngtest.NoLeaks(t)
		waits, release := make(chan struct{}, 1), make(chan struct{})
		defer close(release)
		st := stubborn{call: "check", waits: waits, release: release}
		a, b := open(t, gonng.NewPair0), open(t, gonng.NewPair0)
		l, err := a.Listen(testContext(t), "ws://127.0.0.1:0", gonng.WithCheckOrigin(func(*http.Request) bool { st.at("check"); return true }))
		check(t, err)
		_, err = b.Dial(testContext(t), l.URL(), gonng.WithHTTPHeader(http.Header{"Origin": {"https://example.org"}}), gonng.WithDialMode(gonng.DialBackground))
		check(t, err)
		wait(t, "the function", waits)
		check(t, wait(t, "Close", concurrently(a.Close))) // package net/http does not wait for the function either
	})
}

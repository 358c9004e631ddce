package itest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// refusing are the reasons for which a listener may not take a peer, and the words of its
// log. Each returns what must be closed for the peer to be taken in the end, or nil.
var refusing = []struct {
	name    string
	counter string
	words   []string
	socket  func(t *testing.T, tr gonngtest.Transport, opts ...gonng.SocketOption) (gonng.Socket, *gonng.Listener)
}{
	{"second client of pair0", "RefusedBusy", []string{"one peer"}, func(t *testing.T, tr gonngtest.Transport, opts ...gonng.SocketOption) (gonng.Socket, *gonng.Listener) {
		s := open(t, gonng.NewPair0, opts...)
		l, _ := link(t, s, open(t, gonng.NewPair0), tr)
		return s, l
	}},
	{"hook", "RefusedByHook", []string{"hook refused"}, func(t *testing.T, tr gonngtest.Transport, opts ...gonng.SocketOption) (gonng.Socket, *gonng.Listener) {
		s := open(t, gonng.NewPair0, opts...)
		s.OnPipe(gonng.PipeConnecting, func(p *gonng.Pipe) { p.Close() })
		return s, listen(t, s, tr)
	}},
	{"authorize", "", []string{"not authorized", "wrong tenant"}, func(t *testing.T, tr gonngtest.Transport, opts ...gonng.SocketOption) (gonng.Socket, *gonng.Listener) {
		s := open(t, gonng.NewPair0, opts...)
		check(t, s.Set(gonng.WithAuthorize(func(ctx context.Context, p *gonng.Pipe) error {
			if _, ok := ctx.Deadline(); !ok || p.RemoteAddr() == nil || p.Listener() == nil || p.Socket() != gonng.Socket(s) {
				return errors.New("this is no way to ask")
			}
			return errors.New("wrong tenant")
		})))
		return s, listen(t, s, tr)
	}},
	{"max peers", "RefusedBusy", []string{"1 peers", "WithMaxPeers"}, func(t *testing.T, tr gonngtest.Transport, opts ...gonng.SocketOption) (gonng.Socket, *gonng.Listener) {
		s := open(t, gonngtest.ConstructorOf(gonng.NewPair1, gonng.WithPolyamorous()), opts...)
		l, err := s.Listen(testContext(t), tr.URL(t), append(tr.Listen, gonng.WithMaxPeers(1))...)
		check(t, err)
		first := open(t, gonng.NewPair1)
		dial(t, first, tr, l.URL(), gonng.WithDialMode(gonng.DialWait))
		waitPeers(t, s, 1)
		return s, l
	}},
}

// TestRefusedDialFails: Dial that waits returns no nil for a peer that is not taken. The
// dialing side never believes that it is connected.
func TestRefusedDialFails(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, r := range refusing {
			t.Run(r.name, func(t *testing.T) {
				log := newRecorder()
				s, l := r.socket(t, tr, gonng.WithLogger(log.logger()))
				before := s.Stats()
				second := open(t, cooked[s.Protocol()])
				second.OnPipe(gonng.PipeConnected, func(*gonng.Pipe) { t.Error("the peer was refused, and believes that it is connected") })
				_, err := second.Dial(testContext(t), l.URL(), append(tr.Dial, gonng.WithDialMode(gonng.DialWait))...)
				if err == nil {
					t.Fatal("Dial returned nil")
				}
				if errors.Is(err, gonng.ErrTimeout) || errors.Is(err, gonng.ErrInternal) {
					t.Errorf("Dial failed with %v", err)
				}
				says := func(word string) bool { return strings.Contains(err.Error(), word) }
				if !says("by a hook or a limit") && !says("hook refused") && !says("one peer") && !says("WithMaxPeers") && !says("not authorized") {
					t.Errorf("%v does not say what may be the matter", err)
				}
				wantError(t, second.(gonng.Sender).TrySend(nil), "send", gonng.ErrTryAgain)
				log.want(t, append(r.words, "not accepted")...)
				st := s.Stats()
				if st.Refused != before.Refused+1 || st.Connects != before.Connects {
					t.Errorf("%d are refused and %d connected, after %d and %d", st.Refused, st.Connects, before.Refused, before.Connects)
				}
				if lst := l.Stats(); lst.Refused != 1 {
					t.Errorf("the listener has refused %d, want 1", lst.Refused)
				}
			})
		}
	})
}

// TestMaxPeersGivesBack: the place of a peer that goes, or does not come to be one, is free. A
// lower limit disconnects nobody.
func TestMaxPeersGivesBack(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		pull := open(t, gonng.NewPull0)
		refuse := false
		var mu sync.Mutex
		pull.OnPipe(gonng.PipeConnecting, func(p *gonng.Pipe) {
			mu.Lock()
			defer mu.Unlock()
			if refuse {
				p.Close()
			}
		})
		l, err := pull.Listen(testContext(t), tr.URL(t), append(tr.Listen, gonng.WithMaxPeers(2))...)
		check(t, err)
		dialed := func() (*gonng.Push0, error) {
			push := open(t, gonng.NewPush0)
			_, err := push.Dial(testContext(t), l.URL(), append(tr.Dial, gonng.WithDialMode(gonng.DialWait))...)
			return push, err
		}
		for range 3 {
			mu.Lock()
			refuse = true
			mu.Unlock()
			if _, err := dialed(); err == nil {
				t.Fatal("a hook did not refuse")
			}
			mu.Lock()
			refuse = false
			mu.Unlock()
			a, err := dialed()
			check(t, err)
			b, err := dialed()
			check(t, err)
			waitPeers(t, pull, 2)
			if _, err := dialed(); err == nil {
				t.Fatal("a third peer was taken")
			}
			leave(t, a, pull)
			leave(t, b, pull)
		}
		check(t, l.Set(gonng.WithMaxPeers(3)))
		var peers []*gonng.Push0
		for range 3 {
			push, err := dialed()
			check(t, err)
			peers = append(peers, push)
		}
		waitPeers(t, pull, 3)
		check(t, l.Set(gonng.WithMaxPeers(1)))
		for _, push := range peers {
			sendText(t, push, "still here")
			recvText(t, pull, "still here")
		}
		if n := len(pull.Pipes()); n != 3 {
			t.Errorf("%d peers are connected after the limit was lowered, want 3", n)
		}
		if _, err := dialed(); err == nil {
			t.Error("a fourth peer was taken")
		}
	})
}

// TestHookThatWaitsForItsDialer ends in the handshake's timeout, also over inproc.
func TestHookThatWaitsForItsDialer(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		lock := make(chan struct{}, 1) // a mutex would keep time from passing
		pull, push := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
		pull.OnPipe(gonng.PipeConnecting, func(*gonng.Pipe) {
			lock <- struct{}{}
			<-lock
		})
		url := "inproc://TestHookThatWaitsForItsDialer"
		_, err := pull.Listen(context.Background(), url)
		check(t, err)
		lock <- struct{}{}
		start := time.Now()
		_, err = push.Dial(context.Background(), url, gonng.WithDialMode(gonng.DialWait))
		want(t, err, gonng.ErrTimeout)
		if took := time.Since(start); took > 15*time.Second {
			t.Errorf("Dial took %v", took)
		}
		<-lock
	})
}

// TestPeersAreNamed: a peer without an address is called by its process, and one with an
// address by that.
func TestPeersAreNamed(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		log := newRecorder()
		s := open(t, gonng.NewPair0, gonng.WithLogger(log.logger()))
		first, second := open(t, gonng.NewPair0), open(t, gonng.NewPair0)
		l, _ := link(t, s, first, tr)
		if _, err := second.Dial(testContext(t), l.URL(), append(tr.Dial, gonng.WithDialMode(gonng.DialWait))...); err == nil {
			t.Fatal("a pair has two peers")
		}
		log.want(t, "not accepted")
		if scheme, _, _ := strings.Cut(tr.Name, "+"); scheme != "inproc" && scheme != "ws" && scheme != "wss" {
			peer := gonngtest.Dial(t, strings.Replace(l.URL(), "tls+tcp", "tcp", 1))
			peer.SendBytes([]byte("GET / HT"))
			peer.Close()
			gonngtest.Eventually(t, func() bool {
				found, _ := log.matching("not accepted")
				return len(found) == 2
			}, "a stranger is logged")
		}
		leave(t, first, s)
		log.want(t, "disconnected")
		unix := tr.Name == "ipc" || tr.Name == "abstract"
		for _, text := range []string{"connected", "disconnected", "not accepted"} {
			found, _ := log.matching(text)
			for _, line := range found {
				if strings.Contains(line, `peer=@`) || strings.Contains(line, `peer=""`) || strings.Contains(line, "peer= ") {
					t.Errorf("a peer without a name is logged: %s", line)
				}
				if unix && !strings.Contains(line, "peer=\"pid ") {
					t.Errorf("a peer is not called by its process: %s", line)
				}
				if unix && strings.Contains(line, " @ ") {
					t.Errorf("a peer is called @: %s", line)
				}
			}
		}
	})
}

// brokenListener fails to accept until it is closed.
type brokenListener struct {
	net.Listener
	err error
}

func (l brokenListener) Accept() (net.Conn, error) { return nil, l.err }

// TestAcceptErrors go to the socket's logger, once an episode.
func TestAcceptErrors(t *testing.T) {
	gonngtest.NoLeaks(t)
	log := newRecorder()
	s := open(t, gonng.NewPull0, gonng.WithLogger(log.logger()))
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	l, err := s.ListenOn(brokenListener{nl, errors.New("out of order")})
	check(t, err)
	log.want(t, "level=ERROR", "cannot accept", "out of order", l.URL())
	check(t, l.Close())
	if found, _ := log.matching("cannot accept"); len(found) != 1 {
		t.Errorf("it is logged %d times, want once: %q", len(found), found)
	}
}

// TestStrangersOfOneKind are warned of once, and not with all that they have sent.
func TestStrangersOfOneKind(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, name := range []string{"tcp", "ipc", "tls+tcp", "ws", "wss"} {
		t.Run(name, func(t *testing.T) {
			log := newRecorder()
			s := open(t, gonng.NewPull0, gonng.WithLogger(log.logger()))
			tr := transport(name)
			l := listen(t, s, tr)
			const n = 50
			for i := range n {
				c, err := net.Dial(l.Addr().Network(), l.Addr().String())
				check(t, err)
				_, _ = fmt.Fprintf(c, "GET /%s%d HTTP/1.1\r\nHost: x\r\n\r\n", strings.Repeat("long", 10_000), i)
				_ = c.Close()
			}
			gonngtest.Eventually(t, func() bool { return s.Stats().HandshakeErrors+s.Stats().Refused == n }, "the strangers are counted")
			gonngtest.Eventually(t, func() bool {
				found, _ := log.matching("not accepted")
				return len(found) == n
			}, "they are logged for those who debug")
			warned, _ := log.matching("not accepted", "level=WARN")
			if len(warned) > 2 { // they are of few kinds: garbage, or one that was reset
				t.Errorf("warned %d times of %d strangers", len(warned), n)
			}
			all, _ := log.matching("not accepted")
			for _, line := range all {
				if len(line) > 1200 {
					t.Fatalf("a line of %d bytes: %.300s…", len(line), line)
				}
			}
		})
	}
}

package itest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
	"github.com/gonng/gonng/internal/testport"
)

// patience is how long a test waits for what must happen before it fails.
const patience = 2 * gonngtest.Timeout

// within is what a call may take beyond the end of its time. A busy machine may
// delay one more, and the next: a call is late when lateInARow of them were.
const (
	within     = 50 * time.Millisecond
	lateInARow = 20
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

func testContext(t testing.TB) context.Context { return gonngtest.Context(t, patience) }

// parallel runs f over every transport of the kind at once. The test itself
// calls gonngtest.NoLeaks.
func parallel(t *testing.T, transports []gonngtest.Transport, f func(t *testing.T, tr gonngtest.Transport)) {
	for _, tr := range transports {
		t.Run(tr.Name, func(t *testing.T) {
			t.Parallel()
			f(t, tr)
		})
	}
}

// streams are the transports that a peer can be scripted on.
func streams() (list []gonngtest.Transport) {
	for _, tr := range gonngtest.Transports {
		if tr.Name == "tcp" || tr.Name == "ipc" {
			list = append(list, tr)
		}
	}
	return list
}

// eachStream runs f over each of them, and fails if it leaves something behind.
func eachStream(t *testing.T, f func(t *testing.T, tr gonngtest.Transport)) {
	for _, tr := range streams() {
		tr.Run(t, f)
	}
}

func transport(name string) gonngtest.Transport {
	for _, tr := range gonngtest.Transports {
		if tr.Name == name {
			return tr
		}
	}
	panic("no transport " + name)
}

func framing(tr gonngtest.Transport) gonngtest.Framing {
	if tr.Name == "ipc" {
		return gonngtest.IPCFraming
	}
	return gonngtest.StreamFraming
}

// open makes a socket that is closed when the test ends.
func open[T gonng.Socket, O any](t testing.TB, newSocket func(...O) (T, error), opts ...O) T {
	t.Helper()
	s, err := newSocket(opts...)
	check(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// listen listens at a new address of the transport.
func listen(t testing.TB, s gonng.Socket, tr gonngtest.Transport) *gonng.Listener {
	t.Helper()
	l, err := s.Listen(testContext(t), tr.URL(t), tr.Listen...)
	check(t, err)
	return l
}

// dial dials url; the outcome may be later.
func dial(t testing.TB, s gonng.Socket, tr gonngtest.Transport, url string, opts ...gonng.DialOption) *gonng.Dialer {
	t.Helper()
	d, err := s.Dial(testContext(t), url, append(opts, tr.Dial...)...)
	check(t, err)
	return d
}

// socketPath is the path of an ipc URL where nobody listens.
func socketPath(t testing.TB) (url, path string) {
	url = transport("ipc").URL(t)
	return url, strings.TrimPrefix(url, "ipc://")
}

// vacant is a URL to listen at where nobody does yet.
func vacant(t testing.TB, tr gonngtest.Transport) string {
	t.Helper()
	return testport.In(t, tr.URL(t))
}

// listenForNow is listen at an address where the test listens again, when this is over.
func listenForNow(t testing.TB, s gonng.Socket, tr gonngtest.Transport) *gonng.Listener {
	t.Helper()
	l, err := s.Listen(testContext(t), vacant(t, tr), tr.Listen...)
	check(t, err)
	return l
}

// link connects b to a, and returns when both have a peer more than before.
func link(t testing.TB, a, b gonng.Socket, tr gonngtest.Transport) (*gonng.Listener, *gonng.Dialer) {
	t.Helper()
	listening, dialing := len(a.Pipes())+1, len(b.Pipes())+1
	l := listen(t, a, tr)
	d := dial(t, b, tr, l.URL(), gonng.WithDialMode(gonng.DialWait))
	waitPeers(t, a, listening)
	waitPeers(t, b, dialing)
	return l, d
}

// peersOf links n new sockets to hub. They are in the order of its pipes.
func peersOf[T gonng.Socket, O any](t testing.TB, hub gonng.Socket, tr gonngtest.Transport, n int, newSocket func(...O) (T, error)) (peers []T) {
	t.Helper()
	for range n {
		peer := open(t, newSocket)
		link(t, hub, peer, tr)
		peers = append(peers, peer)
	}
	return peers
}

// scripted connects a peer of s's to it that the test plays, and returns when s
// has a peer more than before.
func scripted(t testing.TB, s gonng.Socket, tr gonngtest.Transport) *gonngtest.Peer {
	t.Helper()
	peers := len(s.Pipes()) + 1
	peer := gonngtest.Dial(t, listen(t, s, tr).URL())
	peer.Handshake(s.Peer())
	waitPeers(t, s, peers)
	return peer
}

func waitPeers(t testing.TB, s gonng.Socket, n int) {
	t.Helper()
	check(t, s.WaitPeers(testContext(t), n))
}

// wait fails the test when what does not happen.
func wait[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("%s: did not happen in %v", what, patience)
		panic("unreachable")
	}
}

// departures tells of the pipes that end.
func departures(s gonng.Socket) <-chan *gonng.Pipe {
	gone := make(chan *gonng.Pipe, 100) // so that no hook waits for the test
	s.OnPipe(gonng.PipeClosed, func(p *gonng.Pipe) { gone <- p })
	return gone
}

// leave closes s and waits until its peer has noticed. It returns the peer's pipe.
func leave(t *testing.T, s io.Closer, peer gonng.Socket) *gonng.Pipe {
	t.Helper()
	gone := departures(peer)
	check(t, s.Close())
	return wait(t, "the end of the pipe", gone)
}

// reconnect is WithReconnectTime as the type that open can infer.
func reconnect(min, max time.Duration) gonng.SocketOption { return gonng.WithReconnectTime(min, max) }

// recvMaxSize is WithRecvMaxSize as the type that open can infer.
func recvMaxSize(bytes int) gonng.SocketOption { return gonng.WithRecvMaxSize(bytes) }

// concurrently runs do beside the test.
func concurrently(do func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	return done
}

var tcp = transport("tcp")

// endpoint is a socket or a context.
type endpoint interface {
	gonng.Sender
	gonng.Receiver
}

func sendText(t testing.TB, s gonng.Sender, text string) {
	t.Helper()
	check(t, s.Send(testContext(t), []byte(text)))
}

func recvText(t testing.TB, r gonng.Receiver, text string) {
	t.Helper()
	got, err := r.Recv(testContext(t))
	check(t, err)
	if string(got) != text {
		t.Fatalf("received %q, want %q", got, text)
	}
}

func recvMsg(t testing.TB, r gonng.Receiver) *gonng.Message {
	t.Helper()
	m, err := r.RecvMsg(testContext(t))
	check(t, err)
	return m
}

func sendRaw(t testing.TB, s gonng.Sender, header, body []byte) {
	t.Helper()
	check(t, s.SendMsg(testContext(t), gonng.NewRawMessage(header, body)))
}

// word is four bytes of a header.
func word(id uint32) []byte { return binary.BigEndian.AppendUint32(nil, id) }

// endWord is the number of a request or survey.
func endWord(id uint32) []byte { return word(id | 1<<31) }

// arrived waits until a socket has read n messages from its peers.
func arrived(t testing.TB, s gonng.Socket, n uint64) {
	t.Helper()
	gonngtest.Eventually(t, func() bool { return s.Stats().Received >= n }, fmt.Sprint(n, " messages have arrived"))
	if got := s.Stats().Received; got != n {
		t.Fatalf("%d messages have arrived, want %d", got, n)
	}
}

// received takes what waits to be received.
func received(t testing.TB, r gonng.Receiver) (texts []string) {
	t.Helper()
	for {
		b, err := r.TryRecv()
		if errors.Is(err, gonng.ErrTryAgain) {
			return texts
		}
		check(t, err)
		texts = append(texts, string(b))
	}
}

// roundTrip sends messages small and large and receives them.
func roundTrip(t testing.TB, out gonng.Sender, in gonng.Receiver) {
	t.Helper()
	for _, size := range []int{0, 10, 20 << 10, 500 << 10} {
		body := bytes.Repeat([]byte{byte(size), 1}, size/2)
		result := concurrently(func() error { return out.Send(testContext(t), body) })
		got, err := in.Recv(testContext(t))
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("received %d bytes, %v; want %d", len(got), err, len(body))
		}
		if err := wait(t, "Send", result); err != nil {
			t.Error(err)
		}
	}
}

// noise is where bodies are cut from, each in another place, so that none is
// like another.
var noise = func() []byte {
	b := make([]byte, 4<<20)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(b)
	return b
}()

// body is the i-th body.
func body(i, size int) []byte {
	at := i * 7919 % (len(noise) - size)
	return noise[at : at+size : at+size]
}

// The sizes around which something changes: the chunk that is read, the body
// that is copied, the buffer of a message's own.
var sizes = []int{0, 1, 1 << 10, 16<<10 - 1, 16 << 10, 16<<10 + 1, 32<<10 - 1, 32<<10 + 1, 64<<10 - 1, 64<<10 + 1, 900 << 10}

// mixedSize is the size of the i-th body: mostly small, a few up to 128 KiB.
func mixedSize(i int) int {
	x := uint32(i) * 2654435761 >> 7
	switch {
	case x%256 == 0:
		return int(x % (128 << 10))
	case x%8 == 0:
		return int(x % (4 << 10))
	}
	return int(x % 100)
}

func numbered(i, size int) []byte {
	b := make([]byte, size)
	binary.BigEndian.PutUint64(b, uint64(i))
	return b
}

// inBubble runs f in a bubble of package synctest, where time passes when nothing else
// happens.
func inBubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

// joinInproc connects b to a over inproc, also in a bubble.
func joinInproc(t *testing.T, a, b gonng.Socket) {
	t.Helper()
	url := fmt.Sprint("inproc://", rand.Uint64())
	_, err := a.Listen(context.Background(), url)
	check(t, err)
	_, err = b.Dial(context.Background(), url, gonng.WithDialMode(gonng.DialWait))
	check(t, err)
}

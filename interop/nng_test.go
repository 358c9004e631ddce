package interop

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// pairing is a protocol of nngcat and the one of gonng that it talks to.
type pairing struct {
	nng           string // the flag of nngcat, or of nanocat
	open          func(...gonng.SocketOption) (gonng.Socket, error)
	sends, prints bool // what nngcat does
	answers       bool // what it sends answers what it prints; else the other way
	dials         bool // it must dial: it sends at once, to whom it is connected
}

var pairings = []pairing{
	{nng: "--req0", open: opens(gonng.NewRep0), sends: true, prints: true},
	{nng: "--rep0", open: opens(gonng.NewReq0), sends: true, prints: true, answers: true},
	{nng: "--push0", open: opens(gonng.NewPull0), sends: true},
	{nng: "--pull0", open: opens(gonng.NewPush0), prints: true},
	{nng: "--pair0", open: opens(gonng.NewPair0), sends: true, prints: true},
	{nng: "--pair1", open: opens(gonng.NewPair1), sends: true, prints: true},
	{nng: "--pub0", open: opens(gonng.NewSub0, gonng.WithTopics("")), sends: true, dials: true},
	{nng: "--sub0", open: opens(gonng.NewPub0), prints: true},
	{nng: "--surveyor0", open: opens(gonng.NewRespondent0), sends: true, prints: true, dials: true},
	{nng: "--respondent0", open: opens(gonng.NewSurveyor0, gonng.WithSurveyTime(gonngtest.Timeout)), sends: true, prints: true, answers: true},
	{nng: "--bus0", open: opens(gonng.NewBus0), sends: true, prints: true, dials: true}, // its usage does not tell of it
}

// opens makes the constructors alike, which differ in the type of their options.
func opens[S gonng.Socket, O any](constructor func(...O) (S, error), always ...O) func(...gonng.SocketOption) (gonng.Socket, error) {
	return func(opts ...gonng.SocketOption) (gonng.Socket, error) {
		own := slices.Clip(always)
		for _, o := range opts {
			own = append(own, any(o).(O))
		}
		return constructor(own...)
	}
}

// eachPairing runs test for nngcat's pairings, see eachPairingOf.
func eachPairing(t *testing.T, test pairingTest, opts ...gonng.SocketOption) {
	eachPairingOf(t, "nngcat", pairings, transports(), test, opts...)
}

// pairingTest is a test of a pairing. connect starts the program with those
// arguments beside protocol and address, and connects s to it.
type pairingTest func(t *testing.T, p pairing, s gonng.Socket, connect func(...string) *process)

// eachPairingOf runs test with either side listening, over each transport.
func eachPairingOf(t *testing.T, name string, pairings []pairing, transports []string, test pairingTest, opts ...gonng.SocketOption) {
	path := program(t, name)
	for _, p := range pairings {
		for _, transport := range transports {
			for _, listening := range []string{"gonng", name} {
				if p.dials && listening == name {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%s-listens", p.nng[2:], transport, listening), func(t *testing.T) {
					gonngtest.NoLeaks(t)
					tls := securityOf(t, transport)
					s, err := p.open(append(patient(t), opts...)...)
					check(t, err)
					t.Cleanup(func() { s.Close() })
					test(t, p, s, func(args ...string) *process {
						t.Helper()
						ctx := gonngtest.Context(t, gonngtest.Timeout)
						if listening == "gonng" {
							l, err := s.Listen(ctx, anywhere(t, transport), tls.listen...)
							check(t, err)
							return launch(t, path, slices.Concat([]string{p.nng, "--connect", l.URL()}, tls.dialing, args)...)
						}
						url := vacant(t, transport)
						cat := launch(t, path, slices.Concat([]string{p.nng, "--bind", url}, tls.listening, args)...)
						_, err := s.Dial(ctx, url, append(tls.dial, gonng.WithDialMode(gonng.DialBackground))...)
						check(t, err)
						return cat
					})
				})
			}
		}
	}
}

// patient are the options of a socket that dials a program which is only
// starting. What becomes of that is in the output of a test that fails.
func patient(t *testing.T) []gonng.SocketOption {
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	return []gonng.SocketOption{gonng.WithReconnectTime(10*time.Millisecond, 0), gonng.WithLogger(log)}
}

func transports() []string {
	all := []string{"tcp", "ipc", "tls+tcp", "ws", "wss"}
	if runtime.GOOS == "linux" {
		all = append(all, "abstract")
	}
	return all
}

// anywhere is a URL for gonng to listen at, of whose port 0 it makes a real one.
func anywhere(t *testing.T, transport string) string {
	t.Helper()
	switch transport {
	case "abstract":
		return "abstract://" + crand.Text() + "%20%2F%ff"
	case "ipc":
		dir, err := os.MkdirTemp("", "sp") // shorter than t.TempDir
		check(t, err)
		t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
		return "ipc://" + filepath.Join(dir, "x.sock")
	}
	if secured(transport) { // mbedtls 2.28 takes no IP address for a name
		return transport + "://localhost:0"
	}
	return transport + "://127.0.0.1:0"
}

// vacant is a URL where nobody listens, for a program that would not tell which
// port it made of 0.
func vacant(t *testing.T, transport string) string {
	t.Helper()
	url, anyPort := strings.CutSuffix(anywhere(t, transport), ":0")
	if !anyPort {
		return url
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return fmt.Sprintf("%s:%d", url, l.Addr().(*net.TCPAddr).Port)
}

// body is noise of that size.
func body(size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(size)}).Read(b)
	return b
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func recv(ctx context.Context, t *testing.T, s gonng.Socket, want []byte) {
	t.Helper()
	got, err := s.(gonng.Receiver).Recv(ctx)
	if err != nil {
		t.Fatalf("%v; pipes %v, counted %+v", err, s.Pipes(), s.Stats())
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("received %d bytes (%.16x…), want %d (%.16x…)", len(got), got, len(want), want)
	}
}

// exchange sends fromNNG one way and toNNG the other, as far as they go.
func exchange(t *testing.T, p pairing, s gonng.Socket, connect func(...string) *process, fromNNG, toNNG []byte) {
	t.Helper()
	var args []string
	if p.sends {
		args = append(args, "--file", file(t, fromNNG))
	}
	if p.prints {
		args = append(args, "--raw")
	}
	cat := connect(args...)
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	steps := []func(){
		func() {
			if p.sends {
				recv(ctx, t, s, fromNNG)
			}
		},
		func() {
			if p.prints {
				check(t, s.WaitPeers(ctx, 1))
				check(t, s.(gonng.Sender).Send(ctx, toNNG))
			}
		},
	}
	if p.answers {
		slices.Reverse(steps)
	}
	for _, step := range steps {
		step()
	}
	if p.prints {
		cat.want(t, toNNG)
	}
}

func TestBodies(t *testing.T) {
	for _, size := range []int{1, 1 << 10, 900 << 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			eachPairing(t, func(t *testing.T, p pairing, s gonng.Socket, connect func(...string) *process) {
				exchange(t, p, s, connect, body(size), body(size+1))
			})
		})
	}
}

const large = 2 << 20

// With the limit raised large bodies go both ways.
func TestLargeBodies(t *testing.T) {
	eachPairing(t, func(t *testing.T, p pairing, s gonng.Socket, connect func(...string) *process) {
		exchange(t, p, s, connect, body(large), body(large+1))
	}, gonng.WithRecvMaxSize(4<<20))
}

// A body above the default limit of 1 MiB is refused, and the log says why.
func TestLargeBodyRefused(t *testing.T) {
	eachPairing(t, func(t *testing.T, p pairing, s gonng.Socket, connect func(...string) *process) {
		if !p.sends {
			t.Skip("nngcat does not send")
		}
		announced := "announced 20971" // 52, or 56 with a header
		if strings.Contains(t.Name(), "/ws") {
			announced = "announced " // in the frames so far
		}
		log := newRecorder()
		check(t, s.Set(gonng.WithLogger(log.logger())))
		connect("--file", file(t, body(large)))
		if p.answers {
			ctx := gonngtest.Context(t, gonngtest.Timeout)
			check(t, s.WaitPeers(ctx, 1))
			check(t, s.(gonng.Sender).Send(ctx, []byte("request")))
		}
		line := log.next(t, "disconnected")
		for _, want := range []string{"level=WARN", "too large", "limit is 1048576", announced, "pipe=", "peer="} {
			if !strings.Contains(line, want) {
				t.Errorf("logged without %q: %s", want, line)
			}
		}
		if s.Stats().TooLarge == 0 {
			t.Error("the message is not counted")
		}
		if b, err := s.(gonng.Receiver).TryRecv(); err == nil {
			t.Errorf("received %d bytes", len(b))
		}
	})
}

// recorder keeps what is logged for next.
type recorder struct{ lines chan string }

func newRecorder() *recorder { return &recorder{make(chan string, 1000)} }

func (r *recorder) logger() *slog.Logger { return slog.New(slog.NewTextHandler(r, nil)) }

// Write implements io.Writer: TextHandler calls it once a record.
func (r *recorder) Write(line []byte) (int, error) {
	r.lines <- string(line)
	return len(line), nil
}

// next is the next line with that word.
func (r *recorder) next(t *testing.T, word string) string {
	t.Helper()
	over := time.After(gonngtest.Timeout)
	for {
		select {
		case line := <-r.lines:
			if strings.Contains(line, word) {
				return line
			}
		case <-over:
			t.Fatalf("nothing was logged with %q", word)
		}
	}
}

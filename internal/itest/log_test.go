package itest

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// recorder is a slog handler that keeps what is logged.
type recorder struct {
	mu    sync.Mutex
	lines []string
	added chan struct{}
}

func newRecorder() *recorder { return &recorder{added: make(chan struct{})} }

func (r *recorder) logger() *slog.Logger { return textLogger(r) }

// asDefault has the recorder log for the process until the test ends.
// SetDefault also redirects the log package, which has to be undone by itself.
func (r *recorder) asDefault(t testing.TB) {
	logger, writer, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(r.logger())
	t.Cleanup(func() {
		slog.SetDefault(logger)
		log.SetOutput(writer)
		log.SetFlags(flags)
	})
}

// Write implements io.Writer: TextHandler calls it once a record.
func (r *recorder) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, string(line))
	close(r.added)
	r.added = make(chan struct{})
	return len(line), nil
}

// matching are the lines that have all of the words.
func (r *recorder) matching(words ...string) (found []string, added <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
next:
	for _, line := range r.lines {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue next
			}
		}
		found = append(found, line)
	}
	return found, r.added
}

// want waits for a line that has all of the words, and returns it.
func (r *recorder) want(t testing.TB, words ...string) string {
	t.Helper()
	over := time.After(patience)
	for {
		found, added := r.matching(words...)
		if len(found) > 0 {
			return found[0]
		}
		select {
		case <-added:
		case <-over:
			r.mu.Lock()
			defer r.mu.Unlock()
			t.Fatalf("nothing logged with %q; there is:\n%s", words, strings.Join(r.lines, ""))
		}
	}
}

// textLogger writes each record, of any level, to w in one call.
func textLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// episodes are what is dropped and logged once an episode, by the counter. open
// makes a socket and what has it drop a message.
var episodes = []struct {
	counter, logged string
	open            func(t *testing.T, log gonng.SocketOption) (s gonng.Socket, drop func())
}{
	{"TTLExceeded", "too many nodes", func(t *testing.T, log gonng.SocketOption) (gonng.Socket, func()) {
		s := open(t, gonngtest.ConstructorOf(gonng.NewPair1), log)
		peer := inMemory(t, s)
		return s, func() { peer.SendFrame(hopCount(9)) }
	}},
	{"Unexpected", "does not receive", func(t *testing.T, log gonng.SocketOption) (gonng.Socket, func()) {
		s := open(t, gonng.NewPub0, log)
		peer := inMemory(t, s)
		return s, func() { peer.SendFrame([]byte("who listens?")) }
	}},
	{"LateReplies", "nobody waits for the reply", func(t *testing.T, log gonng.SocketOption) (gonng.Socket, func()) {
		s := open(t, gonngtest.ConstructorOf(gonng.NewReq0), log)
		peer := inMemory(t, s)
		return s, func() { peer.SendFrame(endWord(1)) }
	}},
	{"LateReplies", "nobody waits for the reply", func(t *testing.T, log gonng.SocketOption) (gonng.Socket, func()) {
		s := open(t, gonngtest.ConstructorOf(gonng.NewSurveyor0), log)
		peer := inMemory(t, s)
		return s, func() { peer.SendFrame(endWord(1)) }
	}},
	{"NoPeer", "the peer has gone", func(t *testing.T, log gonng.SocketOption) (gonng.Socket, func()) {
		s := openRaw(t, gonng.ProtocolRep0, log)
		return s, func() { sendRaw(t, s, word(1), nil) }
	}},
	{"Unsent", "cannot forward", func(t *testing.T, log gonng.SocketOption) (gonng.Socket, func()) {
		from, s := openRaw(t, gonng.ProtocolPull0), openRaw(t, gonng.ProtocolPush0, log, gonng.WithSendTimeout(time.Second))
		peer := inMemory(t, from)
		forwarding(t, from, s)
		return s, func() { peer.SendFrame() }
	}},
	{"DroppedFull", "peer too slow", func(t *testing.T, log gonng.SocketOption) (gonng.Socket, func()) {
		s := open(t, gonng.NewPub0, log, gonng.WithSendBuffer(1), gonng.WithLinger(0))
		inMemory(t, s)
		for range 2 { // one is being written
			sendText(t, s, "news")
			synctest.Wait()
		}
		return s, func() { sendText(t, s, "news") }
	}},
	{"DroppedFull", "receiver too slow", func(t *testing.T, log gonng.SocketOption) (gonng.Socket, func()) {
		s := open(t, gonngtest.ConstructorOf(gonng.NewSub0, gonng.WithTopics("")), log, gonng.WithRecvBuffer(1))
		peer := inMemory(t, s)
		peer.SendFrame()
		return s, func() { peer.SendFrame() }
	}},
	{"RefusedBusy", "not accepted", func(t *testing.T, log gonng.SocketOption) (gonng.Socket, func()) {
		s := open(t, gonng.NewPair0, log)
		_, err := s.Listen(t.Context(), "inproc://"+t.Name())
		check(t, err)
		inMemory(t, s)
		peer := open(t, gonng.NewPair0, gonng.WithLogger(slog.New(slog.DiscardHandler)))
		return s, func() {
			d, err := peer.Dial(t.Context(), "inproc://"+t.Name())
			check(t, err)
			d.Close()
		}
	}},
}

// inMemory is a scripted peer in a bubble, where there is no network.
func inMemory(t *testing.T, s gonng.Socket) *gonngtest.Peer {
	t.Helper()
	ours, theirs := net.Pipe()
	joined := concurrently(func() error { _, err := s.Attach(context.Background(), ours); return err })
	peer := gonngtest.NewPeer(t, theirs, gonngtest.StreamFraming)
	peer.Handshake(s.Peer())
	check(t, <-joined)
	return peer
}

// What is dropped or refused is counted each time and logged when an episode
// begins: after a pause of more than a minute.
func TestLoggedOnceAnEpisode(t *testing.T) {
	for _, e := range episodes {
		t.Run(e.counter+"/"+e.logged, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := newRecorder()
				s, drop := e.open(t, gonng.WithLogger(log.logger()))
				for n := 1; n <= 2; n++ {
					for range 10 {
						drop()
						time.Sleep(30 * time.Second)
					}
					got := numbers(reflect.ValueOf(s.Stats()), map[string]uint64{})[e.counter]
					if got != uint64(10*n) {
						t.Errorf("%s is %d, want %d", e.counter, got, 10*n)
					}
					if found, _ := log.matching(e.logged, "level=WARN"); len(found) != n {
						t.Errorf("%d episodes were logged %d times: %q", n, len(found), found)
					}
					time.Sleep(time.Minute)
				}
			})
		})
	}
}

// TestStrings: what a program prints with %v names itself in a line.
func TestStrings(t *testing.T) {
	gonngtest.NoLeaks(t)
	push, pull := open(t, gonng.NewPush0, gonng.WithName("orders")), open(t, gonng.NewPull0)
	l, d := link(t, pull, push, tcp)
	p := push.Pipes()[0]
	for _, row := range []struct {
		printed any
		want    string
	}{
		{push, "orders (push)"},
		{gonng.Socket(push), "orders (push)"},
		{d, fmt.Sprintf("dialer of orders (push) to %s", d.URL())},
		{pull, fmt.Sprintf("pull %d", pull.ID())}, // without a name of its own
		{l, fmt.Sprintf("listener of pull %d at %s", pull.ID(), l.URL())},
		{p, fmt.Sprintf("pipe %d of orders (push) at %s, peer %s", p.ID(), d.URL(), p.RemoteAddr())},
		{[]*gonng.Pipe{p}, fmt.Sprintf("[%v]", p)},
		{(*gonng.Pipe)(nil), "<nil>"},
	} {
		if got := fmt.Sprint(row.printed); got != row.want {
			t.Errorf("printed as %q, want %q", got, row.want)
		}
	}
}

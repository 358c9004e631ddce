package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

func TestMain(m *testing.M) { gonngtest.Main(m) }

// TestSoak is a soak of a few seconds. The command goes on for an hour.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	s := &soak{seed: uint64(time.Now().UnixNano()), parallel: 20, out: t.Output()}
	s.run(4 * time.Second)
	t.Log(s.summary())
	if s.problems.Load() > 0 {
		t.Errorf("replay a round by go run ./internal/soak -round SEED")
	}
	if s.messages.Load() == 0 {
		t.Error("no message was received")
	}
}

// TestSeeds: rounds at the same time do not get the same seed.
func TestSeeds(t *testing.T) {
	s := &soak{seed: 1}
	seeds := make([][]uint64, 8)
	var all sync.WaitGroup
	for i := range seeds {
		all.Go(func() {
			for range 10_000 {
				seeds[i] = append(seeds[i], s.nextSeed())
			}
		})
	}
	all.Wait()
	flat := slices.Concat(seeds...)
	slices.Sort(flat)
	if n := len(flat); len(slices.Compact(flat)) != n {
		t.Error("two rounds have the same seed")
	}
}

// fakeTime is how long a round takes in a bubble. GONNG_FAKE_TIME=2s has more happen.
var fakeTime = func() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("GONNG_FAKE_TIME")); err == nil {
		return d
	}
	return 100 * time.Millisecond
}()

// badLink makes "pigeon" the scheme of a link that is slow, and cut again and again.
var badLink = sync.OnceFunc(func() {
	gonngtest.BadLink{Delay: time.Millisecond, Jitter: 5 * time.Millisecond, CutEvery: 200 * time.Millisecond}.Register("pigeon")
})

// TestBadTCP does rounds of each pattern over tcp connections that are slow and cut.
func TestBadTCP(t *testing.T) {
	badLink()
	var messages atomic.Int64
	t.Cleanup(func() {
		if messages.Load() == 0 {
			t.Error("no message was received")
		}
	})
	for i, p := range patterns {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := &soak{out: t.Output()}
			defer func() { messages.Add(int64(s.messages.Load())) }()
			r := newRound(s, uint64(i))
			r.pattern, r.scheme = p, "pigeon+tcp"
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			r.run(ctx)
			if s.problems.Load() > 0 {
				t.Errorf("seed %d", i)
			}
		})
	}
}

// TestFakeTime does rounds in a bubble of testing/synctest, over inproc and over a bad link:
// the times of lingers, pauses before a dialer tries again, surveys, requests that are sent
// again and calls that wait pass as soon as nothing else happens.
func TestFakeTime(t *testing.T) {
	badLink()
	for i := range uint64(2 * len(patterns)) {
		synctest.Test(t, func(t *testing.T) {
			s := &soak{out: t.Output()}
			r := newRound(s, i)
			r.pattern, r.scheme = patterns[i/2], []string{"inproc", "pigeon+inproc"}[i%2]
			begin := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), fakeTime)
			defer cancel()
			r.run(ctx)
			t.Logf("%s over %s: %v, %s", r.pattern.name, r.scheme, time.Since(begin), s.summary())
			if s.problems.Load() > 0 {
				t.Errorf("seed %d", i)
			}
			time.Sleep(time.Minute) // what is left would fire now
		})
	}
}

// TestHookAfterClose: a hook that still runs when Close returns, because the linger is over,
// is no problem.
func TestHookAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &soak{out: t.Output()}
		r := newRound(s, 1)
		a := r.newActor(kind{gonng.ProtocolPull0, func(opts ...gonng.SocketOption) (gonng.Socket, error) {
			slow := gonng.WithPipeHook(gonng.PipeClosed, func(*gonng.Pipe) { time.Sleep(time.Second) })
			return maker(gonng.NewPull0)(append(opts, slow, gonng.WithLinger(0), gonng.WithListen("inproc://slow"))...)
		}, nil})
		push, err := gonng.NewPush0(gonng.WithDial("inproc://slow"))
		if err == nil {
			defer push.Close()
			err = a.socket.WaitPeers(t.Context(), 1)
		}
		if err != nil {
			t.Fatal(err)
		}
		if a.end(); s.problems.Load() > 0 {
			t.Error("it is one")
		}
	})
}

// TestFinds: the books find what is missing.
func TestFinds(t *testing.T) {
	gonngtest.NoLeaks(t)
	var out strings.Builder
	r := newRound(&soak{out: &out}, 1)
	for name, wrong := range map[string]func(a *actor){
		"twice":      func(a *actor) { r.pattern.once = true; m := a.message(); a.read(m); a.read(m) },
		"is damaged": func(a *actor) { m := a.message(); m[17]++; a.read(m) },
		"has sent":   func(a *actor) { a.sent++; a.compare(a.socket.Stats()) },
		"PipeClosed": func(a *actor) { a.closed.Add(1); a.awaitHooks() },
		"balance":    func(a *actor) { a.compare(gonng.Stats{Received: 1}) },
		"were sent":  func(*actor) { r.pattern.once = true; r.all = books{sent: 1, received: 2}; r.balance() },
	} {
		a := r.newActor(pulls)
		out.Reset()
		if wrong(a); !strings.Contains(out.String(), name) {
			t.Errorf("what is wrong is not found (%q): %s", name, &out)
		}
		if err := a.socket.Close(); err != nil {
			t.Error(err)
		}
	}
}

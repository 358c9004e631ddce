package itest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gonng/gonng"
)

// attempts records when a dialer failed, from what it logs.
type attempts struct {
	mu    sync.Mutex
	times []time.Time
	warns int
}

func (a *attempts) Write(line []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if strings.Contains(string(line), "cannot connect") {
		a.times = append(a.times, time.Now())
		if strings.Contains(string(line), "level=WARN") {
			a.warns++
		}
	}
	return len(line), nil
}

// pauses are the times between the attempts so far, and forgets them.
func (a *attempts) pauses() (pauses []time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := 1; i < len(a.times); i++ {
		pauses = append(pauses, a.times[i].Sub(a.times[i-1]))
	}
	a.times = nil
	return pauses
}

// TestReconnectTime: the pause doubles up to the maximum, is varied by up to a
// half, and begins again after a connection.
func TestReconnectTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const min, max = time.Second, 10 * time.Second
		rec := new(attempts)
		push := open(t, gonng.NewPush0, reconnect(min, max), gonng.WithLogger(textLogger(rec)))
		connected := make(chan struct{}, 10)
		push.OnPipe(gonng.PipeConnected, func(*gonng.Pipe) { connected <- struct{}{} })
		const url = "inproc://TestReconnectTime"
		d, err := push.Dial(context.Background(), url)
		check(t, err)
		episode := func(want time.Duration) {
			t.Helper()
			time.Sleep(5 * time.Minute)
			pauses := rec.pauses()
			if len(pauses) < 20 {
				t.Fatalf("there were %d pauses in 5 minutes, want one each 10 s at most: %v", len(pauses), pauses)
			}
			varied := false
			for i, got := range pauses {
				if got < want/2 || got > want {
					t.Errorf("pause %d was %v, want between %v and %v", i, got, want/2, want)
				}
				varied = varied || got != want
				if want *= 2; want > max {
					want = max
				}
			}
			if !varied {
				t.Errorf("the pauses do not vary: %v", pauses)
			}
			if !errors.Is(d.LastError(), gonng.ErrConnectionRefused) {
				t.Errorf("LastError is %v, want ErrConnectionRefused", d.LastError())
			}
		}
		episode(min)
		pull := open(t, gonng.NewPull0)
		l, err := pull.Listen(context.Background(), url)
		check(t, err)
		<-connected
		synctest.Wait()
		if err := d.LastError(); err != nil {
			t.Errorf("LastError is %v while connected", err)
		}
		time.Sleep(time.Hour) // a connection that was good
		if n := len(d.Pipes()); n != 1 {
			t.Errorf("the dialer has %d pipes, want 1", n)
		}
		rec.pauses()
		l.Close()
		episode(2 * min) // the first pause was before the first attempt
		if rec.warns != 2 {
			t.Errorf("%d warnings were logged, want one for each of two episodes", rec.warns)
		}
	})
}

// TestReconnectTimeConstant: without a maximum the pause does not grow.
func TestReconnectTimeConstant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := new(attempts)
		push := open(t, gonng.NewPush0, gonng.WithLogger(textLogger(rec)))
		if _, err := push.Dial(context.Background(), "inproc://TestReconnectTimeConstant", gonng.WithReconnectTime(time.Second, 0)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		pauses := rec.pauses()
		if n := len(pauses); n < 59 || n > 120 {
			t.Errorf("there were %d pauses in a minute, want 60 to 120", n)
		}
		for i, got := range pauses {
			if got < time.Second/2 || got > time.Second {
				t.Errorf("pause %d was %v, want between 500ms and 1s", i, got)
			}
		}
	})
}

// TestPeerThatEndsAtOnce is not asked again without a pause: the pause goes on
// growing where connections are made and do not last.
func TestPeerThatEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const min, max = time.Second, 10 * time.Second
		const url = "inproc://TestPeerThatEndsAtOnce"
		pull := open(t, gonng.NewPull0, gonng.WithPipeHook(gonng.PipeConnected, func(p *gonng.Pipe) { p.Close() }))
		if _, err := pull.Listen(context.Background(), url); err != nil {
			t.Fatal(err)
		}
		push := open(t, gonng.NewPush0, reconnect(min, max))
		var mu sync.Mutex
		var times []time.Time
		push.OnPipe(gonng.PipeConnected, func(*gonng.Pipe) {
			mu.Lock()
			defer mu.Unlock()
			times = append(times, time.Now())
		})
		if _, err := push.Dial(context.Background(), url); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		mu.Lock()
		defer mu.Unlock()
		for i, want := 1, min; i < len(times); i++ {
			if got := times[i].Sub(times[i-1]); got < want/2 || got > want {
				t.Errorf("pause %d was %v, want between %v and %v", i, got, want/2, want)
			}
			if want *= 2; want > max {
				want = max
			}
		}
		if len(times) < 12 {
			t.Errorf("there were %d connections in two minutes, want 12 at least", len(times))
		}
	})
}

// TestInBubble: what waits on an inproc socket waits in a bubble's time.
func TestInBubble(t *testing.T) {
	for range 2 { // nothing of one bubble is used in the next
		synctest.Test(t, func(t *testing.T) {
			req := open(t, gonng.NewReq0, gonng.WithResendTime(time.Minute))
			rep := open(t, gonng.NewRep0)
			if _, err := rep.Listen(context.Background(), "inproc://TestInBubble"); err != nil {
				t.Fatal(err)
			}
			if _, err := req.Dial(context.Background(), "inproc://TestInBubble"); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			ctx, cancel := context.WithTimeout(context.Background(), 150*time.Second)
			defer cancel()
			_, err := req.Request(ctx, []byte("hello"))
			wantError(t, err, "recv", gonng.ErrTimeout)
			if took := time.Since(start); took != 150*time.Second {
				t.Errorf("Request took %v, want 2m30s", took)
			}
			if n := req.Stats().Resends; n != 1 { // after one minute, and to the same peer after two more
				t.Errorf("the request was sent again %d times, want once", n)
			}
			check(t, req.Set(gonng.WithRecvTimeout(time.Hour)))
			start = time.Now()
			_, err = req.Request(context.Background(), []byte("hello"))
			wantError(t, err, "recv", gonng.ErrTimeout)
			if took := time.Since(start); took != time.Hour {
				t.Errorf("Request took %v, want 1h", took)
			}
			served := concurrently(func() error {
				return rep.Serve(context.Background(), func(_ context.Context, m *gonng.Message) ([]byte, error) {
					time.Sleep(time.Second)
					return m.Bytes(), nil
				})
			})
			if body, err := req.Request(context.Background(), []byte("hello")); err != nil || string(body) != "hello" {
				t.Errorf("got %q, %v", body, err)
			}
			rep.Close()
			if err := <-served; err != nil {
				t.Errorf("Serve: %v", err)
			}
		})
	}
}

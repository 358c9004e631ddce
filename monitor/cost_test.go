package monitor

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// TestCost measures what ten open pages cost the requests of a busy socket with 10,000
// pipes. It wants a machine of its own, so it runs only when GONNG_MEASURE is set.
func TestCost(t *testing.T) {
	if os.Getenv("GONNG_MEASURE") == "" {
		t.Skip("it measures; set GONNG_MEASURE=1")
	}
	gonngtest.NoLeaks(t)
	ctx := context.Background()
	rep := open(t, gonng.NewRep0, "busy", gonng.WithListen("inproc://cost"), gonng.WithListen(anyPort))
	serving := make(chan error)
	go func() {
		serving <- rep.Serve(ctx, func(_ context.Context, m *gonng.Message) ([]byte, error) { return m.Bytes(), nil }, gonng.WithConcurrency(2))
	}()
	// One socket has the other ends of all pipes: a socket a pipe would measure 10,000 sockets.
	many := open(t, gonng.NewReq0, "many")
	const pipes = 10_000
	for range pipes {
		_, err := many.Dial(ctx, "inproc://cost", gonng.WithDialMode(gonng.DialWait))
		check(t, err)
	}
	req := open(t, gonng.NewReq0, "client", gonng.WithDial(rep.Listeners()[1].URL()))
	measure := func() time.Duration {
		times := make([]time.Duration, 0, 1<<16)
		for end := time.Now().Add(3 * time.Second); time.Now().Before(end); {
			start := time.Now()
			_, err := req.Request(ctx, []byte("request"))
			check(t, err)
			times = append(times, time.Since(start))
		}
		slices.Sort(times)
		return times[len(times)*99/100]
	}
	server := httptest.NewServer(Handler())
	defer server.Close()
	watched := func(do func()) {
		viewing, stop := context.WithCancel(ctx)
		client := &http.Client{Transport: &http.Transport{}}
		defer client.CloseIdleConnections()
		done := make(chan error)
		const viewers = 10
		for range viewers {
			r, err := http.NewRequestWithContext(viewing, "GET", server.URL+"/events", nil)
			check(t, err)
			answer, err := client.Do(r)
			check(t, err)
			go func() {
				_, err := io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				done <- err
			}()
		}
		do()
		stop()
		for range viewers {
			<-done
		}
	}
	var without, with []time.Duration
	for range 5 {
		without = append(without, measure())
		watched(func() { with = append(with, measure()) })
	}
	slices.Sort(without)
	slices.Sort(with)
	ratio := float64(with[2]) / float64(without[2])
	t.Logf("p99 of a request: %v without a page, %v with ten; median ratio %.2f", without, with, ratio)
	if ratio > 1.2 {
		t.Errorf("ten pages make p99 %.2f times as long", ratio)
	}
	check(t, rep.Close())
	<-serving
}

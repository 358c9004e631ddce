package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gonng/gonng"
)

// Both sides say what is wrong when they were not given the same, or one of
// them goes.
func TestBenchDisagreement(t *testing.T) {
	for name, test := range map[string]struct {
		local             []string // before and after the URL
		remote            []string
		localErr, failure string // of the remote
	}{
		"size":               {words("local_lat 64 10"), words("remote_lat 63 10"), "a message of 63 bytes arrived, not of 64: the other side must run remote_lat with the same size", "the peer has left after 0 of 10 round trips: it must run local_lat with the same size and count"},
		"large size":         {words("local_lat 64 10"), words("remote_lat 65 10"), "a message of 65 bytes arrived, not of 64", "the peer has left"},
		"larger":             {words("local_thr 64 10"), words("remote_thr 70000 10"), "a message of 70000 bytes arrived, not of 64", ""},
		"fewer":              {words("local_lat 64 10"), words("remote_lat 64 3"), "the peer has left after 3 of 10 round trips", ""},
		"more":               {words("local_lat 64 3"), words("remote_lat 64 10"), "", "the peer has left after 3 of 10 round trips"},
		"throughput/latency": {words("local_thr 64 10"), words("remote_lat 64 10"), "a message of 64 bytes arrived, not an empty one: the other side must run remote_thr", "the peer has left after 0 of 10 round trips"},
		"latency/throughput": {words("local_lat 64 10"), words("remote_thr 64 10"), "a message of 0 bytes arrived, not of 64: the other side must run remote_lat", ""},
	} {
		t.Run(name, func(t *testing.T) {
			local, args := startBench(t, test.local[0], listenURL(t, "tcp"), test.local[1], test.local[2])
			got := gonngRun(t, "", "bench", test.remote[0], args[2], test.remote[1], test.remote[2])
			if test.failure != "" {
				checkContains(t, "stderr", got.err, test.failure)
				if got.code != exitError {
					t.Errorf("exit code %d", got.code)
				}
			}
			if test.localErr == "" {
				local.ends(t, exitOK)
				return
			}
			local.logs(t, test.localErr)
			local.ends(t, exitError)
		})
	}
}

// The sender does not wait for ever for a receiver that wants more.
func TestBenchWithoutConfirmation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		url := "inproc://" + t.Name()
		side := func(name string, count int) error {
			return quietBench(t, name, url, count).run(t.Context())
		}
		local := make(chan error)
		go func() { local <- side("local_thr", 11) }()
		synctest.Wait() // it listens
		began := time.Now()
		checkError(t, side("remote_thr", 10), "the other side did not confirm within 5s that 10 messages have arrived: it must run local_thr with the same count")
		if took := time.Since(began); took < confirmTimeout || took > 2*confirmTimeout {
			t.Errorf("it took %v", took)
		}
		checkError(t, <-local, "the peer has left after 10 of 11 messages: it must run remote_thr")
	})
}

// quietBench is a bench without its arguments, which allow no inproc.
func quietBench(t *testing.T, name, url string, count int) *bench {
	t.Helper()
	mode, err := findBenchMode(name)
	if err != nil {
		t.Fatal(err)
	}
	cfg := benchConfig{mode: mode, url: url, size: 64, count: count, silent: true}
	return &bench{cfg, io.Discard, io.Discard, slog.New(slog.DiscardHandler)}
}

// What the peer sent before it left is still received.
func TestBenchPeerThatLeft(t *testing.T) {
	for _, size := range []int{64, largeMessage} {
		b := quietBench(t, "local_thr", listenURL(t, "tcp"), 10)
		b.size = size
		s, err := b.openSide(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		url, err := s.listen(t.Context(), b.url)
		if err != nil {
			t.Fatal(err)
		}
		peer := user(t, gonng.NewPair1)
		dials(t, peer, url)
		body := make([]byte, size)
		body[size-1] = 'x'
		for range 2 {
			if err := peer.Send(t.Context(), body); err != nil {
				t.Fatal(err)
			}
		}
		peer.Close()
		<-s.ctx.Done()
		for range 2 {
			if err := s.recv(); err != nil {
				t.Fatal(err)
			}
			if s.msg != nil {
				s.buf = s.msg.Bytes()
			}
			if !bytes.Equal(s.buf, body) {
				t.Errorf("received %x", s.buf)
			}
		}
		checkError(t, s.recv(), "the peer has left after 0 of 10 messages")
		checkError(t, s.send(), "the peer has left after 0 of 10 messages")
	}
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q in it", err, want)
	}
}

func TestBenchWrongProtocol(t *testing.T) {
	local, args := startBench(t, "local_lat", listenURL(t, "tcp"), "64", "10")
	wrong := gonngRun(t, "", "bench", "remote_lat", "--pair0", args[2], "64", "10")
	if wrong.code != exitError || !strings.Contains(wrong.err, "pair (16)") || !strings.Contains(wrong.err, "pair1 (17)") {
		t.Errorf("got %+v, want an error that names both protocols", wrong)
	}
	right := gonngRun(t, "", args...) // for which it goes on waiting
	checkReport(t, latencyReport, "64", "10", right.out)
	local.ends(t, exitOK)
}

func TestBenchInterrupted(t *testing.T) {
	local, args := startBench(t, "local_thr", listenURL(t, "tcp"), "64", "10")
	local.interrupt(t)
	got := gonngRun(t, "", "bench", "remote_thr", args[2], "64", "10")
	if got.code != exitError {
		t.Errorf("exit code %d", got.code)
	}
	checkContains(t, "stderr", got.err, "start this at the other side first: gonng bench local_thr "+args[2]+" 64 10")

	running := start(t, "bench", "inproc_lat", "64", fmt.Sprint(benchLimit))
	running.interrupt(t)
}

package main

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/internal/maintest"
)

// What nng's tools print, and then ours.
var (
	latencyReport = regexp.MustCompile(`^total time: \d+\.\d{3} \[s\]
message size: (\d+) \[B\]
round trip count: (\d+)
average latency: \d+\.\d{3} \[us\]
(?:cpu time: \d+\.\d{3} \[s\]
)?round trip p50: \d+\.\d{3} \[us\]
round trip p99: \d+\.\d{3} \[us\]
round trip p99\.9: \d+\.\d{3} \[us\]
round trip max: \d+\.\d{3} \[us\]

 +round trip \[us\] +count
(?: +[\d.]+ to [\d.]+ +\d+(?:  (?:#+|\.))?
)+$`)
	throughputReport = regexp.MustCompile(`^total time: \d+\.\d{3} \[s\]
message size: (\d+) \[B\]
message count: (\d+)
throughput: \d+ \[msg/s\]
throughput: \d+\.\d{3} \[Mb/s\]
(?:cpu time: \d+\.\d{3} \[s\]
)?$`)
)

func checkReport(t *testing.T, format *regexp.Regexp, size, count, out string) {
	t.Helper()
	if got := format.FindStringSubmatch(out); got == nil || got[1] != size || got[2] != count {
		t.Errorf("it printed\n%s", out)
	}
}

// startBench starts a local side and returns what it says to start at the
// other.
func startBench(t *testing.T, args ...string) (local *running, remote []string) {
	t.Helper()
	local = start(t, append([]string{"bench"}, args...)...)
	said := <-local.err
	command, ok := strings.CutPrefix(said, "waiting for: gonng ")
	if !ok {
		t.Fatalf("it said %q", said)
	}
	return local, words(command)
}

func TestBench(t *testing.T) {
	for _, transport := range []string{"tcp", "ipc"} {
		for _, option := range []string{"--pair1", "--pair0"} {
			for _, size := range []string{"0", "64", "100000"} {
				t.Run(transport+option+" "+size, func(t *testing.T) {
					local, args := startBench(t, "local_lat", option, listenURL(t, transport), size, "50")
					got := gonngRun(t, "", args...)
					checkReport(t, latencyReport, size, "50", got.out)
					local.ends(t, exitOK)

					local, args = startBench(t, "local_thr", option, listenURL(t, transport), size, "500")
					if got := gonngRun(t, "", args...); got != (result{}) {
						t.Errorf("remote_thr: %+v", got)
					}
					local.ends(t, exitOK)
					checkReport(t, throughputReport, size, "500", <-local.out)
				})
			}
		}
	}
}

func TestBenchInOneProcess(t *testing.T) {
	for _, option := range []string{"--pair0", "--silent", "--url=" + listenURL(t, "ipc"), "--url=tcp://127.0.0.1:0"} {
		t.Run(option, func(t *testing.T) {
			got := gonngRun(t, "", "bench", "inproc_lat", option, "10", "100")
			checkReport(t, latencyReport, "10", "100", got.out)
			checkContains(t, "stderr", got.err, "")
			got = gonngRun(t, "", "bench", "inproc_thr", "10", "100", option)
			checkReport(t, throughputReport, "10", "100", got.out)
			checkContains(t, "stderr", got.err, "")
		})
	}
}

func TestBenchInTwoProcesses(t *testing.T) {
	local, args := startBench(t, "local_lat", listenURL(t, "ipc"), "64", "100")
	remote := maintest.Command(t.Context(), args...)
	out, err := remote.Output()
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, latencyReport, "64", "100", string(out))
	local.ends(t, exitOK)
}

// nng's sender sends one message too many, and nanomsg's leaves when it has
// sent the last. nanomsg's receiver does not confirm.
func TestBenchStrangers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	sends := func(t *testing.T, s gonng.Sender, n int) {
		for i := range n + 1 {
			if err := s.Send(ctx, make([]byte, min(i, 1)*10)); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Run("nng's sender", func(t *testing.T) {
		local, args := startBench(t, "local_thr", listenURL(t, "tcp"), "10", "100")
		s := user(t, gonng.NewPair1)
		dials(t, s, args[2])
		sends(t, s, 101)
		if got, err := s.Recv(ctx); err != nil || len(got) > 0 {
			t.Errorf("received %q, %v, want an empty message", got, err)
		}
		s.Close()
		local.ends(t, exitOK)
		checkReport(t, throughputReport, "10", "100", <-local.out)
	})
	t.Run("nanomsg's sender", func(t *testing.T) {
		local, args := startBench(t, "local_thr", "--pair0", listenURL(t, "tcp"), "10", "50000")
		s := user(t, gonng.NewPair0)
		dials(t, s, args[3])
		sends(t, s, 50000)
		s.Close()
		local.ends(t, exitOK)
		checkReport(t, throughputReport, "10", "50000", <-local.out)
	})
	t.Run("nanomsg's receiver", func(t *testing.T) {
		s := user(t, gonng.NewPair0)
		remote := start(t, "bench", "remote_thr", "--pair0", listens(t, s), "10", "100")
		for range 101 {
			if _, err := s.Recv(ctx); err != nil {
				t.Fatal(err)
			}
		}
		s.Close()
		remote.ends(t, exitOK)
	})
}

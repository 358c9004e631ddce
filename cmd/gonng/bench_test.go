package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gonng/gonng"
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
	for _, transport := range []string{"tcp", "ipc", "inproc"} {
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
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	local, args := startBench(t, "local_lat", listenURL(t, "ipc"), "64", "100")
	remote := exec.CommandContext(t.Context(), self, args...)
	remote.Env = append(os.Environ(), asCommand+"=1")
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
		s, err := gonng.NewPair1()
		s = user(t, s, err)
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
		s, err := gonng.NewPair0()
		s = user(t, s, err)
		dials(t, s, args[3])
		sends(t, s, 50000)
		s.Close()
		local.ends(t, exitOK)
		checkReport(t, throughputReport, "10", "50000", <-local.out)
	})
	t.Run("nanomsg's receiver", func(t *testing.T) {
		s, err := gonng.NewPair0()
		s = user(t, s, err)
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
		local, args := startBench(t, "local_thr", "inproc://"+t.Name(), "64", "11")
		began := time.Now()
		got := gonngRun(t, "", "bench", "remote_thr", args[2], "64", "10")
		checkContains(t, "stderr", got.err, "the other side did not confirm within 5s that 10 messages have arrived: it must run local_thr with the same count")
		if took := time.Since(began); got.code != exitError || took < confirmTimeout || took > 2*confirmTimeout {
			t.Errorf("exit code %d after %v", got.code, took)
		}
		local.logs(t, "the peer has left after 10 of 11 messages: it must run remote_thr")
		local.ends(t, exitError)
	})
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

func TestBenchArguments(t *testing.T) {
	taken := startDevice(t, "bus", "--front-listen", listenURL(t, "tcp")).url(t)
	for line, want := range map[string]struct {
		code int
		err  string
	}{
		"":                                     {exitUsage, "what shall it do? Give one of local_lat, remote_lat, local_thr"},
		"--silent local_lat":                   {exitUsage, "what shall it do?"},
		"dog":                                  {exitUsage, `there is no test "dog": give one of local_lat,`},
		"local_lat":                            {exitUsage, "local_lat takes 3 arguments, not 0: gonng bench local_lat <url> <size> <roundtrips>"},
		"local_lat " + taken + " 64":           {exitUsage, "takes 3 arguments, not 2"},
		"local_lat " + taken + " 64 1 2":       {exitUsage, "takes 3 arguments, not 4"},
		"local_lat " + taken + " 64 1 -x":      {exitUsage, "there is no option -x"},
		"local_lat " + taken + " x 1":          {exitUsage, `the message size, in bytes: "x" is not a whole number`},
		"local_lat " + taken + " -5 1":         {exitUsage, `the message size, in bytes: "-5" is not a whole number`},
		"local_lat " + taken + " 1.5 1":        {exitUsage, `the message size, in bytes: "1.5" is not a whole number`},
		"local_lat " + taken + " 1000000001 1": {exitUsage, "the message size, in bytes: 1000000001 is too large: the most is 1000000000"},
		"remote_lat " + taken + " 64 0":        {exitUsage, "the number of round trips: there is nothing to measure in 0, give at least 1"},
		"remote_thr " + taken + " 64 -1":       {exitUsage, `the number of messages: "-1" is not a whole number`},
		"inproc_lat tcp://127.0.0.1:1 64 1":    {exitUsage, "inproc_lat takes 2 arguments, not 3: gonng bench inproc_lat <size> <roundtrips>"},
		"local_lat --url x " + taken + " 64 1": {exitUsage, "there is no option --url"},
		"local_lat " + taken + " 64 1":         {exitError, "address already in use"},
		"remote_lat " + taken + " 64 1":        {exitError, "bus"},
		"remote_lat tcp://127.0.0.1:1 64 1":    {exitError, "start this at the other side first: gonng bench local_lat tcp://127.0.0.1:1 64 1"},
		"local_lat nowhere 64 1":               {exitError, "nowhere"},
		"local_lat dog://nowhere 64 1":         {exitError, "dog"},
		"inproc_thr --url " + taken + " 64 1":  {exitError, "address already in use"},
	} {
		t.Run(line, func(t *testing.T) {
			got := gonngRun(t, "", append([]string{"bench"}, words(line)...)...)
			if got.code != want.code {
				t.Errorf("exit code %d, want %d", got.code, want.code)
			}
			checkContains(t, "stdout", got.out, "")
			checkContains(t, "stderr", got.err, "gonng bench: ")
			checkContains(t, "stderr", got.err, want.err)
		})
	}
	for _, args := range [][]string{{"--help"}, {"local_lat", "-h"}} {
		got := gonngRun(t, "", append([]string{"bench"}, args...)...)
		if got.code != exitOK || got.err != "" {
			t.Errorf("got %+v", got)
		}
		for _, m := range benchModes() {
			checkContains(t, "the usage", got.out, m.name+" ")
		}
	}
}

func TestBenchOutputThatFails(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, test := range []string{"inproc_lat", "inproc_thr"} {
		var stderr strings.Builder
		code := run(ctx, []string{"bench", test, "1", "1"}, nil, brokenWriter{}, &stderr)
		if code != exitError || !strings.Contains(stderr.String(), "cannot write to the standard output: disk full") {
			t.Errorf("exit code %d, %s", code, &stderr)
		}
	}
}

package main

import (
	"context"
	"strings"
	"testing"
)

func TestBenchArguments(t *testing.T) {
	taken := startDevice(t, "bus", "--front-listen", listenURL(t, "tcp")).url(t)
	for line, want := range map[string]struct {
		code int
		err  string
	}{
		"":                                     {exitUsage, "no test: give one of local_lat, remote_lat, local_thr"},
		"--silent local_lat":                   {exitUsage, "the test comes first: gonng bench <test> --silent"},
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
		"remote_thr inproc://x 64 1":           {exitUsage, "inproc is inside one process: use inproc_thr, which has both sides"},
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

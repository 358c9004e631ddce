package main

import "testing"

func TestBenchArguments(t *testing.T) {
	taken := startDevice(t, "bus", "--front-listen", listenURL(t, "tcp")).url(t)
	checkRefused(t, "bench", map[string]refusal{
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
	})
	for _, args := range [][]string{{"--help"}, {"local_lat", "-h"}} {
		checkHelp(t, "bench", benchModes(), func(m benchMode) string { return m.name + " " }, args...)
	}
}

func TestBenchOutputThatFails(t *testing.T) {
	for _, test := range []string{"inproc_lat", "inproc_thr"} {
		checkBrokenOutput(t, "bench", test, "1", "1")
	}
}

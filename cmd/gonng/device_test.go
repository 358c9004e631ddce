package main

import (
	"context"
	"strings"
	"testing"

	"github.com/gonng/gonng"
)

// deviceUsers opens for each kind a socket that uses the front, and one that
// uses the back.
var deviceUsers = map[string][2]func() (gonng.Socket, error){
	"reqrep":   {opener(gonng.NewReq0), opener(gonng.NewRep0)},
	"pubsub":   {opener(gonng.NewPub0), func() (gonng.Socket, error) { return gonng.NewSub0(gonng.WithTopics("h")) }},
	"pipeline": {opener(gonng.NewPush0), opener(gonng.NewPull0)},
	"survey":   {opener(gonng.NewSurveyor0), opener(gonng.NewRespondent0)},
	"pair0":    {opener(gonng.NewPair0), opener(gonng.NewPair0)},
	"pair1":    {opener(gonng.NewPair1), opener(gonng.NewPair1)},
	"bus":      {opener(gonng.NewBus0), opener(gonng.NewBus0)},
}

func TestDevice(t *testing.T) {
	for _, kind := range deviceKinds() {
		users, ok := deviceUsers[kind.name]
		if !ok {
			t.Errorf("%s is not tested", kind.name)
			continue
		}
		for _, listening := range []string{"device", "users"} {
			t.Run(kind.name+"/"+listening, func(t *testing.T) {
				a, err := users[0]()
				a = user(t, a, err)
				b, err := users[1]()
				b = user(t, b, err)
				var d *running
				if listening == "device" {
					d = startDevice(t, kind.name, "--back-listen", listenURL(t, "ipc"), "--front-listen", listenURL(t, "tcp"), "--verbose")
					dials(t, b, d.url(t)) // in the order of the options
					dials(t, a, d.url(t))
				} else {
					d = startDevice(t, kind.name, "--front-dial", listens(t, a), "--back-dial", listens(t, b), "--verbose")
				}
				d.logs(t, "connected") // both: what is published before would be lost
				d.logs(t, "connected")
				says(t, a, b, "hello")
				if _, ok := b.(gonng.Sender); ok {
					says(t, b, a, "good day")
				}
				d.interrupt(t)
			})
		}
	}
}

func TestDeviceReflects(t *testing.T) {
	t.Run("bus", func(t *testing.T) {
		d := startDevice(t, "bus", "--front-listen", listenURL(t, "ipc"), "--front-listen", listenURL(t, "tcp"), "-v")
		a, err := gonng.NewBus0()
		a = user(t, a, err)
		b, err := gonng.NewBus0()
		b = user(t, b, err)
		dials(t, a, d.url(t))
		dials(t, b, d.url(t))
		d.logs(t, "connected")
		d.logs(t, "connected")
		says(t, a, b, "hello")
		says(t, b, a, "good day") // and not "hello"
		d.interrupt(t)
	})
	for kind, open := range map[string]func() (gonng.Socket, error){"pair0": opener(gonng.NewPair0), "pair1": opener(gonng.NewPair1)} {
		t.Run(kind, func(t *testing.T) {
			d := startDevice(t, kind, "--front-listen", listenURL(t, "tcp"))
			s, err := open()
			s = user(t, s, err)
			dials(t, s, d.url(t))
			says(t, s, s, "echo")
			d.interrupt(t)
		})
	}
}

func TestDeviceTTL(t *testing.T) {
	d := startDevice(t, "reqrep", "--ttl", "2", "--front-listen", listenURL(t, "tcp"), "--back-listen", listenURL(t, "tcp"))
	req, err := gonng.NewRaw(gonng.ProtocolReq0)
	user(t, req, err)
	rep, err := gonng.NewRep0()
	user(t, rep, err)
	dials(t, req, d.url(t))
	dials(t, rep, d.url(t))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	// after two devices already, and after one
	for _, header := range []string{"\x00\x00\x00\x01\x00\x00\x00\x02\x80\x00\x00\x03", "\x00\x00\x00\x01\x80\x00\x00\x03"} {
		if err := req.SendMsg(ctx, gonng.NewRawMessage([]byte(header), []byte(header))); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := rep.Recv(ctx); err != nil || len(got) != 8 {
		t.Errorf("received %q, %v, want the request that has made fewer hops", got, err)
	}
	d.interrupt(t)
	d.logs(t, "socket=front ttl_exceeded=1")
}

func TestDeviceRecvMaxSize(t *testing.T) {
	d := startDevice(t, "pipeline", "--recv-maxsz=4", "--front-listen", listenURL(t, "tcp"), "--back-listen", listenURL(t, "tcp"))
	push, err := gonng.NewPush0()
	user(t, push, err)
	pull, err := gonng.NewPull0()
	user(t, pull, err)
	dials(t, push, d.url(t))
	dials(t, pull, d.url(t))
	says(t, push, pull, "four")
	if err := push.Send(t.Context(), []byte("fives")); err != nil {
		t.Fatal(err)
	}
	d.logs(t, "too large")
	d.interrupt(t)
}

// A peer that is not there yet, or speaks another protocol, is no reason to
// end: the log tells.
func TestDeviceWaitsForPeers(t *testing.T) {
	late, err := gonng.NewPair0()
	user(t, late, err)
	url := listenURL(t, "ipc")
	d := startDevice(t, "pair0", "--front-dial", url)
	d.logs(t, "cannot connect, trying again")
	if _, err := late.Listen(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	says(t, late, late, "here I am")

	wrong, err := gonng.NewPair1()
	user(t, wrong, err)
	d = startDevice(t, "pair0", "--front-dial", listens(t, wrong))
	d.logs(t, "pair1")
	d.interrupt(t)
}

func TestDeviceDuration(t *testing.T) {
	d := startDevice(t, "bus", "--duration", "50ms", "--front-listen", listenURL(t, "ipc"))
	d.ends(t, exitOK)
}

func TestDeviceArguments(t *testing.T) {
	taken := startDevice(t, "bus", "--front-listen", listenURL(t, "tcp")).url(t)
	for line, want := range map[string]struct {
		code int
		err  string
	}{
		"":                                      {exitUsage, "no kind: give one of reqrep, pubsub, "},
		"--verbose":                             {exitUsage, "no kind: give one of"},
		"--verbose bus":                         {exitUsage, "the kind comes first: gonng device bus"},
		"dog":                                   {exitUsage, `there is no kind "dog": give one of reqrep,`},
		"bus":                                   {exitUsage, "bus has no front: give --front-listen or --front-dial"},
		"bus --back-listen " + taken:            {exitUsage, "bus has no front"},
		"reqrep --front-dial " + taken:          {exitUsage, "reqrep has no back: give --back-listen or --back-dial"},
		"bus --listen " + taken:                 {exitUsage, "there is no option --listen"},
		"bus --front-listen":                    {exitUsage, "option --front-listen requires a value"},
		"bus --front-listen " + taken + " dog":  {exitUsage, `"dog" is not an option`},
		"bus --ttl 3 --front-dial " + taken:     {exitUsage, "messages of bus do not count their hops: leave out --ttl"},
		"pair1 --ttl 0 --front-dial " + taken:   {exitUsage, "option --ttl: no message has made 0 hops"},
		"pair1 --ttl 256 --front-dial " + taken: {exitUsage, "option --ttl: 256 is too large"},
		"bus --recv-maxsz x --front-dial " + taken:                      {exitUsage, `option --recv-maxsz: "x" is not a whole number`},
		"bus --duration 3 --front-dial " + taken:                        {exitUsage, "option --duration: time: missing unit"},
		"bus --duration -3s --front-dial " + taken:                      {exitUsage, "option --duration: -3s is not above 0"},
		"bus --front-listen " + taken:                                   {exitError, "address already in use"},
		"bus --front-dial dog://" + taken:                               {exitError, "dog"},
		"pubsub --front-dial " + taken + " --back-listen tcp://nowhere": {exitError, "nowhere"},
	} {
		t.Run(line, func(t *testing.T) {
			got := gonngRun(t, "", append([]string{"device"}, words(line)...)...)
			if got.code != want.code {
				t.Errorf("exit code %d, want %d", got.code, want.code)
			}
			checkContains(t, "stdout", got.out, "")
			checkContains(t, "stderr", got.err, "gonng device: ")
			checkContains(t, "stderr", got.err, want.err)
		})
	}
	got := gonngRun(t, "", "device", "--help")
	if got.code != exitOK || got.err != "" {
		t.Errorf("got %+v", got)
	}
	for _, kind := range deviceKinds() {
		checkContains(t, "the usage", got.out, kind.name)
	}
}

func TestDeviceOutputThatFails(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var stderr strings.Builder
	code := run(ctx, []string{"device", "bus", "--front-listen", listenURL(t, "ipc")}, nil, brokenWriter{}, &stderr)
	if code != exitError || !strings.Contains(stderr.String(), "cannot write to the standard output: disk full") {
		t.Errorf("exit code %d, %s", code, &stderr)
	}
}

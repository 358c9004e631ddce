package main

import (
	"context"
	"testing"

	"github.com/gonng/gonng"
)

// deviceUsers opens for each kind a socket that uses the front, and one that
// uses the back.
var deviceUsers = map[string][2]func(*testing.T) gonng.Socket{
	"reqrep":   {opens(gonng.NewReq0), opens(gonng.NewRep0)},
	"pubsub":   {opens(gonng.NewPub0), opens(gonng.NewSub0, gonng.WithTopics("h"))},
	"pipeline": {opens(gonng.NewPush0), opens(gonng.NewPull0)},
	"survey":   {opens(gonng.NewSurveyor0), opens(gonng.NewRespondent0)},
	"pair0":    {opens(gonng.NewPair0), opens(gonng.NewPair0)},
	"pair1":    {opens(gonng.NewPair1), opens(gonng.NewPair1)},
	"bus":      {opens(gonng.NewBus0), opens(gonng.NewBus0)},
}

// opens is for a table of sockets of different types.
func opens[S gonng.Socket, O any](open func(...O) (S, error), opts ...O) func(*testing.T) gonng.Socket {
	return func(t *testing.T) gonng.Socket { return user(t, open, opts...) }
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
				a, b := users[0](t), users[1](t)
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
		a := user(t, gonng.NewBus0)
		b := user(t, gonng.NewBus0)
		dials(t, a, d.url(t))
		dials(t, b, d.url(t))
		d.logs(t, "connected")
		d.logs(t, "connected")
		says(t, a, b, "hello")
		says(t, b, a, "good day") // and not "hello"
		d.interrupt(t)
	})
	for _, kind := range []string{"pair0", "pair1"} {
		t.Run(kind, func(t *testing.T) {
			d := startDevice(t, kind, "--front-listen", listenURL(t, "tcp"))
			s := deviceUsers[kind][0](t)
			dials(t, s, d.url(t))
			says(t, s, s, "echo")
			d.interrupt(t)
		})
	}
}

func TestDeviceTTL(t *testing.T) {
	d := startDevice(t, "reqrep", "--ttl", "2", "--front-listen", listenURL(t, "tcp"), "--back-listen", listenURL(t, "tcp"))
	req, err := gonng.NewRaw(gonng.ProtocolReq0)
	if err != nil {
		t.Fatal(err)
	}
	defer req.Close()
	rep := user(t, gonng.NewRep0)
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
	push := user(t, gonng.NewPush0)
	pull := user(t, gonng.NewPull0)
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
	late := user(t, gonng.NewPair0)
	url := listenURL(t, "ipc")
	d := startDevice(t, "pair0", "--front-dial", url)
	d.logs(t, "cannot connect, trying again")
	if _, err := late.Listen(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	says(t, late, late, "here I am")

	wrong := user(t, gonng.NewPair1)
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
	checkRefused(t, "device", map[string]refusal{
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
	})
	checkHelp(t, "device", deviceKinds(), func(k deviceKind) string { return k.name }, "--help")
}

func TestDeviceOutputThatFails(t *testing.T) {
	checkBrokenOutput(t, "device", "bus", "--front-listen", listenURL(t, "ipc"))
}

// TestDeviceTLS: several URLs a side, with TLS where the URL has it.
func TestDeviceTLS(t *testing.T) {
	id := newIdentity(t)
	back := startDevice(t, "reqrep", "--front-listen", "tls+tcp://127.0.0.1:0", "--back-listen", listenURL(t, "tcp"), "--back-listen", listenURL(t, "ipc"),
		"--cert", id.both)
	secure := back.url(t)
	for range 2 {
		rep, url := user(t, gonng.NewRep0), back.url(t)
		dials(t, rep, url)
		go answers(t.Context(), rep, url)
	}
	front := startDevice(t, "reqrep", "--front-listen", listenURL(t, "tcp"), "--front-listen", listenURL(t, "ipc"), "--back-dial", secure,
		"--cacert", id.ca, "--verbose")
	urls := []string{front.url(t), front.url(t)}
	front.logs(t, "connected")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, url := range urls {
		req := user(t, gonng.NewReq0)
		dials(t, req, url)
		answered := map[string]bool{}
		for len(answered) < 2 { // in turn, once the device has taken both in
			b, err := req.Request(ctx, []byte("who are you?"))
			if err != nil {
				t.Fatal(err, answered)
			}
			answered[string(b)] = true
		}
	}
	front.interrupt(t)
	back.interrupt(t)

	checkRefused(t, "device", map[string]refusal{
		"bus --front-listen tls+tcp://127.0.0.1:0":                         {exitError, "without a certificate: give --cert"},
		"bus --front-listen tls+tcp://127.0.0.1:0 --cert /nowhere":         {exitUsage, "option --cert"},
		"bus --front-dial " + secure + " --cacert " + id.key:               {exitError, "there is no certificate in the file"},
		"bus --front-dial " + secure + " --cert /dev/null --key " + id.key: {exitError, "--cert and --key"},
	})
}

// answers answers each request with a name until the socket closes.
func answers(ctx context.Context, rep *gonng.Rep0, name string) {
	for {
		if _, err := rep.Recv(ctx); err != nil {
			return
		}
		if err := rep.Send(ctx, []byte(name)); err != nil {
			return
		}
	}
}

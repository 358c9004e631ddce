package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
)

// patience bounds what takes no time unless it fails.
const patience = 10 * time.Second

// running is a gonng in this process.
type running struct {
	out, err lines
	code     chan int
	stop     context.CancelFunc
}

// lines are what is printed, a line with each write.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}

// startDevice starts a device, and interrupts it when the test ends.
func startDevice(t *testing.T, args ...string) *running {
	return start(t, append([]string{"device"}, args...)...)
}

func start(t *testing.T, args ...string) *running {
	ctx, cancel := context.WithCancel(context.Background())
	d := &running{make(lines, 100), make(lines, 100), make(chan int, 1), cancel}
	go func() {
		code := run(ctx, args, nil, d.out, d.err)
		close(d.out)
		close(d.err)
		d.code <- code
	}()
	t.Cleanup(func() {
		cancel()
		for line := range d.err {
			t.Log(line)
		}
	})
	return d
}

// url is the next that it prints.
func (d *running) url(t *testing.T) string {
	t.Helper()
	line, ok := <-d.out
	if !ok {
		t.Fatalf("it printed no URL: %s", <-d.err)
	}
	return strings.TrimSuffix(line, "\n")
}

// logs waits for a line on standard error with want in it.
func (d *running) logs(t *testing.T, want string) {
	t.Helper()
	over := time.After(patience)
	for {
		select {
		case line, ok := <-d.err:
			switch {
			case strings.Contains(line, want):
				return
			case !ok:
				t.Fatalf("it ended and logged nothing with %q", want)
			}
			t.Log(line)
		case <-over:
			t.Fatalf("it logged nothing with %q", want)
		}
	}
}

// interrupt ends it and checks its exit code.
func (d *running) interrupt(t *testing.T) {
	t.Helper()
	d.stop()
	d.ends(t, exitInterrupted)
}

func (d *running) ends(t *testing.T, want int) {
	t.Helper()
	select {
	case code := <-d.code:
		if code != want {
			t.Errorf("exit code %d, want %d", code, want)
		}
	case <-time.After(patience):
		t.Fatal("it did not end")
	}
}

// user is a socket that uses a device.
func user[S gonng.Socket](t *testing.T, s S, err error) S {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// dials connects s to a device at url.
func dials(t *testing.T, s gonng.Socket, url string) {
	t.Helper()
	if _, err := s.Dial(t.Context(), url, gonng.WithDialMode(gonng.DialWait)); err != nil {
		t.Fatal(err)
	}
}

// listens is where a device is to dial s.
func listens(t *testing.T, s gonng.Socket) string {
	t.Helper()
	l, err := s.Listen(t.Context(), listenURL(t, "tcp"))
	if err != nil {
		t.Fatal(err)
	}
	return l.URL()
}

// says sends from one user to another.
func says(t *testing.T, from, to gonng.Socket, message string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, s := range []gonng.Socket{from, to} {
		if err := s.WaitPeers(ctx, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := from.(gonng.Sender).Send(ctx, []byte(message)); err != nil {
		t.Fatal(err)
	}
	if got, err := to.(gonng.Receiver).Recv(ctx); err != nil || string(got) != message {
		t.Fatalf("received %q, %v, want %q", got, err, message)
	}
}

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
		"":                                      {exitUsage, "what shall it join? Give one of reqrep, pubsub, "},
		"--verbose":                             {exitUsage, "what shall it join?"},
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

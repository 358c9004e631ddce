package interop

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

var nanocatTransports = []string{"tcp", "ipc", "ws"}

func TestNanocat(t *testing.T) {
	for _, size := range []int{1, 900 << 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			eachPairingOf(t, "nanocat", nanocatPairings, nanocatTransports, func(t *testing.T, p pairing, s gonng.Socket, connect func(...string) *process) {
				talk(t, p, s, connect, body(size), body(size+1))
			})
		})
	}
}

// gonng, nngcat and nanocat on one socket.
func TestMixedSubscribers(t *testing.T) {
	gonngtest.NoLeaks(t)
	pub, err := gonng.NewPub0()
	check(t, err)
	defer pub.Close()
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	urls := listenOn(ctx, t, pub)
	cats := []*process{
		start(t, "nngcat", "--sub0", "--dial", urls[0], "--subscribe", "a", "--subscribe", "b", "--quoted"),
		start(t, "nanocat", "--sub", "--connect", urls[1], "--subscribe", "a", "--subscribe", "b", "--quoted"),
	}
	check(t, pub.WaitPeers(ctx, len(cats)))
	for _, message := range []string{"x", "a1", "", "cb", "ab2", "b", "A", "b3"} {
		check(t, pub.Send(ctx, []byte(message)))
	}
	for _, cat := range cats {
		cat.want(t, []byte("\"a1\"\n\"ab2\"\n\"b\"\n\"b3\"\n"))
	}
}

// listenOn listens on each of nanocatTransports.
func listenOn(ctx context.Context, t *testing.T, s gonng.Socket) (urls []string) {
	t.Helper()
	for _, transport := range nanocatTransports {
		l, err := s.Listen(ctx, anywhere(t, transport))
		check(t, err)
		urls = append(urls, l.URL())
	}
	return urls
}

// A subscriber of gonng drops what it has not subscribed to, of all publishers.
func TestMixedPublishers(t *testing.T) {
	gonngtest.NoLeaks(t)
	sub, err := gonng.NewSub0(gonng.WithTopics("b", "wanted"))
	check(t, err)
	defer sub.Close()
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	urls := listenOn(ctx, t, sub)
	start(t, "nanocat", "--pub", "--connect", urls[1], "--data", "unwanted", "--interval", "0.05")
	gonngtest.Eventually(t, func() bool { return sub.Stats().Filtered > 0 }, "something is filtered")
	start(t, "nngcat", "--pub0", "--dial", urls[0], "--data", "better")
	recv(ctx, t, sub, []byte("better"))
	start(t, "nanocat", "--pub", "--connect", urls[1], "--data", "wanted", "--interval", "0.05")
	recv(ctx, t, sub, []byte("wanted"))
}

// startAnswering starts an nngcat and a nanocat that answer s with "nng" and
// "nanomsg", and waits for them.
func startAnswering(ctx context.Context, t *testing.T, s gonng.Socket, protocol string) {
	t.Helper()
	urls := listenOn(ctx, t, s)
	start(t, "nngcat", protocol+"0", "--dial", urls[0], "--data", "nng")
	start(t, "nanocat", protocol, "--connect", urls[1], "--data", "nanomsg")
	check(t, s.WaitPeers(ctx, 2))
}

// A survey goes to both, and both answers come.
func TestMixedRespondents(t *testing.T) {
	gonngtest.NoLeaks(t)
	surveyor, err := gonng.NewSurveyor0(gonng.WithSurveyTime(gonngtest.Timeout))
	check(t, err)
	defer surveyor.Close()
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	startAnswering(ctx, t, surveyor, "--respondent")
	for range 3 {
		answers := make(map[string]bool)
		for m, err := range surveyor.Survey(ctx, []byte("who are you?")) {
			check(t, err)
			answers[string(m.Bytes())] = true
			if len(answers) == 2 {
				break
			}
		}
		if !answers["nng"] || !answers["nanomsg"] {
			t.Fatalf("the answers are %v", answers)
		}
	}
}

// Requests are spread over repliers of all kinds.
func TestMixedRepliers(t *testing.T) {
	gonngtest.NoLeaks(t)
	req, err := gonng.NewReq0()
	check(t, err)
	defer req.Close()
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	startAnswering(ctx, t, req, "--rep")
	replies := make(map[string]int)
	for range 10 {
		reply, err := req.Request(ctx, []byte("who are you?"))
		check(t, err)
		replies[string(reply)]++
	}
	if replies["nng"] != 5 || replies["nanomsg"] != 5 {
		t.Fatalf("the replies are %v", replies)
	}
}

// A bus is no device: nanocats at the ends of a gonng do not hear each other,
// and all hear gonng.
func TestMixedBus(t *testing.T) {
	gonngtest.NoLeaks(t)
	bus, err := gonng.NewBus0()
	check(t, err)
	defer bus.Close()
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	var cats []*process
	for i, url := range listenOn(ctx, t, bus) {
		cats = append(cats, start(t, "nanocat", "--bus", "--connect", url, "--data", fmt.Sprint("from ", i), "--interval", "0.05", "--quoted"))
	}
	hearAll := func() {
		heard := make(map[string]bool)
		for len(heard) < len(cats) {
			b, err := bus.Recv(ctx)
			check(t, err)
			heard[string(b)] = true
		}
		for i := range cats {
			if !heard[fmt.Sprint("from ", i)] {
				t.Fatalf("heard %v", heard)
			}
		}
	}
	hearAll()
	for range 2 { // all have spoken once more between these
		check(t, bus.Send(ctx, []byte("hello")))
		hearAll()
	}
	for _, cat := range cats {
		cat.want(t, bytes.Repeat([]byte("\"hello\"\n"), 2))
	}
}

// When nngcat listens, what it publishes and surveys before gonng is there is
// lost; it does so again after two seconds. Not after one: that is when its first
// survey ends, and a send at that moment never returns in nng 1.5.2.
func TestNngcatListens(t *testing.T) {
	path := program(t, "nngcat")
	for _, p := range pairings {
		if !p.dials {
			continue
		}
		p.interval = "2" // a whole number
		for _, transport := range transports() {
			t.Run(p.nng[2:]+"/"+transport, func(t *testing.T) {
				t.Parallel()
				gonngtest.NoLeaks(t)
				s := p.socket(t)
				talk(t, p, s, func(args ...string) *process {
					return programListens(t, p, s, path, transport, args)
				}, body(1000), body(1001))
			})
		}
	}
}

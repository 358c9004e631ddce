package interop

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// chains are the kinds of device, and who of nngcat's protocols may stand at
// the front of one and at its back.
var chains = []struct {
	kind            string
	front           gonng.Protocol
	atFront, atBack string
}{
	{"reqrep", gonng.ProtocolRep0, "--req0", "--rep0"},
	{"survey", gonng.ProtocolRespondent0, "--surveyor0", "--respondent0"},
	{"pubsub", gonng.ProtocolSub0, "--pub0", "--sub0"},
	{"pipeline", gonng.ProtocolPull0, "--push0", "--pull0"},
	{"pair0", gonng.ProtocolPair0, "--pair0", "--pair0"},
	{"pair1", gonng.ProtocolPair1, "--pair1", "--pair1"},
	{"bus", gonng.ProtocolBus0, "--bus0", "--bus0"},
}

// Three devices between a gonng and an nngcat or nanocat, at either end.
func TestChain(t *testing.T) {
	command := buildGonng(t)
	for _, name := range []string{"nngcat", "nanocat"} {
		t.Run(name, func(t *testing.T) {
			path := program(t, name)
			for _, c := range chains {
				if name == "nanocat" && c.kind == "pair1" {
					continue // is nng's
				}
				for _, end := range []string{"front", "back"} {
					flag := c.atFront
					if end == "back" {
						flag = c.atBack
					}
					p := findPairing(t, name, flag)
					t.Run(c.kind+"/at the "+end, func(t *testing.T) {
						gonngtest.NoLeaks(t)
						ch := newChain(t, command, c.kind, c.front)
						ours, theirs := ch.back, ch.front
						if end == "back" {
							ours, theirs = theirs, ours
						}
						s := p.socket(t)
						talk(t, p, s, func(args ...string) *process {
							t.Helper()
							ch.join(t, s, ours)
							cat := launch(t, path, append([]string{p.nng, "--connect", theirs.url}, args...)...)
							if !p.sends || p.answers { // else it may have gone again
								check(t, theirs.socket.WaitPeers(gonngtest.Context(t, gonngtest.Timeout), 1))
							}
							return cat
						}, body(100<<10), body(1000))
						ch.end(t, p.interval != "")
					})
				}
			}
		})
	}
}

// findPairing is the one of that program with nngcat's flag. nanocat's flags
// have no numbers.
func findPairing(t *testing.T, name, flag string) pairing {
	t.Helper()
	known := pairings
	if name == "nanocat" {
		known, flag = nanocatPairings, strings.TrimSuffix(flag, "0")
	}
	i := slices.IndexFunc(known, func(p pairing) bool { return p.nng == flag })
	if i < 0 {
		t.Fatalf("no pairing of %s with %s", name, flag)
	}
	return known[i]
}

// chain is three devices in a row. The one in the middle is a process.
type chain struct {
	front, back chainEnd
	middle      *process
}

// chainEnd is where to dial.
type chainEnd struct {
	socket *gonng.Raw
	url    string
}

func newChain(t *testing.T, command, kind string, front gonng.Protocol) *chain {
	t.Helper()
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	var sockets [4]*gonng.Raw // of the first and the last device
	for i := range sockets {
		p := front
		if i%2 == 1 {
			p = front.Peer()
		}
		s, err := gonng.NewRaw(p)
		check(t, err)
		t.Cleanup(func() { s.Close() })
		sockets[i] = s
	}
	listen := func(s *gonng.Raw, transport string) string {
		l, err := s.Listen(ctx, anywhere(t, transport))
		check(t, err)
		return l.URL()
	}
	c := &chain{
		front: chainEnd{sockets[0], listen(sockets[0], "ipc")},
		back:  chainEnd{sockets[3], listen(sockets[3], "tcp")},
	}
	c.middle = launch(t, command, "device", kind, "--verbose",
		"--front-listen", "tcp://127.0.0.1:0", "--back-dial", listen(sockets[2], "ipc"))
	url, _, _ := strings.Cut(string(c.middle.stdout.await(t, "a URL", hasLines(1, ""))), "\n")
	_, err := sockets[1].Dial(ctx, url, gonng.WithDialMode(gonng.DialWait))
	check(t, err)
	check(t, sockets[2].WaitPeers(ctx, 1))
	c.middle.stderr.await(t, "two connections", hasLines(2, `msg="gonng: connected"`))
	forward(t, sockets[0], sockets[1])
	forward(t, sockets[3], sockets[2]) // the order does not matter
	return c
}

// hasLines reports whether that many words and ends of line are printed.
func hasLines(n int, words string) func([]byte) bool {
	return func(printed []byte) bool {
		return bytes.Count(printed, []byte(words)) >= n && bytes.Count(printed, []byte("\n")) >= n
	}
}

// forward runs a device until the test ends.
func forward(t *testing.T, a, b *gonng.Raw) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- gonng.Device(ctx, a, b) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the device ended with %v", err)
		}
	})
}

// join connects s to an end.
func (c *chain) join(t *testing.T, s gonng.Socket, end chainEnd) {
	t.Helper()
	ctx := gonngtest.Context(t, gonngtest.Timeout)
	_, err := s.Dial(ctx, end.url, gonng.WithDialMode(gonng.DialWait))
	check(t, err)
	check(t, end.socket.WaitPeers(ctx, 1))
}

// end interrupts the device in the middle.
func (c *chain) end(t *testing.T, sending bool) {
	t.Helper()
	check(t, c.middle.cmd.Process.Signal(os.Interrupt))
	<-c.middle.ended
	if got := c.middle.cmd.ProcessState.String(); got != "signal: interrupt" {
		t.Errorf("gonng device ended with %s", got)
	}
	if sending { // what was on its way is dropped, and the device says so
		return
	}
	if said := c.middle.stderr.buf.Bytes(); bytes.Contains(said, []byte("level=WARN")) {
		t.Errorf("gonng device said %s", said)
	}
}

// buildGonng builds the command.
func buildGonng(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gonng")
	build := exec.Command("go", "build", "-o", path, ".")
	build.Dir = filepath.Join("..", "cmd", "gonng") // its module has what it needs
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// Two nanocats on a device that reflects hear each other, and not themselves.
func TestHub(t *testing.T) {
	gonngtest.NoLeaks(t)
	program(t, "nanocat")
	hub := launch(t, buildGonng(t), "device", "bus", "--front-listen", anywhere(t, "tcp"), "--front-listen", anywhere(t, "ipc"))
	urls := strings.Fields(string(hub.stdout.await(t, "two URLs", hasLines(2, ""))))
	var cats [2]*process
	for i, says := range []string{"ping", "pong"} {
		cats[i] = start(t, "nanocat", "--bus", "--connect", urls[i], "--data", says, "--interval", "0.05", "--quoted")
	}
	for i, hears := range []string{"pong", "ping"} {
		cats[i].begins(t, bytes.Repeat([]byte("\""+hears+"\"\n"), 3))
	}
}

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/gonng/gonng"
)

// round is a hub that listens, and peers that dial it, of one pattern and one transport.
type round struct {
	*soak
	seed    uint64
	rand    *rand.Rand // of the round itself; each actor has another
	pattern pattern
	scheme  string
	url     string
	dir     string

	mu    sync.Mutex
	seen  map[[2]uint64]bool // sender and number of each message, where none may come twice
	actor uint64             // the number of the last one
	all   books              // of all actors that have ended
}

// pattern is two types of sockets that talk to each other. Each has what it does with a
// socket, until ctx ends.
type pattern struct {
	name       string
	hub, peers kind
	once       bool // no message arrives twice
}

type kind struct {
	protocol gonng.Protocol
	open     func(...gonng.SocketOption) (gonng.Socket, error)
	act      func(ctx context.Context, a *actor)
}

// maker is a constructor of a socket as a function of socket options.
func maker[T gonng.Socket, O any](newSocket func(...O) (T, error)) func(...gonng.SocketOption) (gonng.Socket, error) {
	return func(opts ...gonng.SocketOption) (gonng.Socket, error) {
		list := make([]O, len(opts))
		for i, o := range opts {
			list[i] = any(o).(O)
		}
		return newSocket(list...)
	}
}

func newPoly(opts ...gonng.Pair1Option) (*gonng.Pair1, error) {
	return gonng.NewPair1(append(opts, gonng.WithPolyamorous())...)
}

func newSub(opts ...gonng.SubOption) (*gonng.Sub0, error) {
	return gonng.NewSub0(append(opts, gonng.WithTopics(""))...)
}

var (
	pushes = kind{gonng.ProtocolPush0, maker(gonng.NewPush0), repeat(send)}
	pulls  = kind{gonng.ProtocolPull0, maker(gonng.NewPull0), repeat(receive)}
	pubs   = kind{gonng.ProtocolPub0, maker(gonng.NewPub0), repeat(send)}
	subs   = kind{gonng.ProtocolSub0, maker(newSub), repeat(receive)}
	reqs   = kind{gonng.ProtocolReq0, maker(gonng.NewReq0), ask}
	reps   = kind{gonng.ProtocolRep0, maker(gonng.NewRep0), answer}
	asks   = kind{gonng.ProtocolSurveyor0, maker(gonng.NewSurveyor0), survey}
	says   = kind{gonng.ProtocolRespondent0, maker(gonng.NewRespondent0), answer}
	buses  = kind{gonng.ProtocolBus0, maker(gonng.NewBus0), repeat(either)}
	pairs0 = kind{gonng.ProtocolPair0, maker(gonng.NewPair0), repeat(either)}
	pairs1 = kind{gonng.ProtocolPair1, maker(gonng.NewPair1), repeat(either)}
	polys  = kind{gonng.ProtocolPair1, maker(newPoly), repeat(either)}

	patterns = []pattern{
		{"push to pulls", pushes, pulls, true}, {"pushes to pull", pulls, pushes, true},
		{"pub to subs", pubs, subs, false}, {"pubs to sub", subs, pubs, true},
		{"req to reps", reqs, reps, false}, {"reqs to rep", reps, reqs, false},
		{"surveyor to respondents", asks, says, false}, {"surveyors to respondent", says, asks, false},
		{"bus", buses, buses, false}, {"pair0", pairs0, pairs0, true}, {"pair1", pairs1, pairs1, true},
		{"polyamorous", polys, pairs1, true},
	}
	schemes = []string{"inproc", "tcp", "ipc", "abstract", "ws", "tls+tcp", "wss"}
)

func newRound(s *soak, seed uint64) *round {
	r := &round{soak: s, seed: seed, rand: rand.New(rand.NewPCG(seed, 0)), seen: make(map[[2]uint64]bool)}
	r.pattern = patterns[r.rand.IntN(len(patterns))]
	r.scheme = schemes[r.rand.IntN(len(schemes))]
	if r.scheme == "abstract" && runtime.GOOS != "linux" {
		r.scheme = "inproc"
	}
	return r
}

func (r *round) problem(format string, args ...any) {
	r.soak.problem(r.seed, "%s over %s: %s", r.pattern.name, r.scheme, fmt.Sprintf(format, args...))
}

// run has hub and peers act until ctx ends, at the latest.
func (r *round) run(ctx context.Context) {
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		r.problem("%v", err)
		return
	}
	r.dir = dir
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(ctx, time.Duration(1+r.rand.IntN(int(roundTime))))
	defer cancel()
	hub := r.newActor(r.pattern.hub)
	if hub == nil {
		return
	}
	url := r.listenURL()
	l, err := hub.socket.Listen(ctx, url, r.listenOptions()...)
	if err != nil {
		hub.end()
		if ctx.Err() == nil {
			r.problem("listen: %v", err)
		}
		return
	}
	r.url = l.URL()
	var all sync.WaitGroup
	all.Go(func() {
		r.pattern.hub.act(ctx, hub)
		hub.end()
	})
	for range 1 + r.pick(10) {
		rnd := rand.New(rand.NewPCG(r.draw(), 1))
		all.Go(func() { r.peer(ctx, rnd) })
	}
	for range r.pick(4) {
		rnd := rand.New(rand.NewPCG(r.draw(), 2))
		all.Go(func() { r.attack(ctx, l.Addr(), rnd) })
	}
	all.Wait()
	r.balance()
}

// peer opens a socket, dials, does something for a while and closes, again and again.
func (r *round) peer(ctx context.Context, rnd *rand.Rand) {
	for ctx.Err() == nil {
		a := r.newActor(r.pattern.peers)
		if a == nil {
			return
		}
		some, cancel := context.WithTimeout(ctx, time.Duration(rnd.IntN(int(roundTime))))
		if _, err := a.socket.Dial(some, r.url, r.dialOptions()...); err != nil && some.Err() == nil && !ended(err) && !errors.Is(err, gonng.ErrBusy) && !errors.Is(err, gonng.ErrPermission) { // a pair has its peer, or a hook refuses
			r.problem("dial: %v", err)
		}
		r.pattern.peers.act(some, a)
		cancel()
		a.end()
	}
}

// ended reports whether err is the end of a call's time, or of what it called.
func ended(err error) bool {
	return errors.Is(err, gonng.ErrTimeout) || errors.Is(err, gonng.ErrCanceled) || errors.Is(err, gonng.ErrClosed) ||
		errors.Is(err, gonng.ErrConnectionReset) || errors.Is(err, gonng.ErrConnectionRefused) || errors.Is(err, gonng.ErrConnectionAborted)
}

func (r *round) listenURL() string {
	switch name := fmt.Sprintf("soak-%d-%d", os.Getpid(), r.rand.Uint64()); r.scheme {
	case "ipc":
		return "ipc://" + filepath.Join(r.dir, "x")
	case "inproc", "abstract", "pigeon+inproc":
		return r.scheme + "://" + name
	default:
		return r.scheme + "://127.0.0.1:0"
	}
}

func (r *round) secure() bool { return r.scheme == "tls+tcp" || r.scheme == "wss" }

func (r *round) listenOptions() (opts []gonng.ListenOption) {
	if r.secure() {
		opts = append(opts, gonng.WithTLS(&tls.Config{Certificates: []tls.Certificate{certificate()}}))
	}
	return opts
}

func (r *round) dialOptions() (opts []gonng.DialOption) {
	opts = append(opts, gonng.WithDialMode([]gonng.DialMode{gonng.DialRetry, gonng.DialWait, gonng.DialBackground}[r.pick(3)]))
	if r.secure() {
		opts = append(opts, gonng.WithTLS(&tls.Config{InsecureSkipVerify: true}))
	}
	return opts
}

// draw is the next number of the round.
func (r *round) draw() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rand.Uint64()
}

// pick is a number below n.
func (r *round) pick(n int) int { return int(r.draw() % uint64(n)) }

// attack connects as no honest peer does.
func (r *round) attack(ctx context.Context, addr net.Addr, rnd *rand.Rand) {
	if strings.HasSuffix(r.scheme, "inproc") {
		return
	}
	for ctx.Err() == nil {
		nc, err := new(net.Dialer).DialContext(ctx, addr.Network(), addr.String())
		if err != nil {
			return // the hub has closed
		}
		r.hostile.Add(1)
		r.harm(nc, rnd)
		pause := time.NewTimer(time.Duration(rnd.IntN(200)) * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
		}
		pause.Stop()
		_ = nc.Close()
	}
}

// harm does one of the things that no honest peer does. The caller closes the connection.
func (r *round) harm(nc net.Conn, rnd *rand.Rand) {
	_ = nc.SetDeadline(time.Now().Add(roundTime))
	hello := []byte{0, 'S', 'P', 0, 0, 0, 0, 0}
	peer := r.pattern.peers.protocol
	binary.BigEndian.PutUint16(hello[4:], uint16(peer))
	prefix := make([]byte, 0, 9)
	if r.scheme == "ipc" || r.scheme == "abstract" {
		prefix = append(prefix, 1)
	}
	frame := func(size uint64, body []byte) []byte {
		return append(binary.BigEndian.AppendUint64(append([]byte(nil), prefix...), size), body...)
	}
	garbage := make([]byte, 1+rnd.IntN(1000))
	for i := range garbage {
		garbage[i] = byte(rnd.Uint32())
	}
	noise := bytes.Repeat([]byte{0xaa}, rnd.IntN(100))
	header := []byte{0x80, 0, 0, byte(rnd.Uint32())} // of what asks or answers
	var what []byte
	switch rnd.IntN(8) {
	case 0: // nothing
	case 1:
		what = garbage
	case 2:
		what = hello[:rnd.IntN(len(hello))]
	case 3: // an honest peer that never reads
		what = hello
	case 4: // and one that announces more than there is
		what = append(hello, frame(1<<uint(rnd.IntN(63)), noise)...)
	case 5: // and leaves in the middle of a message
		what = append(hello, frame(uint64(len(garbage)+1), garbage)...)
	case 6: // and sends what nobody has asked for, or more than the program receives
		what = hello
		for range rnd.IntN(1000) {
			what = append(what, frame(uint64(4+len(noise)), append(header, noise...))...)
		}
	case 7: // and a header that makes no sense
		what = append(hello, frame(3, []byte{0xaa, 0xaa, 0xaa})...)
	}
	_, _ = nc.Write(what)
}

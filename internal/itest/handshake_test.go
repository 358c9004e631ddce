package itest

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// handshakeTime is how long gonng waits for a peer's handshake.
const handshakeTime = 5 * time.Second

// honest is a client that must not notice what others do.
type honest struct {
	t   *testing.T
	req *gonng.Req0
}

func newHonest(t *testing.T, rep *gonng.Rep0, tr gonngtest.Transport, url string) *honest {
	t.Helper()
	serving(t, rep, echo)
	req := open(t, gonng.NewReq0)
	dial(t, req, tr, url, gonng.WithDialMode(gonng.DialWait))
	return &honest{t, req}
}

// works fails the test unless a request is answered long before a handshake in
// its way would have been given up.
func (h *honest) works() {
	h.t.Helper()
	start := time.Now()
	if body, err := h.req.Request(testContext(h.t), []byte("hello")); err != nil || string(body) != "hello" {
		h.t.Errorf("an honest client got %q, %v", body, err)
	}
	if took := time.Since(start); took > handshakeTime/2 {
		h.t.Errorf("an honest client had to wait %v", took)
	}
}

// newcomer fails the test unless somebody new can connect at once.
func (h *honest) newcomer(tr gonngtest.Transport, url string) {
	h.t.Helper()
	req := open(h.t, gonng.NewReq0)
	dial(h.t, req, tr, url, gonng.WithDialMode(gonng.DialWait))
	(&honest{h.t, req}).works()
	req.Close()
}

// noHellos are what a stranger may say instead of a handshake.
var noHellos = []struct {
	name   string
	bytes  string
	silent bool // and then nothing, instead of closing
	words  []string
	kind   error
}{
	{"http", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", false, []string{"HTTP"}, gonng.ErrProtocol},
	{"tls", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", false, []string{"TLS"}, gonng.ErrProtocol},
	{"noise", "\xde\xad\xbe\xef\xde\xad\xbe\xef\xde\xad\xbe\xef", false, []string{"de ad be ef"}, gonng.ErrProtocol},
	{"version", "\x00SP\x01\x00\x30\x00\x00", false, []string{"version 1"}, gonng.ErrProtocol},
	{"reserved", "\x00SP\x00\x00\x30\x00\x01", false, []string{"reserved"}, gonng.ErrProtocol},
	{"half and close", "\x00SP\x00", false, []string{"4 of 8"}, gonng.ErrConnectionReset},
	{"close", "", false, []string{"0 of 8"}, gonng.ErrConnectionReset},
	{"half and silence", "\x00SP\x00\x00", true, []string{"5 of 8", "5s"}, gonng.ErrTimeout},
	{"silence", "", true, []string{"0 of 8", "5s"}, gonng.ErrTimeout},
}

// TestStrangerConnects: each is dropped, logged with the reason and counted,
// and holds up nobody.
func TestStrangerConnects(t *testing.T) {
	t.Parallel()
	gonngtest.NoLeaks(t)
	parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
		rec := newRecorder()
		rep := open(t, gonng.NewRep0, gonng.WithLogger(rec.logger()))
		url := listen(t, rep, tr).URL()
		h := newHonest(t, rep, tr, url)
		for _, no := range noHellos {
			t.Run(no.name, func(t *testing.T) {
				h.t = t
				l := listen(t, rep, tr) // which has not warned of any yet
				url := l.URL()
				stranger := gonngtest.Dial(t, url)
				stranger.SendBytes([]byte(no.bytes))
				h.works()
				h.newcomer(tr, url)
				if !no.silent {
					if w, ok := stranger.Conn().(interface{ CloseWrite() error }); ok {
						w.CloseWrite()
					}
				}
				line := rec.want(t, append(no.words, "not accepted", url)...)
				level := "level=WARN"
				if no.bytes == "" && !no.silent { // it was a probe
					level = "level=DEBUG"
				}
				wantText(t, line, level)
				if tr.Name == "tcp" {
					wantText(t, line, stranger.Conn().LocalAddr().String())
				}
				if got := stranger.RecvAll(); len(got) > 8 {
					t.Errorf("the stranger received %d bytes, want a handshake at most", len(got))
				}
				wantStrangers(t, l, rec, 1)
				h.works()
			})
		}
	})
}

// wantStrangers fails the test unless the listener has counted n strangers, and shows which. The
// count of the socket would have those of all its listeners, and their ports are tried by dialers
// of other tests whose listener had the port before.
func wantStrangers(t *testing.T, l *gonng.Listener, rec *recorder, n uint64) {
	t.Helper()
	if got := l.Stats().HandshakeErrors; got != n {
		lines, _ := rec.matching("not accepted", l.URL())
		t.Errorf("%d handshake errors are counted, want %d: %q", got, n, lines)
	}
}

// TestStrangerListens: the same where the stranger is who is dialed.
func TestStrangerListens(t *testing.T) {
	t.Parallel()
	gonngtest.NoLeaks(t)
	parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
		for _, no := range noHellos {
			t.Run(no.name, func(t *testing.T) {
				t.Parallel()
				l := gonngtest.Listen(t, tr.URL(t))
				s := open(t, gonng.NewReq0)
				result := concurrently(func() error {
					_, err := s.Dial(testContext(t), l.URL(), gonng.WithDialMode(gonng.DialWait))
					return err
				})
				stranger := l.Accept()
				stranger.SendBytes([]byte(no.bytes))
				if !no.silent {
					if w, ok := stranger.Conn().(interface{ CloseWrite() error }); ok {
						w.CloseWrite()
					}
				}
				err := wait(t, "Dial", result)
				wantError(t, err, "dial", no.kind)
				wantText(t, err.Error(), append(no.words, l.URL())...)
				stranger.RecvAll()
				if n := s.Stats().ConnectFailures; n != 1 {
					t.Errorf("%d failures are counted, want 1", n)
				}
			})
		}
	})
}

// TestManySilentPeers: they hold up nobody, and each is dropped in time.
func TestManySilentPeers(t *testing.T) {
	t.Parallel()
	gonngtest.NoLeaks(t)
	parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
		rep := open(t, gonng.NewRep0)
		url := listen(t, rep, tr).URL()
		var silent []*gonngtest.Peer
		for range 100 {
			silent = append(silent, gonngtest.Dial(t, url))
		}
		h := newHonest(t, rep, tr, url)
		h.works()
		for _, peer := range silent {
			peer.RecvAll()
		}
		gonngtest.Eventually(t, func() bool { return rep.Stats().HandshakeErrors == 100 }, "100 handshake errors counted")
		h.works()
		h.newcomer(tr, url)
	})
}

// TestWrongPeer: both protocols are named, on both sides.
func TestWrongPeer(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		rec := newRecorder()
		rep := open(t, gonng.NewRep0, gonng.WithLogger(rec.logger()))
		url := listen(t, rep, tr).URL()
		h := newHonest(t, rep, tr, url)
		sub := open(t, gonng.NewSub0)
		_, err := sub.Dial(testContext(t), url, append(tr.Dial, gonng.WithDialMode(gonng.DialWait))...)
		wantError(t, err, "dial", gonng.ErrProtocol)
		if err != nil {
			wantText(t, err.Error(), "sub", "rep", url)
		}
		named, refusals := []string{"sub", "33", "49"}, uint64(1)
		if tr.Name == "inproc" { // only the listener refuses
			refusals = 0
		}
		if strings.HasPrefix(tr.Name, "ws") { // names go over the wire, and only the server refuses
			named, refusals = []string{"pub.sp.nanomsg.org", "req", "rep.sp.nanomsg.org"}, 0
		}
		wantText(t, rec.want(t, "not accepted"), append(named, "rep", url)...)
		if a, b := rep.Stats().RefusedProtocol, sub.Stats().RefusedProtocol; a != 1 || b != refusals {
			t.Errorf("%d and %d refused peers are counted, want 1 and %d", a, b, refusals)
		}
		h.works()
		h.newcomer(tr, url)
	})
	t.Run("unknown", func(t *testing.T) {
		rec := newRecorder()
		rep := open(t, gonng.NewRep0, gonng.WithLogger(rec.logger()))
		peer := gonngtest.Dial(t, listen(t, rep, transport("tcp")).URL())
		peer.Handshake(4711)
		peer.ExpectClosed()
		rec.want(t, "not accepted", "4711", "rep")
	})
}

// openings are what strangers say before they fall silent.
var openings = map[string][]string{
	"tcp":     {"", "\x00", "\x00SP\x00\x00\x30"},
	"tls+tcp": {"", "\x16", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"}, // a ClientHello that breaks off
	"ws":      {"", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"},
}

// TestManyStrangers: ten thousand that never finish their handshake keep nobody
// waiting, and are gone after the deadline.
func TestManyStrangers(t *testing.T) {
	gonngtest.NoLeaks(t)
	const deadline = 5 * time.Second // the default
	n := many(t)
	for _, name := range []string{"tcp", "tls+tcp", "ws"} {
		t.Run(name, func(t *testing.T) {
			tr := transport(name)
			rep := open(t, gonng.NewRep0)
			l := listen(t, rep, tr)
			h := newHonest(t, rep, tr, l.URL())
			goroutines, bytes := runtime.NumGoroutine(), memory()
			strangers := startChild(t, "strangers", fmt.Sprint(name, " ", l.Addr(), " ", n))
			h.works()
			h.newcomer(tr, l.URL())
			strangers.want(t, "connected")
			h.works()
			h.newcomer(tr, l.URL())
			t.Logf("%d strangers, of whom %d had to go already: %d goroutines and %d bytes of memory each", n, l.Stats().HandshakeErrors,
				(runtime.NumGoroutine()-goroutines)/n, (memory()-bytes)/n)
			line := wait(t, "the end of the strangers", strangers.lines)
			strangers.finish(t)
			left, last, _ := strings.Cut(line, " ")
			longest, err := time.ParseDuration(last)
			if left != "0" || err != nil || longest > 2*deadline {
				t.Errorf("%s strangers are left, and the last was there for %v; the deadline is %v", left, longest, deadline)
			}
			t.Logf("the last was there for %v of %v", longest, deadline)
			gonngtest.Eventually(t, func() bool { return l.Stats().HandshakeErrors == uint64(n) }, "all handshake errors counted")
			h.works()
			h.newcomer(tr, l.URL())
		})
	}
}

// beStrangers connects n times, says so, and then how many were not
// disconnected, and how long the last was there.
func beStrangers(t *testing.T, args string, say func(...any)) {
	f := strings.Fields(args)
	n, err := strconv.Atoi(f[2])
	check(t, err)
	openings := openings[f[0]]
	conns, since := make([]net.Conn, n), make([]time.Time, n)
	for i := range conns {
		conns[i], err = net.Dial("tcp", f[1])
		check(t, err)
		since[i] = time.Now()
		_, err = io.WriteString(conns[i], openings[i%len(openings)])
		check(t, err)
	}
	say("connected")
	left, longest := 0, time.Duration(0)
	over := time.Now().Add(patience)
	for i, nc := range conns {
		check(t, nc.SetReadDeadline(over))
		if _, err := io.Copy(io.Discard, nc); os.IsTimeout(err) {
			left++
		}
		nc.Close()
		longest = max(longest, time.Since(since[i]))
	}
	say(left, longest)
}

// memory is how many bytes are in use, stacks included.
func memory() int {
	var st runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&st)
	return int(st.HeapAlloc + st.StackInuse)
}

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

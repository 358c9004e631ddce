// Command load measures a socket with many peers:
//
//	go run ./internal/soak/load -peers 10000
//
// It prints for a pub and for a rep with that many peers how long they took to connect, what
// each costs in memory, and how long a message takes; for as many connects and closes as
// -connects says how many there are a second; and for peers that connect and say nothing
// what each costs while it waits. The peers are in this process, so each takes two
// descriptors: raise the limit (ulimit -n) for more than it allows. The exit status is 1 when
// something fails.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/gonng/gonng"
)

var (
	peers    = flag.Int("peers", 10_000, "connected peers of one pub and of one rep")
	connects = flag.Int("connects", 100_000, "connects and closes")
	halfOpen = flag.Int("half-open", 10_000, "peers of each transport that say nothing")
)

func main() {
	flag.Parse()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	dir, err := os.MkdirTemp("", "load")
	must(err)
	defer os.RemoveAll(dir)
	for i, scheme := range []string{"inproc", "ipc", "tcp"} {
		url := map[string]string{"inproc": "inproc://load", "ipc": "ipc://" + filepath.Join(dir, "x"), "tcp": "tcp://127.0.0.1:0"}[scheme]
		n := *peers
		if scheme != "inproc" {
			n = min(n, descriptors()/2)
		}
		publish(scheme, url, n)
		answer(scheme, url, n)
		come(scheme, url, *connects/3)
		if i > 0 {
			wait(scheme, url, min(*halfOpen, descriptors()/2))
		}
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// memory is what is in use, of the heap and of stacks.
func memory() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// many opens n sockets that dial url, some at a time, and waits until hub has them.
func many[T gonng.Socket](hub gonng.Socket, n int, open func() (T, error)) []T {
	list := make([]T, n)
	var all sync.WaitGroup
	for w := range 64 {
		all.Go(func() {
			for i := w; i < n; i += 64 {
				s, err := open()
				must(err)
				list[i] = s
			}
		})
	}
	all.Wait()
	must(hub.WaitPeers(context.Background(), n))
	return list
}

// closeAll closes what many has opened.
func closeAll[T gonng.Socket](list []T) {
	var all sync.WaitGroup
	for w := range 64 {
		all.Go(func() {
			for i := w; i < len(list); i += 64 {
				must(list[i].Close())
			}
		})
	}
	all.Wait()
}

func publish(scheme, url string, n int) {
	before := memory()
	pub, err := gonng.NewPub0(gonng.WithListen(url))
	must(err)
	defer pub.Close()
	begin := time.Now()
	subs := many(pub, n, func() (*gonng.Sub0, error) {
		return gonng.NewSub0(gonng.WithTopics(""), gonng.WithDial(pub.ListenURL(), gonng.WithDialMode(gonng.DialWait)))
	})
	took, each := time.Since(begin), (memory()-before)/uint64(n)
	const messages = 10
	begin = time.Now()
	for range messages {
		must(pub.Send(context.Background(), make([]byte, 100)))
		for _, s := range subs {
			_, err := s.Recv(context.Background())
			must(err)
		}
	}
	fmt.Printf("%s: a pub with %d peers: connected in %.1f s, %d bytes a peer with its sub; a message is received by all in %v\n",
		scheme, n, took.Seconds(), each, (time.Since(begin) / messages).Round(time.Millisecond))
	closeAll(subs)
}

func answer(scheme, url string, n int) {
	rep, err := gonng.NewRep0(gonng.WithListen(url))
	must(err)
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		_ = rep.Serve(ctx, func(_ context.Context, m *gonng.Message) ([]byte, error) { return m.Bytes(), nil }, gonng.WithConcurrency(8))
	})
	begin := time.Now()
	reqs := many(rep, n, func() (*gonng.Req0, error) {
		return gonng.NewReq0(gonng.WithDial(rep.ListenURL(), gonng.WithDialMode(gonng.DialWait)))
	})
	took := time.Since(begin)
	begin = time.Now()
	var all sync.WaitGroup
	for w := range 64 {
		all.Go(func() {
			for i := w; i < n; i += 64 {
				_, err := reqs[i].Request(context.Background(), make([]byte, 100))
				must(err)
			}
		})
	}
	all.Wait()
	fmt.Printf("%s: a rep with %d peers: connected in %.1f s; each asks once: %.0f requests a second\n",
		scheme, n, took.Seconds(), float64(n)/time.Since(begin).Seconds())
	closeAll(reqs)
	cancel()
	serving.Wait()
	must(rep.Close())
}

// come connects and closes n times, with eight at a time.
func come(scheme, url string, n int) {
	pull, err := gonng.NewPull0(gonng.WithListen(url))
	must(err)
	before, goroutines := memory(), runtime.NumGoroutine()
	begin := time.Now()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range n / 8 {
				push, err := gonng.NewPush0(gonng.WithDial(pull.ListenURL(), gonng.WithDialMode(gonng.DialWait)))
				must(err)
				must(push.Close())
			}
		})
	}
	all.Wait()
	took := time.Since(begin)
	for len(pull.Pipes()) > 0 || runtime.NumGoroutine() > goroutines {
		runtime.Gosched()
	}
	fmt.Printf("%s: %d connects and closes: %.0f a second; the heap has grown by %d KiB, and no goroutine is left\n",
		scheme, n, float64(n)/took.Seconds(), int64(memory()-before)/1024)
	must(pull.Close())
}

// wait has n peers connect that say nothing, until the listener gives them up. Meanwhile an
// honest peer connects.
func wait(scheme, url string, n int) {
	before := memory()
	pull, err := gonng.NewPull0(gonng.WithListen(url), gonng.WithLogger(nil))
	must(err)
	addr := pull.Listeners()[0].Addr()
	conns := make([]net.Conn, n)
	begin := time.Now()
	for i := range conns {
		conns[i], err = net.Dial(addr.Network(), addr.String())
		must(err)
	}
	dialed := time.Since(begin)
	each := int64(memory()-before) / int64(n)
	begin = time.Now()
	push, err := gonng.NewPush0(gonng.WithDial(pull.ListenURL(), gonng.WithDialMode(gonng.DialWait)))
	must(err)
	honest := time.Since(begin)
	for pull.Stats().HandshakeErrors < uint64(n) {
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Printf("%s: %d half-open peers: there in %.1f s, %d bytes each with its client; an honest peer connects in %v, and %.1f s later all are given up\n",
		scheme, n, dialed.Seconds(), each, honest.Round(time.Millisecond), time.Since(begin).Seconds())
	must(push.Close())
	must(pull.Close())
	for _, c := range conns {
		c.Close()
	}
}

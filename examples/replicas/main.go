// Command replicas is a service with several servers behind one name, and a client that
// balances its load. The client follows the name by DNS: it connects to every address, and
// asks the server with the fewest unanswered requests, so that a slow server gets few. It
// finds a server that is added, and a request whose server dies goes to another:
//
//	go run ./examples/replicas -listen tcp://127.0.0.1:5555
//	go run ./examples/replicas -listen tcp://127.0.0.2:5555 -work 100ms
//	go run ./examples/replicas -listen tcp://127.0.0.3:5555
//	go run ./examples/replicas -dial dns+tcp://service.example:5555 -requests 10000
//
// where service.example has the addresses of the servers; -dns names the server to ask for
// them, if it is not the system's.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gonng/gonng"
)

var (
	listen   = flag.String("listen", "", "`URL` to serve at")
	work     = flag.Duration("work", 0, "how long an answer takes")
	dial     = flag.String("dial", "", "`URL` of the service, with the name of the servers")
	dns      = flag.String("dns", "", "`address` of the DNS server to ask for them")
	interval = flag.Duration("interval", 10*time.Second, "how often to ask")
	requests = flag.Int("requests", 100, "how many requests to make, unless it is interrupted before")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := ask
	if *listen != "" {
		run = serve
	}
	if err := run(ctx); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context) error {
	rep, err := gonng.NewRep0(gonng.WithListen(*listen))
	if err != nil {
		return err
	}
	defer rep.Close()
	slog.Info("serving", "url", rep.ListenURL())
	return rep.Serve(ctx, func(ctx context.Context, request *gonng.Message) ([]byte, error) {
		select {
		case <-time.After(*work):
		case <-ctx.Done(): // the grace period is over
		}
		return []byte(rep.ListenURL()), nil
	}, gonng.WithConcurrency(4))
}

// callers is how many requests are under way at the same time.
const callers = 16

func ask(ctx context.Context) error {
	resolver := net.DefaultResolver
	if *dns != "" {
		resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, *dns)
		}}
	}
	req, err := gonng.NewReq0(gonng.WithDial(*dial), gonng.WithResolver(resolver), gonng.WithResolveInterval(*interval),
		gonng.WithResendTime(5*time.Second), // for a server that is there and silent
		gonng.WithPipeHook(gonng.PipeConnected, func(p *gonng.Pipe) { slog.Info("connected", "server", p.RemoteAddr()) }),
		gonng.WithPipeHook(gonng.PipeClosed, func(p *gonng.Pipe) { slog.Info("disconnected", "server", p.RemoteAddr(), "error", p.Err()) }))
	if err != nil {
		return err
	}
	defer req.Close()

	var next, failed atomic.Int64
	var mu sync.Mutex
	answers := make(map[string]int) // by server
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for next.Add(1) <= int64(*requests) {
				reply, err := req.Request(ctx, nil)
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					failed.Add(1)
					slog.Error("not answered", "error", err)
					continue
				}
				mu.Lock()
				if answers[string(reply)]++; answers[string(reply)] == 1 {
					slog.Info("first answer", "server", string(reply))
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	fmt.Println(answers, failed.Load(), "failed")
	return nil
}

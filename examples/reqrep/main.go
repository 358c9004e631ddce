// Command reqrep asks questions over the network. Start a replier and, in
// other terminals, before or after it, any number of requesters:
//
//	go run ./examples/reqrep -listen tcp://127.0.0.1:5555
//	go run ./examples/reqrep -dial tcp://127.0.0.1:5555 how are you
//
// Stop the replier while a requester waits, start it again, and the requester
// still gets its reply. Stopped by SIGTERM or an interrupt, the replier answers what it
// has begun to answer, and takes nothing new:
//
//	go run ./examples/reqrep -listen tcp://127.0.0.1:5555 -work 5s
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/gonng/gonng"
)

func main() {
	listen := flag.String("listen", "", "`URL` to answer requests at")
	work := flag.Duration("work", 0, "how long an answer takes")
	dial := flag.String("dial", "", "`URL` to send the arguments to, a word a request")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	var err error
	switch {
	case *listen != "":
		err = reply(ctx, *listen, *work)
	case *dial != "":
		err = request(ctx, *dial, flag.Args())
	default:
		flag.Usage()
		os.Exit(2)
	}
	if err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

// gracePeriod is how long answers that are being made may take when the program is
// stopped. Docker and Kubernetes kill what has not ended 10 and 30 s after SIGTERM.
const gracePeriod = 8 * time.Second

func reply(ctx context.Context, url string, work time.Duration) error {
	rep, err := gonng.NewRep0(gonng.WithListen(url), gonng.WithLogger(slog.Default()))
	if err != nil {
		return err
	}
	defer rep.Close()
	return rep.Serve(ctx, func(ctx context.Context, request *gonng.Message) ([]byte, error) {
		slog.Info("answering", "request", string(request.Bytes()))
		select {
		case <-time.After(work):
			return bytes.ToUpper(request.Bytes()), nil
		case <-ctx.Done(): // the grace period is over
			return nil, ctx.Err()
		}
	}, gonng.WithConcurrency(8), gonng.WithGracePeriod(gracePeriod))
}

func request(ctx context.Context, url string, words []string) error {
	req, err := gonng.NewReq0(gonng.WithDial(url))
	if err != nil {
		return err
	}
	defer req.Close()
	var replies []string
	for _, word := range words {
		reply, err := req.Request(ctx, []byte(word))
		if err != nil {
			return err
		}
		replies = append(replies, string(reply))
	}
	fmt.Println(strings.Join(replies, " "))
	return nil
}

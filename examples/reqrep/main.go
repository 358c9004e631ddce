// Command reqrep asks questions over the network. Start a replier and, in
// other terminals, before or after it, any number of requesters:
//
//	go run ./examples/reqrep -listen tcp://127.0.0.1:5555
//	go run ./examples/reqrep -dial tcp://127.0.0.1:5555 how are you
//
// Stop the replier while a requester waits, start it again, and the requester
// still gets its reply.
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

	"github.com/gonng/gonng"
)

func main() {
	listen := flag.String("listen", "", "`URL` to answer requests at")
	dial := flag.String("dial", "", "`URL` to send the arguments to, a word a request")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	var err error
	switch {
	case *listen != "":
		err = reply(ctx, *listen)
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

func reply(ctx context.Context, url string) error {
	rep, err := gonng.NewRep0(gonng.WithListen(url), gonng.WithLogger(slog.Default()))
	if err != nil {
		return err
	}
	defer rep.Close()
	return rep.Serve(ctx, func(_ context.Context, request *gonng.Message) ([]byte, error) {
		return bytes.ToUpper(request.Bytes()), nil
	}, gonng.WithConcurrency(8))
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

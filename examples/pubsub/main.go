// Command pubsub publishes the time of day, and subscribes to it. Start a
// publisher and any number of subscribers, in any order:
//
//	go run ./examples/pubsub -listen ipc:///tmp/clock.ipc
//	go run ./examples/pubsub -dial ipc:///tmp/clock.ipc          # everything
//	go run ./examples/pubsub -dial ipc:///tmp/clock.ipc minute   # this topic
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/gonng/gonng"
)

func main() {
	listen := flag.String("listen", "", "`URL` to publish at")
	dial := flag.String("dial", "", "`URL` to subscribe at; the arguments are topics")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	var err error
	switch {
	case *listen != "":
		err = publish(ctx, *listen)
	case *dial != "":
		err = subscribe(ctx, *dial, flag.Args())
	default:
		flag.Usage()
		os.Exit(2)
	}
	if err != nil && !errors.Is(err, gonng.ErrCanceled) {
		log.Fatal(err)
	}
}

func publish(ctx context.Context, url string) error {
	pub, err := gonng.NewPub0(gonng.WithListen(url))
	if err != nil {
		return err
	}
	defer pub.Close()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			topic := "second"
			if now.Second() == 0 {
				topic = "minute"
			}
			if err := pub.Send(ctx, []byte(topic+" "+now.Format(time.TimeOnly))); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

func subscribe(ctx context.Context, url string, topics []string) error {
	if len(topics) == 0 {
		topics = []string{""} // begins every message
	}
	sub, err := gonng.NewSub0(gonng.WithDial(url), gonng.WithTopics(topics...))
	if err != nil {
		return err
	}
	defer sub.Close()
	for message, err := range sub.All(ctx) {
		if err != nil {
			return err
		}
		fmt.Printf("%s\n", message)
	}
	return nil
}

package natsbridge_test

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/contrib/natsbridge"
	"github.com/gonng/gonng/contrib/natsbridge/internal/natstest"
)

// The benchmarks compare a bridge with nats.go alone, with messages of 1 KiB, all in this
// process:
//
//	go test -run - -bench . -benchtime 300000x github.com/gonng/gonng/contrib/natsbridge
//
// What is counted has arrived: at a subscriber, at a pull, or in the stream on disk.

const benchSize = 1024

func benchServer(b *testing.B) (*server.Server, *nats.Conn, jetstream.JetStream) {
	b.Helper()
	s := natstest.Start(b, server.Options{JetStream: true, StoreDir: b.TempDir()})
	nc, err := nats.Connect(s.ClientURL())
	must(b, err)
	b.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(b, err)
	_, err = js.CreateStream(context.Background(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}})
	must(b, err)
	b.SetBytes(benchSize)
	return s, nc, js
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// benchBridge runs a bridge until the benchmark ends.
func benchBridge(b *testing.B, s *server.Server, bridge natsbridge.Bridge) (url string) {
	b.Helper()
	ready, ended := make(chan []string, 1), make(chan error, 1)
	bridge.Servers, bridge.Listen = s.ClientURL(), local
	bridge.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	bridge.Ready = func(urls []string) { ready <- urls }
	ctx, cancel := context.WithCancel(context.Background())
	go func() { ended <- bridge.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		must(b, <-ended)
	})
	select {
	case urls := <-ready:
		return urls[0]
	case err := <-ended:
		ended <- nil
		b.Fatal(err)
	}
	return ""
}

// push sends b.N messages.
func push(b *testing.B, url string) {
	b.Helper()
	s, err := gonng.NewPush0(gonng.WithDial(url))
	must(b, err)
	b.Cleanup(func() { s.Close() })
	body := make([]byte, benchSize)
	for range b.N {
		must(b, s.Send(context.Background(), body))
	}
}

// benchCore measures send, whose messages arrive at nc. No more than 1024 are on their way: a
// Pub0 drops what its peer does not take, and so does the server.
func benchCore(b *testing.B, nc *nats.Conn, send func(body []byte) error) {
	credit := make(chan struct{}, 1024)
	_, err := nc.Subscribe("x", func(*nats.Msg) { <-credit })
	must(b, err)
	must(b, nc.Flush())
	body := make([]byte, benchSize)
	b.ResetTimer()
	for range b.N {
		credit <- struct{}{}
		must(b, send(body))
	}
	for range cap(credit) { // all have arrived
		credit <- struct{}{}
	}
}

// BenchmarkCoreNATS is nats.go: publisher, server, subscriber.
func BenchmarkCoreNATS(b *testing.B) {
	s, nc, _ := benchServer(b)
	from, err := nats.Connect(s.ClientURL())
	must(b, err)
	defer from.Close()
	benchCore(b, nc, func(body []byte) error { return from.Publish("x", body) })
}

// BenchmarkCoreBridge is Pub0, bridge, server, subscriber.
func BenchmarkCoreBridge(b *testing.B) {
	s, nc, _ := benchServer(b)
	url := benchBridge(b, s, natsbridge.Bridge{Protocol: gonng.ProtocolSub0, Subject: "x"})
	pub, err := gonng.NewPub0(gonng.WithDial(url))
	must(b, err)
	defer pub.Close()
	must(b, pub.WaitPeers(context.Background(), 1))
	benchCore(b, nc, func(body []byte) error { return pub.Send(context.Background(), body) })
}

// BenchmarkJetStreamPublish is nats.go: its asynchronous publisher, and a stream on disk.
func BenchmarkJetStreamPublish(b *testing.B) {
	_, _, js := benchServer(b)
	body := make([]byte, benchSize)
	b.ResetTimer()
	for range b.N {
		_, err := js.PublishAsync("s", body, jetstream.WithStallWait(time.Minute))
		must(b, err)
	}
	<-js.PublishAsyncComplete()
}

// stored waits until the stream has n messages: a consumer that begins at the last gets it.
func stored(b *testing.B, js jetstream.JetStream, n int) {
	b.Helper()
	c, err := js.CreateConsumer(context.Background(), "S", jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: uint64(n), AckPolicy: jetstream.AckNonePolicy,
	})
	must(b, err)
	_, err = c.Next(jetstream.FetchMaxWait(time.Minute))
	must(b, err)
}

// BenchmarkJetStreamPull is Push0, bridge, and a stream on disk.
func BenchmarkJetStreamPull(b *testing.B) {
	s, _, js := benchServer(b)
	url := benchBridge(b, s, natsbridge.Bridge{Protocol: gonng.ProtocolPull0, Stream: "S"})
	b.ResetTimer()
	push(b, url)
	stored(b, js, b.N)
}

// BenchmarkJetStreamRequests is Req0 with 256 requests at a time, bridge, and a stream on disk.
func BenchmarkJetStreamRequests(b *testing.B) {
	s, _, _ := benchServer(b)
	url := benchBridge(b, s, natsbridge.Bridge{Protocol: gonng.ProtocolRep0, Stream: "S"})
	req, err := gonng.NewReq0(gonng.WithDial(url))
	must(b, err)
	defer req.Close()
	body := make([]byte, benchSize)
	b.SetParallelism(128)
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := req.Request(context.Background(), body); err != nil {
				b.Error(err)
			}
		}
	})
}

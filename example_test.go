package gonng_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/gonng/gonng"
)

// must and mustDo keep the examples as short as they can be. They stay in the
// file of the examples: pkg.go.dev shows them with each.
func must[T any](v T, err error) T {
	mustDo(err)
	return v
}

func mustDo(err error) {
	if err != nil {
		panic(err)
	}
}

// One to one, both ways.
func ExamplePair0() {
	ctx := context.Background()
	s0 := must(gonng.NewPair0(gonng.WithListen("tcp://127.0.0.1:0")))
	defer s0.Close()
	s1 := must(gonng.NewPair0(gonng.WithDial(s0.Listeners()[0].URL())))
	defer s1.Close()

	mustDo(s0.Send(ctx, []byte("hello s1")))
	fmt.Printf("%s\n", must(s1.Recv(ctx)))
	mustDo(s1.Send(ctx, []byte("hi old buddy s0, great to see ya")))
	fmt.Printf("%s\n", must(s0.Recv(ctx)))
	// Output:
	// hello s1
	// hi old buddy s0, great to see ya
}

// One socket with several peers: a received message knows its pipe, and the
// pipe sends the answer.
func ExamplePair1_polyamorous() {
	ctx := context.Background()
	s0 := must(gonng.NewPair1(gonng.WithListen("tcp://127.0.0.1:0"), gonng.WithPolyamorous()))
	defer s0.Close()
	s1 := must(gonng.NewPair1(gonng.WithDial(s0.Listeners()[0].URL()), gonng.WithPolyamorous()))
	defer s1.Close()
	s2 := must(gonng.NewPair1(gonng.WithDial(s0.Listeners()[0].URL()), gonng.WithPolyamorous()))
	defer s2.Close()

	mustDo(s1.Send(ctx, []byte("hello from s1")))
	msg1 := must(s0.RecvMsg(ctx))
	mustDo(s2.Send(ctx, []byte("hello from s2")))
	msg2 := must(s0.RecvMsg(ctx))
	fmt.Printf("%s\n%s\n", msg1.Bytes(), msg2.Bytes())

	mustDo(msg1.Pipe().Send(ctx, []byte("hey s1")))
	mustDo(msg2.Pipe().Send(ctx, []byte("hey s2")))
	fmt.Printf("%s\n", must(s2.Recv(ctx)))
	fmt.Printf("%s\n", must(s1.Recv(ctx)))
	// Output:
	// hello from s1
	// hello from s2
	// hey s2
	// hey s1
}

// A question and its answer, step by step.
func ExampleReq0() {
	ctx := context.Background()
	rep := must(gonng.NewRep0(gonng.WithListen("tcp://127.0.0.1:0")))
	defer rep.Close()
	req := must(gonng.NewReq0(gonng.WithDial(rep.Listeners()[0].URL())))
	defer req.Close()

	mustDo(req.Send(ctx, []byte("random.random()")))
	fmt.Printf("asked: %s\n", must(rep.Recv(ctx)))
	mustDo(rep.Send(ctx, []byte("4"))) // guaranteed to be random
	fmt.Printf("answered: %s\n", must(req.Recv(ctx)))
	// Output:
	// asked: random.random()
	// answered: 4
}

// Many goroutines share one Req0: each request has a context of its own, and
// each reply finds its request.
func ExampleReq0_Request() {
	ctx := context.Background()
	rep := must(gonng.NewRep0(gonng.WithListen("inproc://example-request")))
	defer rep.Close()
	go rep.Serve(ctx, func(_ context.Context, m *gonng.Message) ([]byte, error) {
		return bytes.ToUpper(m.Bytes()), nil
	})
	req := must(gonng.NewReq0(gonng.WithDial("inproc://example-request")))
	defer req.Close()

	var all sync.WaitGroup
	for _, word := range []string{"one", "two", "three"} {
		all.Go(func() {
			fmt.Printf("%s: %s\n", word, must(req.Request(ctx, []byte(word))))
		})
	}
	all.Wait()
	// Unordered output:
	// one: ONE
	// two: TWO
	// three: THREE
}

// Several requests at a time on one Rep0: Serve gives each worker a context.
func ExampleRep0_Serve() {
	ctx := context.Background()
	rep := must(gonng.NewRep0(gonng.WithListen("tcp://127.0.0.1:0")))
	served := make(chan error)
	go func() {
		served <- rep.Serve(ctx, func(_ context.Context, m *gonng.Message) ([]byte, error) {
			return fmt.Appendf(nil, "I've got your response right here, %s!", m.Bytes()), nil
		}, gonng.WithConcurrency(10))
	}()
	req := must(gonng.NewReq0(gonng.WithDial(rep.Listeners()[0].URL())))
	defer req.Close()

	fmt.Printf("%s\n", must(req.Request(ctx, []byte("pal"))))
	mustDo(rep.Close()) // Serve returns nil
	fmt.Println("served:", <-served)
	// Output:
	// I've got your response right here, pal!
	// served: <nil>
}

// What Serve does, by hand. Goroutines that share a socket's own state would
// answer each other's requests; with a context each they do not.
func ExampleRep0_NewContext() {
	ctx := context.Background()
	rep := must(gonng.NewRep0(gonng.WithListen("inproc://example-contexts")))
	req := must(gonng.NewReq0(gonng.WithDial("inproc://example-contexts")))
	defer req.Close()

	const n = 3
	var workers, requests, busy sync.WaitGroup
	busy.Add(n)
	for range n {
		worker := must(rep.NewContext())
		workers.Go(func() {
			for request, err := range worker.All(ctx) { // until rep is closed
				mustDo(err)
				busy.Done()
				busy.Wait() // until every worker has a request
				mustDo(worker.Send(ctx, append(request, " done"...)))
			}
		})
	}
	for i := range n {
		requests.Go(func() {
			fmt.Printf("%s\n", must(req.Request(ctx, fmt.Append(nil, "request ", i))))
		})
	}
	requests.Wait()
	mustDo(rep.Close())
	workers.Wait()
	// Unordered output:
	// request 0 done
	// request 1 done
	// request 2 done
}

// Everybody gets what matches their topics, by prefix. A Sub0 without topics
// gets nothing.
func ExampleSub0() {
	ctx := context.Background()
	pub := must(gonng.NewPub0(gonng.WithListen("tcp://127.0.0.1:0")))
	defer pub.Close()
	dial := gonng.WithDial(pub.Listeners()[0].URL())
	sub0 := must(gonng.NewSub0(dial, gonng.WithTopics("wolf")))
	defer sub0.Close()
	sub1 := must(gonng.NewSub0(dial, gonng.WithTopics("puppy")))
	defer sub1.Close()
	sub2 := must(gonng.NewSub0(dial, gonng.WithTopics(""))) // the empty topic matches everything
	defer sub2.Close()
	sub3 := must(gonng.NewSub0(dial, gonng.WithRecvTimeout(100*time.Millisecond)))
	defer sub3.Close()

	mustDo(pub.WaitPeers(ctx, 4)) // what is published goes to those who are connected
	mustDo(pub.Send(ctx, []byte("puppy: that is a cute dog")))
	mustDo(pub.Send(ctx, []byte("wolf: that is a big dog")))

	fmt.Printf("sub0: %s\n", must(sub0.Recv(ctx)))
	fmt.Printf("sub1: %s\n", must(sub1.Recv(ctx)))
	fmt.Printf("sub2: %s\n", must(sub2.Recv(ctx)))
	fmt.Printf("sub2: %s\n", must(sub2.Recv(ctx)))
	_, err := sub3.Recv(ctx)
	if errors.Is(err, gonng.ErrTimeout) {
		fmt.Println("sub3: nothing, since it had no subscriptions")
	}
	// Output:
	// sub0: wolf: that is a big dog
	// sub1: puppy: that is a cute dog
	// sub2: puppy: that is a cute dog
	// sub2: wolf: that is a big dog
	// sub3: nothing, since it had no subscriptions
}

// Each message goes to one of the peers, in turn.
func ExamplePush0() {
	ctx := context.Background()
	push := must(gonng.NewPush0(gonng.WithListen("tcp://127.0.0.1:0")))
	defer push.Close()
	pull0 := must(gonng.NewPull0(gonng.WithDial(push.Listeners()[0].URL())))
	defer pull0.Close()
	pull1 := must(gonng.NewPull0(gonng.WithDial(push.Listeners()[0].URL())))
	defer pull1.Close()

	mustDo(push.WaitPeers(ctx, 2))
	mustDo(push.Send(ctx, []byte("hi some node")))
	mustDo(push.Send(ctx, []byte("hi some other node")))
	fmt.Printf("%s\n", must(pull0.Recv(ctx)))
	fmt.Printf("%s\n", must(pull1.Recv(ctx)))

	mustDo(pull0.Set(gonng.WithRecvTimeout(100 * time.Millisecond)))
	_, err := pull0.Recv(ctx)
	fmt.Println("a third message:", errors.Is(err, gonng.ErrTimeout))
	// Unordered output:
	// hi some node
	// hi some other node
	// a third message: true
}

// A question to everybody, and answers until the time is over.
func ExampleSurveyor0() {
	ctx := context.Background()
	surveyor := must(gonng.NewSurveyor0(gonng.WithListen("tcp://127.0.0.1:0"), gonng.WithSurveyTime(500*time.Millisecond)))
	defer surveyor.Close()
	responder1 := must(gonng.NewRespondent0(gonng.WithDial(surveyor.Listeners()[0].URL())))
	defer responder1.Close()
	responder2 := must(gonng.NewRespondent0(gonng.WithDial(surveyor.Listeners()[0].URL())))
	defer responder2.Close()

	mustDo(surveyor.WaitPeers(ctx, 2))
	mustDo(surveyor.Send(ctx, []byte("who wants to party?")))
	// usually these would be in another goroutine or process, ya know?
	must(responder1.Recv(ctx))
	must(responder2.Recv(ctx))
	mustDo(responder1.Send(ctx, []byte("me me me!!!")))
	mustDo(responder2.Send(ctx, []byte("I need to sit this one out.")))

	// accept responses until the survey is finished
	for {
		response, err := surveyor.Recv(ctx)
		if errors.Is(err, gonng.ErrTimeout) {
			fmt.Println("survey is OVER!  Time for bed.")
			break
		}
		mustDo(err)
		fmt.Printf("%s\n", response)
	}
	// Unordered output:
	// me me me!!!
	// I need to sit this one out.
	// survey is OVER!  Time for bed.
}

// The same in a loop that ends with the survey.
func ExampleSurveyor0_Survey() {
	ctx := context.Background()
	surveyor := must(gonng.NewSurveyor0(gonng.WithListen("inproc://example-survey"), gonng.WithSurveyTime(200*time.Millisecond)))
	defer surveyor.Close()
	for _, name := range []string{"anna", "ben"} {
		responder := must(gonng.NewRespondent0(gonng.WithDial("inproc://example-survey")))
		defer responder.Close()
		go responder.Serve(ctx, func(context.Context, *gonng.Message) ([]byte, error) {
			return []byte(name), nil
		})
	}
	mustDo(surveyor.WaitPeers(ctx, 2))
	for response, err := range surveyor.Survey(ctx, []byte("who is there?")) {
		mustDo(err)
		fmt.Printf("%s\n", response.Bytes())
	}
	fmt.Println("that is all")
	// Unordered output:
	// anna
	// ben
	// that is all
}

// Each message goes to all directly connected peers, and only to them.
func ExampleBus0() {
	ctx := context.Background()
	s0 := must(gonng.NewBus0(gonng.WithListen("tcp://127.0.0.1:0")))
	defer s0.Close()
	s1 := must(gonng.NewBus0(gonng.WithDial(s0.Listeners()[0].URL())))
	defer s1.Close()
	s2 := must(gonng.NewBus0(gonng.WithDial(s0.Listeners()[0].URL())))
	defer s2.Close()

	mustDo(s0.WaitPeers(ctx, 2))
	mustDo(s0.Send(ctx, []byte("hello buddies")))
	fmt.Printf("s1: %s\n", must(s1.Recv(ctx)))
	fmt.Printf("s2: %s\n", must(s2.Recv(ctx)))
	mustDo(s1.Send(ctx, []byte("hi s0")))
	fmt.Printf("s0: %s\n", must(s0.Recv(ctx)))

	mustDo(s2.Set(gonng.WithRecvTimeout(100 * time.Millisecond)))
	_, err := s2.Recv(ctx)
	if errors.Is(err, gonng.ErrTimeout) {
		fmt.Println("s2 is not connected directly to s1!")
	}
	// Output:
	// s1: hello buddies
	// s2: hello buddies
	// s0: hi s0
	// s2 is not connected directly to s1!
}

// Who dials need not wait for who listens: the dialer tries until the peer is
// there, and a request waits for it.
func ExampleSocket_dialBeforeListen() {
	ctx := context.Background()
	// Without DialBackground, Dial tries once while the caller waits, logs the
	// failure and then goes on as here.
	req := must(gonng.NewReq0(gonng.WithDial("inproc://example-late", gonng.WithDialMode(gonng.DialBackground))))
	defer req.Close()
	reply := make(chan []byte)
	go func() { reply <- must(req.Request(ctx, []byte("anybody there?"))) }()

	rep := must(gonng.NewRep0(gonng.WithListen("inproc://example-late")))
	defer rep.Close()
	fmt.Printf("%s\n", must(rep.Recv(ctx)))
	mustDo(rep.Send(ctx, []byte("now I am")))
	fmt.Printf("%s\n", <-reply)
	// Output:
	// anybody there?
	// now I am
}

// Contexts bound a call from outside, timeout options from inside. Errors are
// tested with errors.Is.
func ExampleError() {
	pull := must(gonng.NewPull0(gonng.WithRecvTimeout(10 * time.Millisecond)))
	_, err := pull.Recv(context.Background())
	fmt.Println(err)
	fmt.Println(errors.Is(err, gonng.ErrTimeout), errors.Is(err, os.ErrDeadlineExceeded))

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = pull.Recv(ctx)
	fmt.Println(errors.Is(err, gonng.ErrCanceled), errors.Is(err, context.Canceled))

	_, err = pull.TryRecv()
	fmt.Println(errors.Is(err, gonng.ErrTryAgain))

	mustDo(pull.Close())
	_, err = pull.Recv(context.Background())
	fmt.Println(errors.Is(err, gonng.ErrClosed), errors.Is(err, net.ErrClosed))
	// Output:
	// gonng: recv pull: timed out after 10ms: no peer is connected
	// true true
	// true true
	// true
	// true true
}

// A loop over what arrives, which ends when the socket is closed.
func ExampleReceiver_all() {
	ctx := context.Background()
	pull := must(gonng.NewPull0(gonng.WithListen("inproc://example-all")))
	push := must(gonng.NewPush0(gonng.WithDial("inproc://example-all")))
	defer push.Close()
	for _, job := range []string{"one", "two", "stop"} {
		mustDo(push.Send(ctx, []byte(job)))
	}
	for job, err := range pull.All(ctx) {
		mustDo(err) // not because pull was closed: that ends the loop quietly
		fmt.Printf("%s\n", job)
		if string(job) == "stop" {
			mustDo(pull.Close())
		}
	}
	fmt.Println("the loop has ended")
	// Output:
	// one
	// two
	// stop
	// the loop has ended
}

// RecvMsg does not copy the body, and Free gives its memory back for the next
// messages.
func ExampleMessage() {
	ctx := context.Background()
	pull := must(gonng.NewPull0(gonng.WithListen("inproc://example-message")))
	defer pull.Close()
	push := must(gonng.NewPush0(gonng.WithDial("inproc://example-message")))
	defer push.Close()
	mustDo(push.SendMsg(ctx, gonng.NewMessage([]byte("a body")))) // takes the message over

	m := must(pull.RecvMsg(ctx))
	fmt.Printf("%s from %v\n", m.Bytes(), m.Pipe().RemoteAddr())
	kept := bytes.Clone(m.Bytes()) // m.Bytes() ends with m
	m.Free()
	fmt.Printf("%s\n", kept)
	// Output:
	// a body from example-message
	// a body
}

// Hooks hear of peers that come and go. One that closes a pipe before it is
// connected refuses the peer.
func ExampleSocket_onPipe() {
	ctx := context.Background()
	s := must(gonng.NewPair0(gonng.WithListen("inproc://example-hooks")))
	defer s.Close()
	var first sync.Once
	gone := make(chan struct{})
	s.OnPipe(gonng.PipeConnecting, func(p *gonng.Pipe) {
		first.Do(func() {
			fmt.Println("refused the first peer")
			p.Close()
		})
	})
	s.OnPipe(gonng.PipeConnected, func(p *gonng.Pipe) { fmt.Println("a peer that speaks", p.Peer()) })
	s.OnPipe(gonng.PipeClosed, func(*gonng.Pipe) { close(gone) })

	peer := must(gonng.NewPair0(gonng.WithDial("inproc://example-hooks"))) // comes back after being refused
	mustDo(s.WaitPeers(ctx, 1))
	mustDo(peer.Close())
	<-gone
	fmt.Println("it has gone")
	// Output:
	// refused the first peer
	// a peer that speaks pair
	// it has gone
}

// A device forwards requests from one network to another, and the replies
// back.
func ExampleDevice() {
	ctx := context.Background()
	front := must(gonng.NewRaw(gonng.ProtocolRep0, gonng.WithListen("inproc://example-front")))
	back := must(gonng.NewRaw(gonng.ProtocolReq0, gonng.WithListen("inproc://example-back")))
	defer back.Close()
	ended := make(chan error)
	go func() { ended <- gonng.Device(ctx, front, back) }()

	rep := must(gonng.NewRep0(gonng.WithDial("inproc://example-back")))
	defer rep.Close()
	go rep.Serve(ctx, func(context.Context, *gonng.Message) ([]byte, error) {
		return []byte("hello from behind the device"), nil
	})
	req := must(gonng.NewReq0(gonng.WithDial("inproc://example-front")))
	defer req.Close()
	fmt.Printf("%s\n", must(req.Request(ctx, []byte("hello?"))))

	mustDo(front.Close()) // ends the device
	fmt.Println("device:", <-ended)
	// Output:
	// hello from behind the device
	// device: <nil>
}

// Attach makes a pipe of a connection that the program brings: here of memory.
func ExampleSocket_attach() {
	ctx := context.Background()
	s0 := must(gonng.NewPair0())
	defer s0.Close()
	s1 := must(gonng.NewPair0())
	defer s1.Close()
	c0, c1 := net.Pipe()
	go s0.Attach(ctx, c0) // both sides introduce themselves, at the same time
	must(s1.Attach(ctx, c1))

	mustDo(s1.Send(ctx, []byte("no network needed")))
	fmt.Printf("%s\n", must(s0.Recv(ctx)))
	// Output:
	// no network needed
}

// ListenOn accepts from a listener that the program brings: from systemd, for
// instance, or with a limit on connections.
func ExampleSocket_listenOn() {
	ctx := context.Background()
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	pull := must(gonng.NewPull0())
	defer pull.Close() // closes l
	must(pull.ListenOn(l))

	push := must(gonng.NewPush0(gonng.WithDial("tcp://" + l.Addr().String())))
	defer push.Close()
	mustDo(push.Send(ctx, []byte("through my own listener")))
	fmt.Printf("%s\n", must(pull.Recv(ctx)))
	// Output:
	// through my own listener
}

// Shutdown closes a socket, too, but takes as long as its context allows to
// write what was sent; Close takes at most the linger.
func ExampleSocket_shutdown() {
	pull := must(gonng.NewPull0(gonng.WithListen("tcp://127.0.0.1:0")))
	defer pull.Close()
	push := must(gonng.NewPush0(gonng.WithDial(pull.Listeners()[0].URL())))
	for i := range 1000 {
		mustDo(push.Send(context.Background(), fmt.Append(nil, i)))
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	mustDo(push.Shutdown(ctx)) // an error says how many messages were left

	var last []byte
	for range 1000 {
		last = must(pull.Recv(context.Background()))
	}
	fmt.Printf("%s\n", last)
	// Output:
	// 999
}

// Whatever is dropped is counted.
func ExampleSocket_stats() {
	ctx := context.Background()
	sub := must(gonng.NewSub0(gonng.WithListen("inproc://example-stats"), gonng.WithTopics("news")))
	defer sub.Close()
	pub := must(gonng.NewPub0(gonng.WithDial("inproc://example-stats")))
	defer pub.Close()

	mustDo(pub.Send(ctx, []byte("weather: rain")))
	mustDo(pub.Send(ctx, []byte("news: none")))
	fmt.Printf("%s\n", must(sub.Recv(ctx)))
	st := sub.Stats()
	fmt.Println(st.Received, "received,", st.Filtered, "filtered")
	// Output:
	// news: none
	// 2 received, 1 filtered
}

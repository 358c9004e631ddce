package itest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// lossMessages is how many messages are sent before a Close.
const lossMessages = 100_000

// What fits into the queue of a Unix socket, which holds 93, but not into the
// chunk of 64 KiB that is the most that a pull takes when its queue is for one
// message. Nobody needs to read for the sender to go on: a Unix socket that was
// full takes more only when three quarters of it are free.
const arrivedMessages, arrivedSize = 90, 1 << 10

// receiveAll receives what was sent with bodies 0 to n-1, in order.
func receiveAll(t *testing.T, r gonng.Receiver, n int) {
	t.Helper()
	ctx := gonngtest.Context(t, 6*patience)
	buf := make([]byte, 128<<10)
	for i := range n {
		size, err := r.RecvInto(ctx, buf)
		if err != nil {
			t.Fatalf("message %d of %d: %v", i, n, err)
		}
		if want := body(i, mixedSize(i)); string(buf[:size]) != string(want) {
			t.Fatalf("message %d: received %s, sent %s", i, abbreviated(buf[:size]), abbreviated(want))
		}
	}
}

// What Send accepted arrives although the sender closes at once.
func TestNothingLostAtClose(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, side := range []string{"dialing", "listening"} {
			t.Run(side, func(t *testing.T) {
				gonngtest.NoLeaks(t)
				push, pull := open(t, gonng.NewPush0), open(t, gonng.NewPull0)
				if side == "dialing" {
					link(t, pull, push, tr)
				} else {
					link(t, push, pull, tr)
				}
				ctx := gonngtest.Context(t, 6*patience)
				messages := lossMessages
				if raceDetector && strings.HasPrefix(tr.Name, "ws") { // still several times what all queues hold
					messages /= 10
				}
				closed := concurrently(func() error {
					for i := range messages {
						if err := push.Send(ctx, body(i, mixedSize(i))); err != nil {
							return err
						}
					}
					return push.Close()
				})
				receiveAll(t, pull, messages)
				check(t, <-closed)
			})
		}
	})
}

// The same where the sender's process ends then, too.
func TestNothingLostAtExit(t *testing.T) {
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		pull := open(t, gonng.NewPull0)
		pusher := startChild(t, "push", listen(t, pull, tr).URL())
		receiveAll(t, pull, lossMessages)
		pusher.finish(t)
	})
}

// What has arrived is received although the sender was killed since, also what
// the operating system still had.
func TestArrivedBeforePeerKilled(t *testing.T) {
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		pull := open(t, gonng.NewPull0, gonng.WithRecvBuffer(1))
		pusher := startChild(t, "written", listen(t, pull, tr).URL())
		pusher.want(t, "written")
		pusher.kill(t)
		if taken := pull.Stats().RecvQueue; taken >= 64 {
			t.Errorf("the pull took %d messages: it may have left none to the operating system", taken)
		}
		for i := range arrivedMessages {
			got, err := pull.Recv(testContext(t))
			if err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
			wantBody(t, got, body(i, arrivedSize))
		}
	})
}

// What has arrived is received although the sender has closed since.
func TestArrivedBeforePeerClosed(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		r.prepare(t)
		n := r.batch(20)
		for i := range n {
			check(t, r.from.Send(testContext(t), body(i, 100)))
		}
		gone := departures(r.receiver)
		check(t, r.from.(gonng.Socket).Close())
		wait(t, "the sender goes", gone)
		for i := range n {
			got, err := r.to.Recv(testContext(t))
			check(t, err)
			wantBody(t, got, body(i, 100))
		}
	})
}

// A pair closes while its peer sends as fast as it can: what it had sent still
// arrives. A TCP connection that is closed with unread data is reset, and a
// reset destroys what the peer's system has not taken yet.
func TestNothingLostAtCloseAgainstTraffic(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, size := range []int{100, 10 << 10, 100 << 10} {
			t.Run(fmt.Sprint(size), func(t *testing.T) {
				gonngtest.NoLeaks(t)
				times := 3
				if raceDetector {
					times = 1
				}
				for range times {
					testCloseAgainstTraffic(t, tr, size)
				}
			})
		}
	})
}

func testCloseAgainstTraffic(t *testing.T, tr gonngtest.Transport, size int) {
	leaver, stayer := open(t, gonng.NewPair0, gonng.WithLinger(patience)), open(t, gonng.NewPair0)
	link(t, leaver, stayer, tr)
	ctx := gonngtest.Context(t, 3*patience)
	gone := departures(stayer)
	traffic := concurrently(func() error {
		for i := 0; ; i++ {
			if err := stayer.Send(ctx, body(i, size)); err != nil {
				return err
			}
		}
	})
	// The leaver receives nothing; it sends until the stayer, which does not
	// receive yet, takes no more.
	n := fill(t, leaver, size)
	closed := concurrently(leaver.Close)
	for i := range n {
		got, err := stayer.Recv(ctx)
		if err != nil {
			t.Fatalf("message %d of %d: %v", i, n, err)
		}
		if len(got) != size {
			t.Fatalf("message %d has %d bytes, want %d", i, len(got), size)
		}
	}
	check(t, <-closed)
	wait(t, "the leaver goes", gone)
	check(t, stayer.Close())
	if err := <-traffic; !errors.Is(err, gonng.ErrClosed) {
		t.Errorf("the traffic ended with %v", err)
	}
}

// A full queue drops the oldest message or the newest, and counts it.
func TestSubDrops(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		pub := open(t, gonng.NewPub0)
		sub := open(t, gonng.NewSub0, gonng.WithTopics(""), gonng.SubOption(gonng.WithRecvBuffer(3)))
		link(t, pub, sub, tr)
		older, err := sub.NewContext() // with the socket's buffer
		check(t, err)
		check(t, older.Set(gonng.WithPreferNew(false)))
		check(t, older.Subscribe(""))
		roomy, err := sub.NewContext()
		check(t, err)
		check(t, roomy.Set(gonng.WithRecvBuffer(9)))
		check(t, roomy.Subscribe(""))
		for i := range 10 {
			sendText(t, pub, fmt.Sprint(i))
		}
		arrived(t, sub, 10)
		if got := sub.Stats().DroppedFull; got != 7+7+1 {
			t.Errorf("%d messages were dropped, want 15", got)
		}
		wantTexts(t, received(t, sub), []string{"7", "8", "9"})
		wantTexts(t, received(t, older), []string{"0", "1", "2"})
		wantTexts(t, received(t, roomy), []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"})
		sendText(t, pub, "again")
		recvText(t, sub, "again")
		recvText(t, older, "again")
	})
}

// A smaller buffer holds for what waits already, too.
func TestSubBufferShrinks(t *testing.T) {
	gonngtest.NoLeaks(t)
	pub, sub := publishing(t, transport("inproc"), gonng.WithTopics(""))
	for i := range 10 {
		sendText(t, pub, fmt.Sprint(i))
	}
	arrived(t, sub, 10)
	check(t, sub.Set(gonng.WithRecvBuffer(2)))
	sendText(t, pub, "10")
	arrived(t, sub, 11)
	wantTexts(t, received(t, sub), []string{"9", "10"})
	if got := sub.Stats().DroppedFull; got != 9 {
		t.Errorf("%d messages were dropped, want 9", got)
	}
}

// The queue of bytes does not grow when large messages take the place of small
// ones.
func TestSubQueueIsBounded(t *testing.T) {
	gonngtest.NoLeaks(t)
	pub, sub := publishing(t, transport("inproc"), gonng.WithTopics(""))
	const small, large, size = 300_000, 20, 1 << 20 // the small ones alone are more than fits
	for i := range small {
		check(t, pub.TrySend(make([]byte, 8)))
		if i%1000 == 0 {
			arrived(t, sub, uint64(i+1)) // so that the publisher drops nothing
		}
	}
	for i := range uint64(large) {
		check(t, pub.TrySend(make([]byte, size)))
		arrived(t, sub, small+i+1)
	}
	bytes, messages := 0, 0
	for _, text := range received(t, sub) {
		bytes += len(text)
		messages++
	}
	if bytes > 5*size || bytes < 3*size {
		t.Errorf("the queue held %d bytes, want about 4 MiB", bytes)
	}
	if got := sub.Stats().DroppedFull; got != uint64(small+large-messages) {
		t.Errorf("%d messages were dropped and %d received of %d", got, messages, small+large)
	}
}

// A subscriber that does not read loses messages, and nobody else does. What
// it lost is counted on its pipe, to the message.
func TestPubSlowSubscriber(t *testing.T) {
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		log := newRecorder()
		pub := open(t, gonng.NewPub0, gonng.WithSendBuffer(10), gonng.WithLogger(log.logger()))
		slow := scripted(t, pub, tr)
		slowPipe := pub.Pipes()[0]
		var subs []*gonng.Sub0
		for range 2 {
			sub := open(t, gonng.NewSub0, gonng.WithTopics(""))
			link(t, pub, sub, tr)
			subs = append(subs, sub)
		}
		const messages, size = 400, 64 << 10 // more than the operating system holds
		ctx := gonngtest.Context(t, patience)
		buf := make([]byte, size)
		for i := range messages {
			check(t, pub.Send(ctx, numbered(i, size)))
			for _, sub := range subs {
				n, err := sub.RecvInto(ctx, buf)
				check(t, err)
				wantBody(t, buf[:n], numbered(i, size))
			}
		}
		st := slowPipe.Stats()
		if st.DroppedFull == 0 || st.Sent+st.DroppedFull != messages {
			t.Fatalf("the slow peer was sent %d and lost %d of %d messages", st.Sent, st.DroppedFull, messages)
		}
		for _, p := range pub.Pipes() {
			if got := p.Stats(); p != slowPipe && (got.Sent != messages || got.DroppedFull != 0) {
				t.Errorf("a quick peer was sent %d and lost %d of %d messages", got.Sent, got.DroppedFull, messages)
			}
		}
		if got := pub.Stats().DroppedFull; got != st.DroppedFull {
			t.Errorf("the socket counts %d lost messages, the pipe %d", got, st.DroppedFull)
		}
		if found, _ := log.matching("peer too slow"); len(found) == 0 || uint64(len(found)) >= st.DroppedFull {
			t.Errorf("%d losses were logged %d times, want once an episode", st.DroppedFull, len(found))
		}
		last := -1
		for range st.Sent {
			i := int(binary.BigEndian.Uint64(slow.RecvFrame()))
			if i <= last {
				t.Fatalf("message %d came after %d", i, last)
			}
			last = i
		}
		sendText(t, pub, "after")
		wantBody(t, slow.RecvFrame(), []byte("after"))
	})
}

// Every message of a tight loop is received, filtered or counted as lost.
func TestPublishedIsReceivedOrCounted(t *testing.T) {
	total := 2_000_000
	if raceDetector || testing.Short() {
		total /= 10
	}
	for _, tt := range []struct {
		name string
		pub  []gonng.SocketOption
		sub  []gonng.SubOption
	}{
		{name: "default buffers"},
		{"small buffers", []gonng.SocketOption{gonng.WithSendBuffer(100)}, []gonng.SubOption{gonng.WithRecvBuffer(100)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			gonngtest.NoLeaks(t)
			pub := open(t, gonng.NewPub0, tt.pub...)
			sub := open(t, gonng.NewSub0, append(tt.sub, gonng.WithTopics("news"))...)
			link(t, pub, sub, transport("tcp"))
			ctx := gonngtest.Context(t, 6*patience)
			got := make(chan uint64, 1)
			go func() {
				n, buf := uint64(0), make([]byte, 64)
				for {
					size, err := sub.RecvInto(ctx, buf)
					if err != nil || size < len(buf) {
						break
					}
					n++
				}
				got <- n
			}()
			news, gossip := make([]byte, 64), make([]byte, 64)
			copy(news, "news")
			for i := range total {
				body := news
				if i%4 == 0 {
					body = gossip
				}
				check(t, pub.Send(ctx, body))
			}
			pipe := pub.Pipes()[0].Stats()
			if pipe.Sent+pipe.DroppedFull != uint64(total) {
				t.Errorf("published %d: accepted %d, dropped %d", total, pipe.Sent, pipe.DroppedFull)
			}
			arrived(t, sub, pipe.Sent)
			sendText(t, pub, "news") // the end; the queues are empty, or the subscriber drops an older one
			n := wait(t, "the end", got)
			st := sub.Stats()
			t.Logf("published %d: received %d, filtered %d, dropped by the publisher %d, by the subscriber %d", total, n, st.Filtered, pipe.DroppedFull, st.DroppedFull)
			if n+st.Filtered+pipe.DroppedFull+st.DroppedFull != uint64(total) {
				t.Error("that is not what was published")
			}
			if st.Filtered == 0 {
				t.Error("nothing is filtered")
			}
		})
	}
}

package gonng_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// publishing is a publisher and a subscriber that are connected.
func publishing(t testing.TB, tr gonngtest.Transport, opts ...gonng.SubOption) (*gonng.Pub0, *gonng.Sub0) {
	t.Helper()
	pub, sub := open(t, gonng.NewPub0), open(t, gonng.NewSub0, opts...)
	link(t, pub, sub, tr)
	return pub, sub
}

// arrived waits until a socket has read n messages from its peers.
func arrived(t testing.TB, s gonng.Socket, n uint64) {
	t.Helper()
	gonngtest.Eventually(t, func() bool { return s.Stats().Received >= n }, fmt.Sprint(n, " messages have arrived"))
	if got := s.Stats().Received; got != n {
		t.Fatalf("%d messages have arrived, want %d", got, n)
	}
}

// received takes what waits to be received.
func received(t testing.TB, r gonng.Receiver) (texts []string) {
	t.Helper()
	for {
		b, err := r.TryRecv()
		if errors.Is(err, gonng.ErrTryAgain) {
			return texts
		}
		check(t, err)
		texts = append(texts, string(b))
	}
}

func wantTexts(t testing.TB, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("received %q, want %q", got, want)
	}
}

func TestSubPrefixes(t *testing.T) {
	published := []string{"", "a", "ab", "abc", "b", "ba", "\x00", "\x00a", "a\x00"}
	tests := []struct {
		topics, want []string
	}{
		{nil, nil},
		{[]string{""}, published},
		{[]string{"a"}, []string{"a", "ab", "abc", "a\x00"}},
		{[]string{"ab"}, []string{"ab", "abc"}},
		{[]string{"abcd"}, nil},
		{[]string{"abc", "a"}, []string{"a", "ab", "abc", "a\x00"}},
		{[]string{"b", "abc"}, []string{"abc", "b", "ba"}},
		{[]string{"\x00"}, []string{"\x00", "\x00a"}},
		{[]string{"A"}, nil},
	}
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%q", tt.topics), func(t *testing.T) {
				pub, sub := publishing(t, tr, gonng.WithTopics(tt.topics...))
				for _, text := range published {
					sendText(t, pub, text)
				}
				arrived(t, sub, uint64(len(published)))
				wantTexts(t, received(t, sub), tt.want)
				if got, want := sub.Stats().Filtered, uint64(len(published)-len(tt.want)); got != want {
					t.Errorf("%d messages were filtered, want %d", got, want)
				}
			})
		}
	})
}

// A topic is there once however often it was subscribed to.
func TestSubscribeAndUnsubscribe(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		pub, sub := publishing(t, tr)
		n := uint64(0)
		publish := func(want ...string) {
			t.Helper()
			for _, text := range []string{"ant", "bee", "cat"} {
				sendText(t, pub, text)
				n++
			}
			arrived(t, sub, n)
			wantTexts(t, received(t, sub), want)
		}
		publish()
		check(t, sub.Subscribe("b"))
		check(t, sub.Subscribe("b", "b", "c"))
		check(t, sub.Subscribe())
		publish("bee", "cat")
		check(t, sub.Unsubscribe("b"))
		publish("cat")
		wantError(t, sub.Unsubscribe("b"), "unsubscribe", gonng.ErrNoEntry)
		wantError(t, sub.Unsubscribe(""), "unsubscribe", gonng.ErrNoEntry)
		wantError(t, sub.Unsubscribe("ca"), "unsubscribe", gonng.ErrNoEntry)
		wantError(t, sub.Unsubscribe("c", "x"), "unsubscribe", gonng.ErrNoEntry)
		wantError(t, sub.Unsubscribe("c", "c"), "unsubscribe", gonng.ErrNoEntry)
		publish("cat") // none of them was removed
		check(t, sub.Subscribe(""))
		publish("ant", "bee", "cat")
		check(t, sub.Unsubscribe("", "c"))
		publish()
	})
}

// What waits already is still received.
func TestUnsubscribeLeavesQueue(t *testing.T) {
	gonngtest.NoLeaks(t)
	pub, sub := publishing(t, transport("inproc"), gonng.WithTopics("a"))
	sendText(t, pub, "a1")
	arrived(t, sub, 1)
	check(t, sub.Unsubscribe("a"))
	sendText(t, pub, "a2")
	arrived(t, sub, 2)
	wantTexts(t, received(t, sub), []string{"a1"})
}

func TestSubClosed(t *testing.T) {
	gonngtest.NoLeaks(t)
	sub := open(t, gonng.NewSub0)
	c, err := sub.NewContext()
	check(t, err)
	check(t, c.Close())
	wantError(t, c.Subscribe("a"), "subscribe", gonng.ErrClosed)
	wantText(t, c.Subscribe("a").Error(), "the context is closed")
	check(t, sub.Subscribe("a"))
	check(t, sub.Close())
	wantError(t, sub.Subscribe("b"), "subscribe", gonng.ErrClosed)
	wantError(t, sub.Unsubscribe("a"), "unsubscribe", gonng.ErrClosed)
	_, err = sub.NewContext()
	want(t, err, gonng.ErrClosed)
}

// Contexts have their own topics and their own queues.
func TestSubContexts(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		pub, sub := publishing(t, tr, gonng.WithTopics("a"))
		var contexts []*gonng.SubContext
		for _, topics := range [][]string{{"b"}, {"a", "b"}, nil, {""}} {
			c, err := sub.NewContext()
			check(t, err)
			check(t, c.Subscribe(topics...))
			contexts = append(contexts, c)
		}
		for _, text := range []string{"a", "b", "c"} {
			sendText(t, pub, text)
		}
		arrived(t, sub, 3)
		if got := sub.Stats().RecvQueue; got != 7 {
			t.Errorf("%d messages wait to be received, want 7", got)
		}
		wantTexts(t, received(t, sub), []string{"a"})
		for i, texts := range [][]string{{"b"}, {"a", "b"}, nil, {"a", "b", "c"}} {
			wantTexts(t, received(t, contexts[i]), texts)
		}
		check(t, contexts[3].Close())
		check(t, contexts[1].Set(gonng.WithTopics("c")))
		sendText(t, pub, "c")
		sendText(t, pub, "d")
		arrived(t, sub, 5)
		wantTexts(t, received(t, contexts[1]), []string{"c"})
		if got := sub.Stats().Filtered; got != 1 {
			t.Errorf("%d messages were filtered, want the one that no context wants", got)
		}
		_, err := contexts[3].TryRecv()
		want(t, err, gonng.ErrClosed)
		wantError(t, contexts[0].Unsubscribe("a"), "unsubscribe", gonng.ErrNoEntry) // the socket's
	})
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

func numbered(i, size int) []byte {
	b := make([]byte, size)
	binary.BigEndian.PutUint64(b, uint64(i))
	return b
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

// Without a peer, or with one that has gone, a publication goes nowhere.
func TestPubWithoutPeer(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		pub := open(t, gonng.NewPub0)
		sendText(t, pub, "nobody")
		sub := open(t, gonng.NewSub0, gonng.WithTopics(""))
		link(t, pub, sub, tr)
		leave(t, sub, pub)
		sendText(t, pub, "nobody")
		if st := pub.Stats(); st.Sent != 2 || st.DroppedFull != 0 {
			t.Errorf("%d were sent and %d dropped, want 2 and 0", st.Sent, st.DroppedFull)
		}
	})
}

// Two receivers share what one subscriber gets, and its end ends both.
func TestSubTwoReceivers(t *testing.T) {
	gonngtest.NoLeaks(t)
	pub, sub := publishing(t, transport("inproc"), gonng.WithTopics(""))
	const messages = 1000
	got := make(chan string, messages)
	ended := make(chan error, 2)
	for range 2 {
		go func() {
			for b, err := range sub.All(testContext(t)) {
				if err != nil {
					ended <- err
					return
				}
				got <- string(b)
			}
			ended <- nil
		}()
	}
	for i := range messages {
		sendText(t, pub, fmt.Sprint(i))
	}
	seen := map[string]bool{}
	for range messages {
		seen[wait(t, "a message", got)] = true
	}
	if len(seen) != messages {
		t.Errorf("received %d different messages, want %d", len(seen), messages)
	}
	check(t, sub.Close())
	for range 2 {
		check(t, wait(t, "the end of a receiver", ended))
	}
}

// A message that waits does not keep another context from getting its own:
// each has its own wake-up.
func TestSubContextWaits(t *testing.T) {
	gonngtest.NoLeaks(t)
	pub, sub := publishing(t, transport("inproc"))
	c, err := sub.NewContext()
	check(t, err)
	check(t, c.Subscribe("c"))
	got := make(chan string, 1)
	go func() {
		b, err := c.Recv(testContext(t))
		got <- fmt.Sprint(string(b), " ", err)
	}()
	waiting(t, c, 1)
	_, err = sub.Recv(gonngtest.Context(t, time.Millisecond))
	want(t, err, gonng.ErrTimeout)
	sendText(t, pub, "sub only")
	sendText(t, pub, "c")
	if got := wait(t, "the message", got); got != "c <nil>" {
		t.Errorf("received %s", got)
	}
}

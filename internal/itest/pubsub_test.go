package itest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
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

// What waits and matches nothing any more is removed.
func TestUnsubscribeRemovesQueued(t *testing.T) {
	gonngtest.NoLeaks(t)
	pub, sub := publishing(t, transport("inproc"), gonng.WithTopics("a"))
	sendText(t, pub, "a1")
	arrived(t, sub, 1)
	check(t, sub.Subscribe("a1"))
	sendText(t, pub, "a2")
	arrived(t, sub, 2)
	check(t, sub.Unsubscribe("a"))
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
	received := concurrently(func() error {
		b, err := c.Recv(testContext(t))
		if err == nil && string(b) != "c" {
			err = fmt.Errorf("received %q", b)
		}
		return err
	})
	waiting(t, 1)
	_, err = sub.Recv(gonngtest.Context(t, time.Millisecond))
	want(t, err, gonng.ErrTimeout)
	sendText(t, pub, "sub only")
	sendText(t, pub, "c")
	check(t, wait(t, "the message", received))
}

// naive is what a subscriber's topics are meant to do.
type naive map[string]bool

func (n naive) match(body string) bool {
	for topic := range n {
		if strings.HasPrefix(body, topic) {
			return true
		}
	}
	return false
}

// unsubscribe reports whether all of the topics are there, once each.
func (n naive) unsubscribe(topics []string) bool {
	seen := map[string]bool{}
	for _, topic := range topics {
		if !n[topic] || seen[topic] {
			return false
		}
		seen[topic] = true
	}
	for _, topic := range topics {
		delete(n, topic)
	}
	return true
}

// FuzzTopics subscribes, unsubscribes and publishes as the bytes say, and
// compares what is received with what a naive subscriber would receive.
func FuzzTopics(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		script := make([]byte, random.IntN(200))
		for i := range script {
			script[i] = byte(random.IntN(256))
		}
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		pub, sub := publishing(t, transport("inproc"))
		model := naive{}
		arrivals := uint64(0)
		next := func() byte {
			if len(script) == 0 {
				return 0
			}
			b := script[0]
			script = script[1:]
			return b
		}
		// Few letters and few lengths, so that topics meet.
		word := func(longest int) string {
			b := make([]byte, int(next())%(longest+1))
			for i := range b {
				b[i] = "ab\x00\xff"[next()%4]
			}
			return string(b)
		}
		for len(script) > 0 {
			op := next()
			topics := make([]string, op>>4&3)
			for i := range topics {
				topics[i] = word(4)
			}
			switch op % 4 {
			case 0, 1:
				check(t, sub.Subscribe(topics...))
				for _, topic := range topics {
					model[topic] = true
				}
			case 2:
				err := sub.Unsubscribe(topics...)
				if there := model.unsubscribe(topics); there != (err == nil) || err != nil && !errors.Is(err, gonng.ErrNoEntry) {
					t.Fatalf("unsubscribe from %q: %v, but are they there: %v", topics, err, there)
				}
			case 3:
				body := word(6)
				sendText(t, pub, body)
				arrivals++
				arrived(t, sub, arrivals)
				_, err := sub.TryRecv()
				if matches := model.match(body); matches != (err == nil) || err != nil && !errors.Is(err, gonng.ErrTryAgain) {
					t.Fatalf("receiving %q with topics %v: %v, but does it match: %v", body, model, err, matches)
				}
			}
		}
		check(t, pub.Close())
		check(t, sub.Close())
	})
}

// Topics by the hundred thousand are subscribed to and removed in one call.
func TestManyTopics(t *testing.T) {
	gonngtest.NoLeaks(t)
	pub, sub := publishing(t, transport("inproc"))
	topics := manyTopics(200_000)
	check(t, sub.Subscribe(topics...))
	wantError(t, sub.Unsubscribe(append(topics[:len(topics):len(topics)], "no such topic")...), "unsubscribe", gonng.ErrNoEntry)
	last := topics[len(topics)-1]
	sendText(t, pub, "topic/")
	sendText(t, pub, last+"!")
	arrived(t, sub, 2)
	wantTexts(t, received(t, sub), []string{last + "!"})
	check(t, sub.Unsubscribe(topics...))
	sendText(t, pub, last)
	arrived(t, sub, 3)
	wantTexts(t, received(t, sub), nil)
}

// manyTopics are of several lengths.
func manyTopics(n int) []string {
	topics := make([]string, n)
	for i := range topics {
		topics[i] = fmt.Sprintf("topic/%0*d", 4+i%8, i)
	}
	return topics
}

func BenchmarkSubTopics(b *testing.B) {
	for _, n := range []int{1, 1000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			topics := manyTopics(n)
			pub, sub := publishing(b, transport("inproc"), gonng.WithTopics(topics...))
			ctx := b.Context()
			body, buf := []byte(topics[n/2]+" and a body"), make([]byte, 100)
			b.ReportAllocs()
			for b.Loop() {
				if err := pub.Send(ctx, body); err != nil {
					b.Fatal(err)
				}
				if _, err := sub.RecvInto(ctx, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

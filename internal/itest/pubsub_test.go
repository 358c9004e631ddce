package itest

import (
	"fmt"
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

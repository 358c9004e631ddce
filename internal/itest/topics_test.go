package itest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

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

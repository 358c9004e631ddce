package sp

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/gonng/gonng/internal/msg"
)

func subscriber(e Endpoint) *Subscriber { return e.(*Subscriber) }

// TestSubscribe: only what begins with a topic is received, once however many match.
func TestSubscribe(t *testing.T) {
	r := newRig(t, NewSub(), Config{PreferNew: true})
	p := r.connect()
	s := subscriber(r.Endpoint)
	r.deliver(p, "a0")
	s.Subscribe("a", "a1", "a")
	r.deliver(p, "a1", "b", "a2", "")
	r.wantRecv(r, "a1", "a2")
	s.Subscribe("")
	r.deliver(p, "", "b")
	r.wantRecv(r, "", "b")
	equal(t, "filtered", r.c.Counters.Filtered, 3)
}

// TestUnsubscribe: a topic counts once; one that is not there is named, and none goes.
// Messages that wait and match no other topic go, too.
func TestUnsubscribe(t *testing.T) {
	r := newRig(t, NewSub(), Config{PreferNew: true})
	p := r.connect()
	s := subscriber(r.Endpoint)
	s.Subscribe("a", "b", "ab", "b")
	r.deliver(p, "a1", "b1", "ab1", "b2")
	for _, topics := range [][]string{{"a", "x"}, {"a", "a"}} {
		missing, ok := s.Unsubscribe(topics...)
		equal(t, "missing", missing, topics[1])
		equal(t, "done", ok, false)
	}
	equal(t, "waiting", r.c.Counters.RecvQueue, 4)
	_, ok := s.Unsubscribe("a", "b")
	equal(t, "done", ok, true)
	equal(t, "filtered", r.c.Counters.Filtered, 3)
	r.wantRecv(r, "ab1")
	r.deliver(p, "b", "ab2")
	r.wantRecv(r, "ab2")
}

// TestSubscribers: each has its topics and its queue; a full one loses messages of its own
// alone, and the publisher is not held up.
func TestSubscribers(t *testing.T) {
	r := newRig(t, NewSub(), Config{PreferNew: true, RecvBuffer: 2})
	p := r.connect()
	one, two := r.Endpoint, r.context()
	two.Configure(Config{RecvBuffer: 3})
	subscriber(one).Subscribe("")
	subscriber(two).Subscribe("b", "")
	w1, w2 := new(Waiter), new(Waiter)
	one.Await(w1)
	two.Await(w2)
	equal(t, "more", r.deliver(p, "b1", "b2", "b3", "b4", "b5"), true)
	equal(t, "woken", r.woken(), []*Waiter{w1, w2})
	equal(t, "dropped", r.c.Counters.DroppedFull, 5)
	r.wantRecv(one, "b4", "b5")
	r.wantRecv(two, "b1", "b2", "b3")
	r.deliver(p, "b6")
	two.Close()
	equal(t, "receive queue", r.c.Counters.RecvQueue, 1)
	r.deliver(p, "b7")
	r.wantRecv(one, "b6", "b7")
	one.Await(w1)
	r.Close()
	equal(t, "woken by Close", r.woken(), []*Waiter{w1})
}

// TestSubNextIsWoken: a receiver that takes a message wakes another if there is more.
func TestSubNextIsWoken(t *testing.T) {
	r := newRig(t, NewSub(), Config{PreferNew: true})
	p := r.connect()
	subscriber(r.Endpoint).Subscribe("")
	first, next := r.receive(r), r.receive(r)
	r.deliver(p, "1", "2")
	equal(t, "woken", r.woken(), []*Waiter{first})
	first.Woken()
	r.recvAs(r, first)
	equal(t, "woken", r.woken(), []*Waiter{next})
}

// TestSubSharesTheLock: with many subscribers a batch is delivered in pieces.
func TestSubSharesTheLock(t *testing.T) {
	r := newRig(t, NewSub(), Config{PreferNew: true})
	p := r.connect()
	for range 100 {
		subscriber(r.context()).Subscribe("")
	}
	batch := make([]msg.Message, 1000)
	n, more := r.Deliver(p, batch)
	equal(t, "more", more, true)
	equal(t, "delivered in one go", n, (batchWork+100)/101)
}

// TestSubYields: the one who delivers lets receivers run while their queues are long, and
// then no more, and after as many messages as make a turn.
func TestSubYields(t *testing.T) {
	r := newRig(t, NewSub(), Config{PreferNew: true})
	p := r.connect()
	subscriber(r.Endpoint).Subscribe("")
	r.deliver(p, "1")
	equal(t, "yield", r.c.Effects.Yield(), false)
	r.deliver(p, large(QueueBytes))
	equal(t, "yield with a long queue", r.c.Effects.Yield(), true)
	r.recv(r)
	r.recv(r)
	r.deliver(p, "1")
	equal(t, "yield with a short one", r.c.Effects.Yield(), false)
	r.Deliver(p, make([]msg.Message, SubTurn))
	equal(t, "yield after a turn", r.c.Effects.Yield(), true)
}

// TestTopicsOracle: the tree finds what a list of topics would, while they come and go.
func TestTopicsOracle(t *testing.T) {
	r := newRig(t, NewSub(), Config{})
	var tree topics
	var subs []*Subscriber
	for range 3 * fewSubscribers {
		subs = append(subs, new(Subscriber))
	}
	wants := make([]map[string]bool, len(subs))
	for i := range wants {
		wants[i] = make(map[string]bool)
	}
	word := func() string {
		b := make([]byte, r.random.IntN(5))
		for i := range b {
			b[i] = 'a' + byte(r.random.IntN(3))
		}
		return string(b)
	}
	for turn := range 20000 {
		i, topic := r.random.IntN(len(subs)), word()
		if wants[i][topic] {
			tree.remove(topic, subs[i])
			delete(wants[i], topic)
		} else {
			tree.add(topic, subs[i])
			wants[i][topic] = true
		}
		data := word() + word()
		found := tree.match([]byte(data), nil)
		for i, s := range subs {
			want := false
			for n := range len(data) + 1 {
				want = want || wants[i][data[:n]]
			}
			if n := count(found, s); n > 1 || (n == 1) != want {
				t.Fatalf("turn %d: %q is found %d times, want %t", turn, data, n, want)
			}
			if tree.wants([]byte(data), s) != want {
				t.Fatalf("turn %d: wants says otherwise of %q", turn, data)
			}
			s.matched = false
		}
	}
	for i, s := range subs {
		for topic := range wants[i] {
			tree.remove(topic, s)
		}
	}
	if n := len(tree.root.children) + len(tree.root.subscribers); n > 0 {
		t.Errorf("%d nodes are left", n)
	}
}

func count(found []*Subscriber, s *Subscriber) (n int) {
	for _, f := range found {
		if f == s {
			n++
		}
	}
	return n
}

// TestTopicsKeepNoMore: nodes of topics that have gone go, too, and the tree keeps no
// memory of the program's.
func TestTopicsKeepNoMore(t *testing.T) {
	var tree topics
	s := new(Subscriber)
	for i := range 1000 {
		tree.add(fmt.Sprint(i), s)
	}
	for i := range 999 {
		tree.remove(fmt.Sprint(i), s)
	}
	nodes := 0
	for level := []*topicNode{&tree.root}; len(level) > 0; nodes += len(level) {
		var next []*topicNode
		for _, n := range level {
			next = slices.Concat(next, n.children)
		}
		level = next
	}
	equal(t, "nodes below the root for one topic", nodes, 1)
	whole := strings.Repeat("x", 1000)
	stays, goes, moves := new(Subscriber), new(Subscriber), new(Subscriber)
	for _, s := range []*Subscriber{stays, goes, moves} {
		tree.add(whole[:1], s)
	}
	tree.remove(whole[:1], goes)
	for _, s := range []*Subscriber{stays, moves} {
		for topic := range s.topics.entries {
			if unsafe.StringData(topic) == unsafe.StringData(whole) {
				t.Errorf("topic %q is kept in the program's string", topic)
			}
		}
	}
}

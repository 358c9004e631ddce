package sp

import (
	"testing"
	"time"

	"github.com/gonng/gonng/internal/msg"
)

// TestOutboxLimit: one message always fits; beyond the limit nothing does until the whole
// is taken. What is being written counts for a lossy one only.
func TestOutboxLimit(t *testing.T) {
	for _, row := range []struct {
		name       string
		sendBuffer int
		lossy      bool
		body       int
		want       [2]int // that fit before the first write, and during it
	}{
		{"large", 0, false, 1 << 20, [2]int{1, 1}},
		{"bytes", 0, false, 64 << 10, [2]int{2, 2}},
		{"messages", 3, false, 1 << 20, [2]int{3, 3}},
		{"lossy large", 0, true, 5 << 20, [2]int{1, 1}},
		{"lossy bytes", 0, true, 1 << 20, [2]int{4, 1}},
		{"lossy half", 0, true, 3 << 20, [2]int{2, 1}},
		{"lossy messages", 3, true, 1 << 20, [2]int{3, 3}},
	} {
		var x Protocol = NewPush()
		if row.lossy {
			x = NewPub()
		}
		r := newRig(t, x, Config{SendBuffer: row.sendBuffer})
		p := r.connect()
		var got [2]int
		for i := range got {
			for r.c.put(p, nil, &msg.Message{Data: make([]byte, row.body)}, nil) == putDone {
				got[i]++
			}
			if !p.Take() { // and it stays unwritten
				t.Errorf("%s: there is nothing to take", row.name)
			}
		}
		equal(t, row.name, got, row.want)
	}
}

// TestOverheadCounts: messages without a byte use memory, too.
func TestOverheadCounts(t *testing.T) {
	r := newRig(t, NewPush(), Config{})
	p := r.newPeer()
	p.Init(r.Protocol, nil, 1, lists{}, 64)
	n := 0
	for n < QueueBytes && r.c.put(p, nil, new(msg.Message), nil) == putDone {
		n++
	}
	equal(t, "empty messages in the queue", n, QueueBytes/64)
}

// TestWritingToken: the put that finds the token free takes it; it is free again once
// there is nothing to take.
func TestWritingToken(t *testing.T) {
	r := newRig(t, NewPush(), Config{})
	p := r.connect()
	flush := func() *Peer {
		flushes := r.c.Effects.TakeFlushes()
		one := flushes.Next()
		equal(t, "a second flush", flushes.Next(), nil)
		return one
	}
	r.send(r, "1")
	r.send(r, "2")
	equal(t, "flush", flush(), p)
	equal(t, "send queue", r.c.Counters.SendQueue, 2)
	equal(t, "written", r.write(p), []string{"1", "2"})
	equal(t, "send queue while it is written", r.c.Counters.SendQueue, 0)
	r.send(r, "3")
	equal(t, "flush while the token is taken", flush(), nil)
	equal(t, "written", r.written(p), []string{"3"})
	r.send(r, "4")
	equal(t, "flush with the token free", flush(), p)
}

// TestUnsent: what was accepted and is not known to be written is counted to the message.
func TestUnsent(t *testing.T) {
	r := newRig(t, NewPush(), Config{})
	p := r.connect()
	r.send(r, "1")
	r.send(r, "2")
	p.Take()
	r.send(r, "3")
	equal(t, "unsent", p.Unsent(), 3)
	list := p.Current().(*msg.List)
	list.Forget(1) // written
	p.WriteFailed()
	equal(t, "unsent after a write that failed", r.disconnect(p), 2)
	equal(t, "send queue", r.c.Counters.SendQueue, 0)
	messages, bytes := p.Sent()
	equal(t, "sent", [2]uint64{messages, bytes}, [2]uint64{3, 3})
}

// TestLossEpisode: a peer that loses messages is reported once an episode. A pause ends
// one, and so does an outbox that was written.
func TestLossEpisode(t *testing.T) {
	r := newRig(t, NewPub(), Config{SendBuffer: 1})
	p := r.connect()
	slow := func(what string, want *Peer) {
		t.Helper()
		r.send(r, "fits or not")
		r.send(r, "lost")
		equal(t, what, r.c.Effects.NextSlow(), want)
		r.c.Effects.NextSlow()
	}
	slow("the first loss", p)
	r.pass(EpisodeGap)
	slow("a loss soon after", nil)
	r.pass(EpisodeGap + time.Nanosecond)
	slow("a loss after a pause", p)
	r.written(p)
	slow("a loss after all was written", p)
	equal(t, "lost", p.DroppedFull, 6)
	equal(t, "dropped", r.c.Counters.DroppedFull, 6)
}

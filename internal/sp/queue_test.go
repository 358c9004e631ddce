package sp

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gonng/gonng/internal/msg"
)

// chunk returns messages of those sizes that lie in one buffer, as a read brings them.
func chunk(sizes ...int) (batch []msg.Message) {
	total := 0
	for _, n := range sizes {
		total += n
	}
	b := msg.NewBuffer(max(total, 1))
	b.Retain(len(sizes) - 1)
	at := 0
	for _, n := range sizes {
		batch = msg.AppendIn(batch, b, b.Bytes()[at:at+n:at+n])
		at += n
	}
	return batch
}

// pinnedBy is what messages pin in truth: each buffer once.
func pinnedBy(q *queue) (bytes int) {
	items := q.items[q.head:]
next:
	for i := range items {
		for j := range i {
			if items[i].Shares(&items[j].Message) {
				continue next
			}
		}
		bytes += items[i].Pinned()
	}
	return bytes
}

// TestQueueCharges: a queue knows what its messages pin, a chunk once, whatever goes in and
// out, and in which order the messages came.
func TestQueueCharges(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	c := new(Core)
	var q queue
	var want [][]byte
	for turn := range 3000 {
		switch random.IntN(4) {
		case 0:
			batch := chunk(random.IntN(100), random.IntN(5000), random.IntN(3))
			for i := range batch {
				for j := range batch[i].Data {
					batch[i].Data[j] = byte(turn + i)
				}
				want = append(want, append([]byte{}, batch[i].Data...))
			}
			q.push(c, nil, batch...)
		case 1:
			q.compact()
		default:
			var m Message
			if q.pop(c, &m, math.MaxInt) == OK {
				if string(m.Data.Data) != string(want[0]) {
					t.Fatalf("turn %d: another message came out", turn)
				}
				want = want[1:]
				m.Data.Release()
			}
		}
		if q.len() != len(want) || c.Counters.RecvQueue != len(want) {
			t.Fatalf("turn %d: %d messages, counted %d, want %d", turn, q.len(), c.Counters.RecvQueue, len(want))
		}
		if turn%20 > 0 {
			continue
		}
		if got, charge := pinnedBy(&q)+slot*len(want), q.bytes; got != charge {
			t.Fatalf("turn %d: %d bytes are charged for %d", turn, charge, got)
		}
	}
}

// TestQueueCompacts: small messages that pin large chunks are copied out before the queue
// is called full.
func TestQueueCompacts(t *testing.T) {
	c := new(Core)
	var q queue
	limit := NewLimit(0, QueueBytes)
	pushed := 0
	for ; !q.full(limit); pushed++ {
		batch := chunk(4, 60<<10)
		batch[1].Release() // not for this queue
		q.push(c, nil, batch[0])
		if pushed%100 == 0 && pinnedBy(&q) > QueueBytes+64<<10 {
			t.Fatalf("%d messages of 4 bytes pin %d KiB", pushed, pinnedBy(&q)>>10)
		}
	}
	if pushed < 100 {
		t.Errorf("only %d messages of 4 bytes fit", pushed)
	}
}

// TestQueueOfManySmall: messages whose slots fill a queue by themselves are not copied, though
// they leave most of their chunk unused.
func TestQueueOfManySmall(t *testing.T) {
	c := new(Core)
	var q queue
	sizes := make([]int, QueueBytes/slot*3/4+1)
	sizes[len(sizes)-1] = 60 << 10
	batch := chunk(sizes...)
	before := append(batch[:0:0], batch...)
	q.push(c, nil, batch[:len(batch)-1]...)
	equal(t, "full", q.full(NewLimit(0, QueueBytes)), true)
	for i := range q.items {
		if !q.items[i].Shares(&before[i]) {
			t.Fatalf("message %d was copied", i)
		}
	}
}

// TestQueueKeepsArrays: a queue that fills and empties again and again allocates nothing,
// however many messages come at a time.
func TestQueueKeepsArrays(t *testing.T) {
	for n := 1; n <= 1<<13; n += 1 + n/40 { // the race detector makes pools, which have larger arrays, forget
		c := new(Core)
		var q queue
		batch := chunk(make([]int, n)...)
		got := testing.AllocsPerRun(20, func() {
			q.push(c, nil, batch...)
			for range batch {
				q.drop(c)
			}
		})
		if got > 0 {
			t.Errorf("%d messages at a time: %.0f allocations", n, got)
		}
	}
}

// TestManyQueuesKeepArrays: so do a thousand queues of a socket, which fill at the same time. The
// race detector makes pools forget a quarter.
func TestManyQueuesKeepArrays(t *testing.T) {
	c := new(Core)
	queues := make([]queue, 1000)
	batch := chunk(make([]int, 10)...)
	got := testing.AllocsPerRun(20, func() {
		for i := range batch {
			for j := range queues {
				queues[j].push(c, nil, batch[i])
			}
		}
		for j := range queues {
			for range batch {
				queues[j].drop(c)
			}
		}
	})
	if got > float64(len(queues))/2 {
		t.Errorf("%d queues: %.0f allocations", len(queues), got)
	}
}

// TestQueueLimits: a queue has room for a number of messages if the program gave one, else
// for bytes; one message always fits.
func TestQueueLimits(t *testing.T) {
	for _, row := range []struct{ messages, bytes, body, want int }{
		{3, QueueBytes, 1 << 20, 3},
		{1, QueueBytes, 0, 1},
		{0, QueueBytes, 1 << 20, 1},
		{0, QueueBytes, 64<<10 - 1, 2},
		{0, 256, 0, (256 + slot - 1) / slot},
	} {
		c := new(Core)
		var q queue
		n := 0
		for ; !q.full(NewLimit(row.messages, row.bytes)); n++ {
			q.push(c, nil, msg.NewMessage(make([]byte, row.body)))
		}
		equal(t, fmt.Sprint(row), n, row.want)
	}
}

// TestQueuePopTooSmall: a message that is too large for the caller stays, and its size is
// told. The header does not count.
func TestQueuePopTooSmall(t *testing.T) {
	c := new(Core)
	var q queue
	var m Message
	equal(t, "empty", q.pop(c, &m, 10), Wait)
	q.push(c, nil, msg.NewMessage([]byte("headbody")).WithHeader(4))
	equal(t, "with 3 bytes", q.pop(c, &m, 3), TooSmall)
	equal(t, "size", c.Size, 4)
	equal(t, "with 4 bytes", q.pop(c, &m, 4), OK)
}

// TestPushLossily: a full queue drops its oldest messages, or the newest, and counts them.
func TestPushLossily(t *testing.T) {
	for _, row := range []struct {
		preferNew bool
		want      string
	}{{true, "[3 4]"}, {false, "[0 1]"}} {
		c := new(Core)
		var q queue
		for i := range 5 {
			kept := q.pushLossily(c, NewLimit(2, LossyBytes), row.preferNew, nil, msg.NewMessage([]byte(fmt.Sprint(i))))
			equal(t, "kept", kept, row.preferNew || i < 2)
		}
		var got []string
		for i := range q.items[q.head:] {
			got = append(got, string(q.items[q.head+i].Data))
		}
		equal(t, "left", fmt.Sprint(got), row.want)
		equal(t, "dropped", c.Counters.DroppedFull, 3)
	}
}

// TestQueueKeep: what is not wanted goes, the rest stays in order.
func TestQueueKeep(t *testing.T) {
	c := new(Core)
	var q queue
	for i := range 10 {
		q.push(c, nil, msg.NewMessage([]byte{byte(i)}))
	}
	equal(t, "dropped", q.keep(c, func(m *msg.Message) bool { return m.Data[0]%3 == 0 }), 6)
	equal(t, "counted", c.Counters.RecvQueue, 4)
	for i := range 4 {
		var m Message
		q.pop(c, &m, 10)
		equal(t, "left", m.Data.Data, []byte{byte(3 * i)})
	}
	before := len(c.spare.free)
	for range 100 {
		q.keep(c, nil)
	}
	equal(t, "arrays kept", len(c.spare.free), before)
}

// TestQueueGivesBack: a queue that was never empty does not grow for ever, and what it
// needed in a burst serves others, as far as that is not much.
func TestQueueGivesBack(t *testing.T) {
	c := new(Core)
	var q queue
	for range 100 {
		q.push(c, nil, msg.NewMessage(nil))
	}
	for range 1 << 16 {
		q.push(c, nil, msg.NewMessage(nil))
		q.drop(c)
	}
	if n := len(q.items); n > 2*compactAfter {
		t.Errorf("100 messages take %d places", n)
	}
	q.clear(c)
	equal(t, "items", len(q.items), 0)
	equal(t, "bytes", q.bytes, 0)
	q = queue{}
	q.push(c, nil, msg.NewMessage(nil))
	q.clear(c)
	if first := c.spare.take(); cap(first) == 0 {
		t.Error("the array of an empty queue is not used again")
	}
	for range 100 {
		c.spare.give(make([]arrival, 0, fewItems))
	}
	if c.spare.size > spareItems || c.spare.size <= spareItems-fewItems {
		t.Errorf("arrays of %d messages are kept, want %d at most and not much less", c.spare.size, spareItems)
	}
}

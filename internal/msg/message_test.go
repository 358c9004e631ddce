package msg

import (
	"bytes"
	"testing"
)

// TestPinned: a message pins the whole buffer that it lies in, however small it is.
func TestPinned(t *testing.T) {
	shared := NewBuffer(40 << 10)
	var list List
	list.Append([]byte("head"), []byte("body"))
	large := NewBuffer(128<<20 + 1)
	for name, row := range map[string]struct {
		m    Message
		want int
	}{
		"the garbage collector's": {NewMessage(make([]byte, 10, 100)), 10},
		"empty":                   {Message{}, 0},
		"small":                   {Copy([]byte("x")), 64},
		"a whole buffer":          {Copy(make([]byte, 1000)), 1024},
		"a part of a buffer":      {In(shared, shared.Bytes()[5:10:10]), 64 << 10},
		"without its header":      {Message{Data: make([]byte, 10), Header: 4}.Strip(), 6},
		"in a batch":              {list.Messages()[0], 16 << 10},
		"too large to be pooled":  {In(large, large.Bytes()), 128<<20 + 1},
	} {
		if got := row.m.Pinned(); got != row.want {
			t.Errorf("%s: pins %d bytes, want %d", name, got, row.want)
		}
		row.m.Release()
	}
}

// TestLargeBufferNotPooled: memory above 128 MiB goes to the garbage collector.
func TestLargeBufferNotPooled(t *testing.T) {
	first := NewBuffer(128<<20 + 1)
	first.Bytes()[0] = 'x'
	first.Release()
	second := NewBuffer(128<<20 + 1)
	if second == first || &second.Bytes()[0] == &first.Bytes()[0] {
		t.Error("a buffer above 128 MiB is used again")
	}
}

// TestList: a batch keeps what is added in order, with its own reference.
func TestList(t *testing.T) {
	var list List
	m := Copy([]byte("by reference"))
	list.Append([]byte("head"), []byte("body"))
	list.AppendMessage(nil, m)
	list.AppendMessage([]byte("head"), m)
	m.Release()
	want := []string{"headbody", "by reference", "headby reference"}
	if list.Len() != len(want) || list.Size() != 8+12+16 {
		t.Errorf("%d messages of %d bytes", list.Len(), list.Size())
	}
	for i, m := range list.Messages() {
		if !bytes.Equal(m.Data, []byte(want[i])) {
			t.Errorf("message %d is %q, want %q", i, m.Data, want[i])
		}
	}
	list.Forget(1)
	if list.Len() != 2 || list.Size() != 12+16 {
		t.Errorf("%d messages of %d bytes are left", list.Len(), list.Size())
	}
	if list.Reset(); list.Len() != 0 || list.Size() != 0 {
		t.Errorf("after Reset %d messages of %d bytes", list.Len(), list.Size())
	}
}

// TestListKeepsArrays: a list that fills and empties again and again allocates nothing,
// however many messages it has.
func TestListKeepsArrays(t *testing.T) {
	m := NewMessage([]byte("body"))
	for n := 1; n <= 1<<13; n += 1 + n/10 {
		var l List
		got := testing.AllocsPerRun(20, func() {
			for range n {
				l.AppendMessage(nil, m)
			}
			l.Reset()
		})
		if got > 0 {
			t.Errorf("%d messages: %.0f allocations", n, got)
		}
	}
}

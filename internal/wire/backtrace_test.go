package wire_test

import (
	"errors"
	"testing"

	"github.com/gonng/gonng/internal/wire"
)

func TestIDGolden(t *testing.T) {
	const bytes = "\x80\x01\x02\x03"
	got := wire.AppendID([]byte("before"), wire.EndBit|0x010203)
	if want := "before" + bytes; string(got) != want {
		t.Errorf("AppendID = %q, want %q", got, want)
	}
	if got, want := wire.ID([]byte(bytes+"after")), uint32(0x80010203); got != want {
		t.Errorf("ID = %#x, want %#x", got, want)
	}
}

// backtrace returns one of the given number of words.
func backtrace(words int) []byte {
	var b []byte
	for i := 1; i < words; i++ {
		b = wire.AppendID(b, uint32(i))
	}
	return wire.AppendID(b, wire.EndBit|uint32(words))
}

func TestBacktraceLen(t *testing.T) {
	for _, tt := range []struct {
		name string
		data string
		ttl  int
		want int
		err  error
	}{
		{"request ID alone", "\x80\x00\x00\x01", 8, 4, nil},
		{"body after it", "\x80\x00\x00\x01body", 8, 4, nil},
		{"body that looks like one more", "\x80\x00\x00\x01\x80\x00\x00\x02", 8, 4, nil},
		{"one peer ID", "\x00\x00\x00\x07\x80\x00\x00\x01body", 8, 8, nil},
		{"top bits of the other bytes mean nothing", "\x7f\xff\xff\xff\x80\x00\x00\x00", 8, 8, nil},
		{"empty", "", 8, 0, wire.ErrTruncated},
		{"part of a word", "\x80\x00\x00", 8, 0, wire.ErrTruncated},
		{"no last word", "\x00\x00\x00\x07", 8, 0, wire.ErrTruncated},
		{"part of a second word", "\x00\x00\x00\x07\x80", 8, 0, wire.ErrTruncated},
		{"as many words as the TTL", string(backtrace(8)), 8, 32, nil},
		{"one more", string(backtrace(9)), 8, 0, wire.ErrTTL},
		{"direct with the least TTL", string(backtrace(1)), 1, 4, nil},
		{"one device with the least TTL", string(backtrace(2)), 1, 0, wire.ErrTTL},
		{"the greatest TTL", string(backtrace(255)), 255, 1020, nil},
		{"beyond the greatest TTL", string(backtrace(256)), 255, 0, wire.ErrTTL},
		{"used up before truncated", "\x00\x00\x00\x07", 1, 0, wire.ErrTTL},
		{"no TTL at all", string(backtrace(1)), 0, 0, wire.ErrTTL},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, err := wire.BacktraceLen([]byte(tt.data), tt.ttl)
			if n != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("BacktraceLen = %d, %v, want %d, %v", n, err, tt.want, tt.err)
			}
		})
	}
}

func FuzzBacktraceLen(f *testing.F) {
	f.Add([]byte("\x80\x00\x00\x01body"), 8)
	f.Add([]byte("\x00\x00\x00\x07\x80\x00\x00\x01"), 8)
	f.Add([]byte("\x00\x00\x00\x07\x80"), 8)
	f.Add(backtrace(9), 8)
	f.Add([]byte{}, -1)
	f.Fuzz(func(t *testing.T, data []byte, ttl int) {
		n, err := wire.BacktraceLen(data, ttl)
		if err != nil {
			if n != 0 {
				t.Fatalf("%d with error %v", n, err)
			}
			switch {
			case errors.Is(err, wire.ErrTTL):
				if ttl > len(data)/4 {
					t.Fatalf("%d bytes with TTL %d: %v", len(data), ttl, err)
				}
			case errors.Is(err, wire.ErrTruncated):
				if ttl <= len(data)/4 {
					t.Fatalf("%d bytes with TTL %d: %v", len(data), ttl, err)
				}
			default:
				t.Fatalf("unknown error %v", err)
			}
			return
		}
		if n < 4 || n%4 != 0 || n > len(data) || n/4 > ttl {
			t.Fatalf("length %d of %d bytes with TTL %d", n, len(data), ttl)
		}
		var back []byte
		for i := 0; i < n; i += 4 {
			id := wire.ID(data[i:])
			if last := i == n-4; (id&wire.EndBit != 0) != last {
				t.Fatalf("word %#x at %d of %d", id, i, n)
			}
			back = wire.AppendID(back, id)
		}
		if string(back) != string(data[:n]) {
			t.Fatalf("% x comes back as % x", data[:n], back)
		}
	})
}

package wire_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/gonng/gonng/internal/wire"
)

func TestPrefixGolden(t *testing.T) {
	for _, tt := range []struct {
		framing wire.Framing
		size    int
		bytes   string
	}{
		{wire.StreamFraming, 0, "\x00\x00\x00\x00\x00\x00\x00\x00"},
		{wire.StreamFraming, 5, "\x00\x00\x00\x00\x00\x00\x00\x05"},
		{wire.StreamFraming, 0x01020304, "\x00\x00\x00\x00\x01\x02\x03\x04"},
		{wire.IPCFraming, 0, "\x01\x00\x00\x00\x00\x00\x00\x00\x00"},
		{wire.IPCFraming, 9, "\x01\x00\x00\x00\x00\x00\x00\x00\x09"},
	} {
		got := tt.framing.AppendPrefix([]byte("before"), tt.size)
		if want := "before" + tt.bytes; string(got) != want {
			t.Errorf("framing %d: AppendPrefix(%d) = %q, want %q", tt.framing, tt.size, got, want)
		}
		if got := tt.framing.PrefixSize(); got != len(tt.bytes) {
			t.Errorf("framing %d: PrefixSize = %d, want %d", tt.framing, got, len(tt.bytes))
		}
		size, err := tt.framing.ParsePrefix([]byte(tt.bytes + "after"))
		if size != uint64(tt.size) || err != nil {
			t.Errorf("framing %d: ParsePrefix(%q) = %d, %v, want %d", tt.framing, tt.bytes, size, err, tt.size)
		}
	}
}

func TestParsePrefixHugeSize(t *testing.T) {
	size, err := wire.StreamFraming.ParsePrefix(bytes.Repeat([]byte{0xff}, 8))
	if size != math.MaxUint64 || err != nil {
		t.Errorf("ParsePrefix = %d, %v, want the size as it is", size, err)
	}
}

func TestParsePrefixMessageType(t *testing.T) {
	_, err := wire.IPCFraming.ParsePrefix([]byte("\x02\x00\x00\x00\x00\x00\x00\x00\x05"))
	if e, ok := errors.AsType[wire.MessageTypeError](err); !ok || e != 2 {
		t.Fatalf("error is %#v, want MessageTypeError(2)", err)
	}
	if want := "unknown ipc message type 0x02, want 0x01"; err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
}

func FuzzParsePrefix(f *testing.F) {
	f.Add(false, []byte("\x00\x00\x00\x00\x00\x00\x00\x05"))
	f.Add(false, []byte("\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Add(true, []byte("\x01\x00\x00\x00\x00\x00\x00\x00\x05"))
	f.Add(true, []byte("\x02\x00\x00\x00\x00\x00\x00\x00\x05"))
	f.Fuzz(func(t *testing.T, ipc bool, data []byte) {
		framing := wire.StreamFraming
		if ipc {
			framing = wire.IPCFraming
		}
		n := framing.PrefixSize()
		if len(data) < n {
			return // the caller's promise
		}
		size, err := framing.ParsePrefix(data)
		if err != nil {
			if e, ok := errors.AsType[wire.MessageTypeError](err); !ipc || !ok || byte(e) != data[0] || e == 1 || size != 0 {
				t.Fatalf("% x: %d, %#v", data[:n], size, err)
			}
			return
		}
		if size > math.MaxInt {
			return // no message of ours is as long
		}
		if back := framing.AppendPrefix(nil, int(size)); !bytes.Equal(back, data[:n]) {
			t.Fatalf("% x parses as %d, which is % x", data[:n], size, back)
		}
	})
}

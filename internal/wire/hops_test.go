package wire_test

import (
	"errors"
	"testing"

	"github.com/gonng/gonng/internal/wire"
)

func TestHopsGolden(t *testing.T) {
	for _, tt := range []struct {
		hops  uint8
		bytes string
	}{
		{0, "\x00\x00\x00\x00"},
		{1, "\x00\x00\x00\x01"},
		{255, "\x00\x00\x00\xff"},
	} {
		got := wire.AppendHops([]byte("before"), tt.hops)
		if want := "before" + tt.bytes; string(got) != want {
			t.Errorf("AppendHops(%d) = %q, want %q", tt.hops, got, want)
		}
		if hops, err := wire.Hops([]byte(tt.bytes + "body")); hops != int(tt.hops) || err != nil {
			t.Errorf("Hops(%q) = %d, %v, want %d", tt.bytes, hops, err, tt.hops)
		}
	}
}

func TestHopsErrors(t *testing.T) {
	for _, tt := range []struct {
		data string
		want error
	}{
		{"", wire.ErrTruncated},
		{"\x00\x00\x01", wire.ErrTruncated},
		{"\x00\x00\x01\x01", wire.ErrHops},
		{"\x00\x01\x00\x01", wire.ErrHops},
		{"\x80\x00\x00\x01", wire.ErrHops}, // a request ID: a req peer that got through
	} {
		if hops, err := wire.Hops([]byte(tt.data)); hops != 0 || !errors.Is(err, tt.want) {
			t.Errorf("Hops(%q) = %d, %v, want %v", tt.data, hops, err, tt.want)
		}
	}
}

func FuzzHops(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01body"))
	f.Add([]byte("\x00\x00\x01\x00"))
	f.Add([]byte("\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		hops, err := wire.Hops(data)
		switch {
		case errors.Is(err, wire.ErrTruncated):
			if len(data) >= wire.HopsSize || hops != 0 {
				t.Fatalf("% x: %d, %v", data, hops, err)
			}
		case errors.Is(err, wire.ErrHops):
			if data[0]|data[1]|data[2] == 0 || hops != 0 {
				t.Fatalf("% x: %d, %v", data, hops, err)
			}
		case err != nil:
			t.Fatalf("unknown error %v", err)
		default:
			if hops < 0 || hops > 255 {
				t.Fatalf("% x: %d hops", data, hops)
			}
			if back := wire.AppendHops(nil, uint8(hops)); string(back) != string(data[:wire.HopsSize]) {
				t.Fatalf("% x comes back as % x", data[:wire.HopsSize], back)
			}
		}
	})
}

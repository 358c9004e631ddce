//go:build !js

package ws

import (
	"bytes"

	"io"
	"testing"
	"testing/iotest"
)

// A frame is found whole whatever pieces it arrives in, and never more than it
// is passed on.
func TestInput(t *testing.T) {
	frames := [][]byte{
		{0x82, 0x80, 1, 2, 3, 4}, {0x82, 0x81, 1, 2, 3, 4, 'x'}, {0x89, 0x80, 1, 2, 3, 4},
		{0x02, 0x81, 1, 2, 3, 4, 'y'}, {0x80, 0x81, 1, 2, 3, 4, 'z'},
		append([]byte{0x82, 0xfe, 0, 126}, make([]byte, 4+126)...),
		append([]byte{0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x86, 0xa0}, make([]byte, 4+100_000)...),
		{0x82, 0x82, 1, 2, 3, 4, 'e', 'f'},
	}
	stream := bytes.Join(frames, nil)
	readers := map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r },
		"bytes": iotest.OneByteReader,
		"half":  iotest.HalfReader,
	}
	for name, reader := range readers {
		for _, size := range []int{1, 7, 512, 4096, 1 << 20} {
			var in input
			in.init(reader(bytes.NewReader(stream)), false, 0)
			p := make([]byte, size)
			for i, frame := range frames {
				var got []byte
				for len(got) < len(frame) {
					n, err := in.Read(p)
					if err != nil {
						t.Fatalf("%s, %d: frame %d: %v", name, size, i, err)
					}
					got = append(got, p[:n]...)
				}
				if !bytes.Equal(got, frame) {
					t.Fatalf("%s, %d: frame %d is %.20x…, want %.20x…", name, size, i, got, frame)
				}
			}
			if _, err := in.Read(p); err != io.EOF {
				t.Errorf("%s, %d: at the end: %v", name, size, err)
			}
			in.drop()
		}
	}
}

// FuzzInput: whatever comes is passed on, as far as it goes, and never more
// than a frame and the limit at once.
func FuzzInput(f *testing.F) {
	f.Add([]byte{0x82, 1, 'x', 0x82, 126, 0, 3, 'a', 'b', 'c'}, true, false, uint16(0), uint8(3))
	f.Add([]byte{0x02, 0x81, 1, 2, 3, 4, 'y', 0x89, 0, 0x80, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, false, true, uint16(1), uint8(200))
	f.Fuzz(func(t *testing.T, stream []byte, client, take bool, limit uint16, size uint8) {
		var in input
		in.init(bytes.NewReader(stream), client, int(limit))
		p := make([]byte, int(size)+1)
		var got []byte
		taken := 0
		for {
			if take {
				messages, err := in.take(nil, 3)
				for _, m := range messages {
					if limit > 0 && len(m.Data) > int(limit) {
						t.Fatalf("took a message of %d bytes, the limit is %d", len(m.Data), limit)
					}
					taken += len(m.Data)
					m.Release()
				}
				if err != nil {
					break
				}
			}
			n, err := in.Read(p)
			got = append(got, p[:n]...)
			if err != nil {
				break
			}
			if n == 0 {
				t.Fatal("read nothing")
			}
			if limit > 0 && in.message > uint64(limit) {
				t.Fatalf("a message of %d bytes began, the limit is %d", in.message, limit)
			}
		}
		if len(got)+taken > len(stream) || !take && !bytes.HasPrefix(stream, got) {
			t.Fatalf("got %x of %x", got, stream)
		}
	})
}

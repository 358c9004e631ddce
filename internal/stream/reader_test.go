package stream

import (
	"bytes"
	"errors"
	"io"
	"math"
	"net"
	"slices"
	"testing"

	"github.com/gonng/gonng/internal/wire"
	"github.com/gonng/gonng/transport"
)

// pieces is a connection that reads its bytes in pieces of the given sizes, again
// and again.
type pieces struct {
	net.Conn
	data  []byte
	sizes []byte
	turn  int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	if len(p.sizes) > 0 {
		b = b[:min(len(b), 1+int(p.sizes[p.turn%len(p.sizes)]))]
		p.turn++
	}
	n := copy(b, p.data)
	p.data = p.data[n:]
	return n, nil
}

// outcome is what a reader makes of a stream.
type outcome struct {
	messages [][]byte
	skipped  []skippedMessage
	end      error // of which kind it is
}

type skippedMessage struct {
	head []byte
	size uint64
	turn int // how many messages came before
}

// readAll reads until the end.
func readAll(t *testing.T, data, sizes []byte, framing wire.Framing, limit int, skip bool) (o outcome) {
	var r reader
	r.init(&pieces{data: data, sizes: sizes}, nil, framing, limit, 0)
	if skip {
		r.skipTooLarge(func(head []byte, size uint64) {
			o.skipped = append(o.skipped, skippedMessage{bytes.Clone(head), size, len(o.messages)})
		})
	}
	for {
		got, err := r.read(nil)
		for _, m := range got {
			o.messages = append(o.messages, bytes.Clone(m.Data))
			m.Release()
		}
		if err != nil {
			o.end = kind(err)
			return o
		}
		if len(got) == 0 {
			t.Fatal("read returned nothing")
		}
	}
}

func kind(err error) error {
	for _, k := range []error{transport.ErrMessageTooLarge, transport.ErrProtocol, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, k) {
			return k
		}
	}
	return err
}

// reference is the same by the rules of the wire.
func reference(data []byte, framing wire.Framing, limit int, skip bool) (o outcome) {
	for len(data) > 0 {
		if len(data) < framing.PrefixSize() {
			o.end = io.ErrUnexpectedEOF
			return o
		}
		size, err := framing.ParsePrefix(data)
		data = data[framing.PrefixSize():]
		tooLarge := limit > 0 && size > uint64(limit) || size > math.MaxInt/earned
		switch {
		case err != nil:
			o.end = transport.ErrProtocol
			return o
		case tooLarge && (!skip || limit == 0 || size > 16*uint64(limit)):
			o.end = transport.ErrMessageTooLarge
			return o
		case tooLarge:
			if head := data[:min(uint64(len(data)), size, 64)]; uint64(len(head)) == min(size, 64) {
				o.skipped = append(o.skipped, skippedMessage{head, size, len(o.messages)})
			}
		}
		if size > uint64(len(data)) {
			o.end = io.ErrUnexpectedEOF
			return o
		}
		if !tooLarge {
			o.messages = append(o.messages, data[:size])
		}
		data = data[size:]
	}
	o.end = io.EOF
	return o
}

func (o outcome) equal(x outcome) bool {
	return slices.EqualFunc(o.messages, x.messages, bytes.Equal) && o.end == x.end &&
		slices.EqualFunc(o.skipped, x.skipped, func(a, b skippedMessage) bool {
			return bytes.Equal(a.head, b.head) && a.size == b.size && a.turn == b.turn
		})
}

// message is one on the wire.
func message(framing wire.Framing, n int) []byte {
	b := framing.AppendPrefix(nil, n)
	for i := range n {
		b = append(b, byte(i*i>>3+n))
	}
	return b
}

// TestReaderSkips: messages above the limit are passed over, up to 16 times the
// limit, wherever the reads cut them.
func TestReaderSkips(t *testing.T) {
	for _, framing := range []wire.Framing{wire.StreamFraming, wire.IPCFraming} {
		for _, limit := range []int{1, 10, 100, 40 << 10, 200 << 10} {
			var data []byte
			for _, n := range []int{0, limit, limit + 1, 1, 16 * limit, limit, limit + 1, limit + 1, 0, 16*limit + 1, 3} {
				data = append(data, message(framing, n)...)
			}
			for _, sizes := range [][]byte{nil, {0}, {6, 200, 31}, {255}} {
				if limit > 1000 && len(sizes) == 1 && sizes[0] == 0 {
					continue // too slow
				}
				for _, skip := range []bool{false, true} {
					got, want := readAll(t, data, sizes, framing, limit, skip), reference(data, framing, limit, skip)
					if !got.equal(want) {
						t.Errorf("limit %d, pieces %v, skip %v: %d messages, %d skipped, %v; want %d, %d, %v", limit, sizes, skip,
							len(got.messages), len(got.skipped), got.end, len(want.messages), len(want.skipped), want.end)
					}
				}
			}
		}
	}
}

// TestReaderMost: one read returns no more messages than the socket asks for, and leaves none.
func TestReaderMost(t *testing.T) {
	const messages = 1000
	var r reader
	r.init(&pieces{data: bytes.Repeat(message(wire.StreamFraming, 4), messages)}, nil, wire.StreamFraming, 0, 300)
	r.next = chunkSize // room for all
	defer r.drop()
	for _, want := range []int{300, 300, 300, 100} {
		if got, err := r.read(nil); len(got) != want || err != nil {
			t.Errorf("read returned %d messages and %v, want %d", len(got), err, want)
		}
	}
}

// FuzzReader: wherever the reads cut the stream, the same messages come out.
func FuzzReader(f *testing.F) {
	f.Add(append(message(0, 3), message(0, 0)...), []byte{0}, false, uint16(0), false)
	f.Add(append(message(1, 300), message(1, 20)...), []byte{4, 250}, true, uint16(20), true)
	f.Add(append(message(0, 40000), message(0, 700)...), []byte{255, 3}, false, uint16(50000), false)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, []byte{}, false, uint16(0), true)
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 0, 1, 'x'}, []byte{1}, true, uint16(9), false)
	f.Fuzz(func(t *testing.T, data, sizes []byte, ipc bool, limit uint16, skip bool) {
		framing := wire.StreamFraming
		if ipc {
			framing = wire.IPCFraming
		}
		got, want := readAll(t, data, sizes, framing, int(limit), skip), reference(data, framing, int(limit), skip)
		if !got.equal(want) {
			t.Errorf("read %d messages %.40q, skipped %v, %v; want %d messages %.40q, skipped %v, %v",
				len(got.messages), got.messages, got.skipped, got.end, len(want.messages), want.messages, want.skipped, want.end)
		}
	})
}

// FuzzHandshake: whatever a peer says first is taken whole or refused.
func FuzzHandshake(f *testing.F) {
	f.Add([]byte("\x00SP\x00\x00\x50\x00\x00"))
	f.Add([]byte("\x00SP\x00\x00\x50\x00\x01rest"))
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Add([]byte("\x00S"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &pieces{data: data, sizes: []byte{2, 0}}
		peer, n, err := hear(c, listenerConfig())
		if n != min(len(data), wire.HandshakeSize) || len(c.data) != len(data)-n {
			t.Errorf("read %d bytes of %d, left %d", n, len(data), len(c.data))
		}
		if err == nil && !bytes.Equal(data[:n], wire.AppendHandshake(nil, peer)) {
			t.Errorf("took % x for a peer of protocol %#x", data[:n], peer)
		}
	})
}

// TestLargeReads: of a large message one read takes 64 KiB from TCP, and all from a Unix socket.
func TestLargeReads(t *testing.T) {
	const size = 1 << 20
	for _, test := range []struct {
		conn net.Conn
		most int
	}{{new(net.TCPConn), 64 << 10}, {new(net.UnixConn), size}} {
		var r reader
		r.init(test.conn, nil, wire.StreamFraming, 0, 0)
		r.big, r.want = transport.NewBuffer(size), size
		defer r.drop()
		if n := len(r.memory()); n != test.most {
			t.Errorf("a read from a %T takes up to %d bytes, want %d", test.conn, n, test.most)
		}
		r.have = size - 10
		if n := len(r.memory()); n != 10 {
			t.Errorf("the last read from a %T takes up to %d bytes, want 10", test.conn, n)
		}
	}
}

// TestIdle: a reader that finds nothing to read gives its chunk back, unless the chunk is
// small and in use anyway.
func TestIdle(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	far, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	near, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	raw := rawConn(near)
	if raw == nil {
		t.Skip("this platform cannot tell that there is nothing to read")
	}
	for _, test := range []struct {
		size int
		hold bool // the message, while nothing comes
		keep bool // the chunk
	}{{5, false, false}, {5, true, true}, {10_000, true, false}} {
		var r reader
		r.init(near, raw, wire.StreamFraming, 0, 0)
		if test.size > smallChunk {
			r.next = chunkSize
		}
		if _, err := far.Write(append(wire.StreamFraming.AppendPrefix(nil, test.size), make([]byte, test.size)...)); err != nil {
			t.Fatal(err)
		}
		messages, err := r.read(nil)
		if err != nil || len(messages) != 1 {
			t.Fatal(messages, err)
		}
		if !test.hold {
			messages[0].Release()
		}
		if more := r.tryRead(nil); len(more) > 0 {
			t.Fatalf("there are %d messages more", len(more))
		}
		if kept := r.chunk != nil; kept != test.keep {
			t.Errorf("%+v: the chunk is kept: %v", test, kept)
		}
	}
}

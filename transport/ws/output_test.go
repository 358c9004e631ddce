//go:build !js

package ws

import (
	"bytes"
	"io"
	"math"
	"net"
	"testing"

	"github.com/gonng/gonng/internal/stream"
	"github.com/gonng/gonng/transport"
)

// parse takes the messages in frames apart, and what comes between them as one
// message each.
func parse(t *testing.T, b []byte) (messages [][]byte) {
	t.Helper()
	inside := false
	for len(b) > 0 {
		h, ok := parseHeader(b)
		if !ok || uint64(len(b)-h.size) < h.length {
			t.Fatalf("%d bytes are left, % .16x…", len(b), b)
		}
		data := bytes.Clone(b[h.size:][:h.length])
		if h.masked {
			mask(data, [4]byte(b[h.size-4:]))
		}
		if h.length > maxFrame {
			t.Errorf("a frame has %d bytes", h.length)
		}
		if inside != (h.op == opContinuation) {
			t.Fatalf("a frame of kind %d inside a message: %v", h.op, inside)
		}
		if inside {
			messages[len(messages)-1] = append(messages[len(messages)-1], data...)
		} else {
			messages = append(messages, data)
		}
		inside = !h.last
		b = b[h.size+len(data):]
	}
	return messages
}

// TestBatch: what is added comes out, of whatever size and by whichever way.
func TestBatch(t *testing.T) {
	for _, client := range []bool{false, true} {
		b := &batch{client: client}
		var want [][]byte
		size := 0
		for i, n := range []int{0, 1, 125, 126, 127, 65535, 65536, 20 << 10, maxFrame - 4, maxFrame - 3, maxFrame, 3*maxFrame + 5, 2} {
			header, body := bytes.Repeat([]byte("head"), i%2), bytes.Repeat([]byte{byte(i), 1, 2}, n/3+1)[:n]
			if i%3 == 0 {
				m := transport.Copy(body)
				b.AppendMessage(header, m)
				m.Release()
			} else {
				b.Append(header, body)
			}
			want = append(want, append(bytes.Clone(header), body...))
			size += len(header) + n
		}
		longer := bytes.Repeat([]byte("header"), maxFrame/3) // no protocol has one
		b.Append(longer, []byte("body"))
		want, size = append(want, append(bytes.Clone(longer), "body"...)), size+len(longer)+4
		if b.Len() != len(want) || b.Size() != size {
			t.Errorf("%d messages of %d bytes, want %d of %d", b.Len(), b.Size(), len(want), size)
		}
		pieces := b.pieces()
		wire := bytes.Join(pieces, nil)
		if len(wire) != b.wire || len(pieces) > 1 == client {
			t.Errorf("%d bytes in %d pieces, want %d", len(wire), len(pieces), b.wire)
		}
		got := parse(t, wire)
		for i := range want {
			if !bytes.Equal(got[i], want[i]) {
				t.Errorf("client %v: message %d is %d bytes, % .16x…, want %d", client, i, len(got[i]), got[i], len(want[i]))
			}
		}
		b.Reset()
		if b.Len() != 0 || b.Size() != 0 || len(b.pieces()) != 0 {
			t.Errorf("after Reset: %+v", b)
		}
	}
}

// TestBatchKeep: messages that were not written whole count as not written.
func TestBatchKeep(t *testing.T) {
	for left, want := range map[int]int{0: 0, 1: 1, 5: 1, 6: 1, 7: 2, 17: 2, 18: 2, 19: 3, 20: 3} {
		var b batch
		b.Append(nil, nil)                   // 2 bytes
		b.Append(nil, make([]byte, 10))      // 12
		b.Append([]byte("h"), []byte("bod")) // 6
		if b.keep(left); b.Len() != want {
			t.Errorf("with %d of %d bytes left %d messages are kept, want %d", left, b.wire, b.Len(), want)
		}
	}
}

// TestOutput: a batch that is partly written without waiting comes before the
// frame of control that is written then, and a batch after a close frame goes
// nowhere.
func TestOutput(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()

	out := output{dst: near, try: stream.NewWriter(near)}
	var b batch
	const messages, size = 1000, 16 << 10
	for i := range messages {
		b.Append([]byte{byte(i)}, make([]byte, size))
	}
	if n, err := out.tryWrite(&b, math.MaxInt); b.Len() == 0 || err != nil {
		t.Fatalf("tryWrite of %d MiB to nobody who reads: %v, %v", b.wire>>20, n, err)
	}
	written, arrived := make(chan error, 1), make(chan struct{})
	const pongs = 1 + 20%7 // there is room for 7 of the large ones
	wire := make([]byte, b.wire+(pongs-1)*(2+125)+3+6)
	go func() {
		out.mu.Lock()
		for i := range 20 {
			out.pong(bytes.Repeat([]byte{byte(i)}, 125))
		}
		out.pong([]byte("p"))
		out.mu.Unlock()
		out.pongs.task.Wait()
		err := out.write(&b)
		b.Append(nil, []byte("next"))
		if _, failed := out.tryWrite(&b, math.MaxInt); err == nil && (b.Len() > 0 || failed != nil) {
			err = io.ErrShortWrite
		}
		<-arrived
		out.end(1000, false)
		b.Append(nil, []byte("late"))
		if out.write(&b) == nil || b.Len() != 1 {
			t.Error("a batch after the close frame is written")
		}
		near.Close()
		written <- err
	}()
	if _, err := io.ReadFull(far, wire); err != nil {
		t.Fatal(err)
	}
	close(arrived)
	rest, err := io.ReadAll(far)
	if err != nil {
		t.Fatal(err)
	}
	wire = append(wire, rest...)
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	got := parse(t, wire)
	if len(got) != messages+pongs+2 {
		t.Fatalf("%d frames, want %d", len(got), messages+pongs+2)
	}
	for i, m := range got[:messages] {
		if len(m) != size+1 || m[0] != byte(i) {
			t.Fatalf("message %d is % .16x…", i, m)
		}
	}
	after := got[messages+pongs-1:]
	if got[messages][0] != 20-pongs+1 || string(after[0]) != "p" || string(after[1]) != "next" {
		t.Errorf("then came %.20q", got[messages:])
	}
}

package wire_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/gonng/gonng/internal/wire"
)

// The tests of this file hold the package to what nng's nngcat and nanomsg's
// nanocat really send and accept.

// peerTimeout bounds each wait for a peer, which takes milliseconds: a peer
// that does not do what the test awaits must fail it and not hang it.
const peerTimeout = 10 * time.Second

// A stream is a way that a peer program connects to the test.
type stream struct {
	name    string
	framing wire.Framing
	listen  func(t *testing.T) (l net.Listener, url string)
}

var streams = []stream{
	{"tcp", wire.StreamFraming, func(t *testing.T) (net.Listener, string) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l, "tcp://" + l.Addr().String()
	}},
	{"ipc", wire.IPCFraming, func(t *testing.T) (net.Listener, string) {
		// t.TempDir has the test's name in it, and a socket's path must be short.
		dir, err := os.MkdirTemp("", "wire")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		path := filepath.Join(dir, "s")
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		return l, "ipc://" + path
	}},
}

// A peer is a running program of another implementation, connected to the test.
type peer struct {
	t        *testing.T
	listener net.Listener
	conn     net.Conn
	framing  wire.Framing
	stdout   *os.File
}

// startPeer starts the program, which must dial the URL that follows args, and
// exchanges handshakes with it: protocol is the program's, own the one that the
// test answers with.
func startPeer(t *testing.T, s stream, protocol, own uint16, program string, args ...string) *peer {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI must have the peer program: %v", err)
		}
		t.Skipf("peer program is not installed: %v", err)
	}
	l, url := s.listen(t)
	// A pipe of our own, not cmd.StdoutPipe: what the program printed stays
	// readable after Wait.
	stdout, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdout.Close() })

	dial := map[string]string{"nngcat": "--dial", "nanocat": "--connect"}[program]
	cmd := exec.CommandContext(t.Context(), path, append(args, dial, url)...)
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = w, &stderr
	err = cmd.Start()
	_ = w.Close()
	if err != nil {
		_ = l.Close()
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		// Killed at the end of t.Context at the latest, so its status says nothing.
		_ = cmd.Wait()
		// Not earlier, or the program could dial somebody else's listener at the
		// same address; and now, or Accept would wait for a program that refused
		// its arguments.
		_ = l.Close()
	}()
	t.Cleanup(func() {
		<-exited
		if t.Failed() {
			t.Logf("%v: stderr: %q", cmd.Args, stderr.Bytes())
		}
	})

	if err := l.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Now().Add(peerTimeout)); err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatalf("%v does not connect: %v", cmd.Args, err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(peerTimeout)); err != nil {
		t.Fatal(err)
	}
	if err := stdout.SetReadDeadline(time.Now().Add(peerTimeout)); err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, listener: l, conn: conn, framing: s.framing, stdout: stdout}

	// The peer's handshake must come without it having seen one.
	got := [wire.HandshakeSize]byte(p.read(wire.HandshakeSize))
	if want := wire.AppendHandshake(nil, protocol); !bytes.Equal(got[:], want) {
		t.Errorf("peer's handshake is % x, ours would be % x", got, want)
	}
	if n, err := wire.ParseHandshake(got); n != protocol || err != nil {
		t.Errorf("ParseHandshake(% x) = %d, %v, want %d", got, n, err, protocol)
	}
	p.write(wire.AppendHandshake(nil, own))
	return p
}

func (p *peer) read(n int) []byte {
	p.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(p.conn, b); err != nil {
		p.t.Fatalf("reading %d bytes from the peer: %v", n, err)
	}
	return b
}

func (p *peer) write(b []byte) {
	p.t.Helper()
	if _, err := p.conn.Write(b); err != nil {
		p.t.Fatalf("writing to the peer: %v", err)
	}
}

// recv returns the peer's next message, header and body.
func (p *peer) recv() []byte {
	p.t.Helper()
	prefix := p.read(p.framing.PrefixSize())
	size, err := p.framing.ParsePrefix(prefix)
	if err != nil || size > 1<<20 {
		p.t.Fatalf("ParsePrefix(% x) = %d, %v", prefix, size, err)
	}
	if want := p.framing.AppendPrefix(nil, int(size)); !bytes.Equal(prefix, want) {
		p.t.Errorf("peer's prefix is % x, ours would be % x", prefix, want)
	}
	return p.read(int(size))
}

// send sends one message, header and body.
func (p *peer) send(header []byte, body string) {
	p.t.Helper()
	b := p.framing.AppendPrefix(nil, len(header)+len(body))
	p.write(append(append(b, header...), body...))
}

// wantPrinted waits for the peer to print exactly text.
func (p *peer) wantPrinted(text string) {
	p.t.Helper()
	b := make([]byte, len(text))
	if n, err := io.ReadFull(p.stdout, b); err != nil || string(b) != text {
		p.t.Fatalf("peer printed %q (%v), want %q", b[:n], err, text)
	}
}

// Splitters of received messages: header and body.
func noHeader(_ *testing.T, m []byte) (header, body []byte) { return nil, m }

func hopsHeader(t *testing.T, m []byte) (header, body []byte) {
	t.Helper()
	hops, err := wire.Hops(m)
	if hops != 1 || err != nil {
		t.Fatalf("Hops(% x) = %d, %v, want 1", m, hops, err)
	}
	if got, want := m[:wire.HopsSize], wire.AppendHops(nil, 1); !bytes.Equal(got, want) {
		t.Errorf("peer's header is % x, ours would be % x", got, want)
	}
	return m[:wire.HopsSize], m[wire.HopsSize:]
}

func backtraceHeader(t *testing.T, m []byte) (header, body []byte) {
	t.Helper()
	n, err := wire.BacktraceLen(m, 1)
	if n != 4 || err != nil {
		t.Fatalf("BacktraceLen(% x) = %d, %v, want 4", m, n, err)
	}
	id := wire.ID(m)
	if id&wire.EndBit == 0 {
		t.Errorf("ID(% x) = %#x, without the EndBit", m, id)
	}
	if want := wire.AppendID(nil, id); !bytes.Equal(m[:n], want) {
		t.Errorf("peer's header is % x, ours would be % x", m[:n], want)
	}
	return m[:n], m[n:]
}

// TestPeerSends reads the first message of every protocol that sends.
func TestPeerSends(t *testing.T) {
	type split = func(*testing.T, []byte) (header, body []byte)
	for _, tt := range []struct {
		program, protocol string
		number, own       uint16
		split             split
	}{
		{"nngcat", "--pair0", 16, 16, noHeader},
		{"nngcat", "--pair1", 17, 17, hopsHeader},
		{"nngcat", "--pub0", 32, 33, noHeader},
		{"nngcat", "--req0", 48, 49, backtraceHeader},
		{"nngcat", "--push0", 80, 81, noHeader},
		{"nngcat", "--surveyor0", 98, 99, backtraceHeader},
		{"nanocat", "--pair", 16, 16, noHeader},
		{"nanocat", "--pub", 32, 33, noHeader},
		{"nanocat", "--req", 48, 49, backtraceHeader},
		{"nanocat", "--push", 80, 81, noHeader},
		{"nanocat", "--surveyor", 98, 99, backtraceHeader},
		{"nanocat", "--bus", 112, 112, noHeader},
	} {
		for _, s := range streams {
			t.Run(tt.program+tt.protocol+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				// The interval is for pub, surveyor and bus: what these send while
				// there is nobody connected is lost, so they must send again.
				args := []string{tt.protocol, "--interval", "1", "--data", "hello"}
				asks := tt.number == 48 || tt.number == 98
				if asks {
					args = append(args, "--quoted")
				}
				p := startPeer(t, s, tt.number, tt.own, tt.program, args...)
				header, body := tt.split(t, p.recv())
				if string(body) != "hello" {
					t.Errorf("body is %q", body)
				}
				// What answers must take its own header back from us.
				if asks {
					p.send(header, "world")
					p.wantPrinted("\"world\"\n")
				}
			})
		}
	}
}

// TestPeerReceives sends to every protocol that receives.
func TestPeerReceives(t *testing.T) {
	for _, tt := range []struct {
		program, protocol string
		number, own       uint16
		header            []byte
	}{
		{"nngcat", "--pair0", 16, 16, nil},
		{"nngcat", "--pair1", 17, 17, wire.AppendHops(nil, 1)},
		{"nngcat", "--sub0", 33, 32, nil},
		{"nngcat", "--rep0", 49, 48, backtrace(2)},
		{"nngcat", "--pull0", 81, 80, nil},
		{"nngcat", "--respondent0", 99, 98, backtrace(2)},
		{"nanocat", "--pair", 16, 16, nil},
		{"nanocat", "--sub", 33, 32, nil},
		{"nanocat", "--rep", 49, 48, backtrace(2)},
		{"nanocat", "--pull", 81, 80, nil},
		{"nanocat", "--respondent", 99, 98, backtrace(2)},
		{"nanocat", "--bus", 112, 112, nil},
	} {
		for _, s := range streams {
			t.Run(tt.program+tt.protocol+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				args := []string{tt.protocol, "--quoted"}
				if tt.program == "nngcat" && tt.number == 33 {
					args = append(args, "--subscribe", "")
				}
				answers := tt.number == 49 || tt.number == 99
				if answers {
					args = append(args, "--data", "world")
				}
				p := startPeer(t, s, tt.number, tt.own, tt.program, args...)
				p.send(tt.header, "hello")
				p.wantPrinted("\"hello\"\n")
				if answers {
					if got, want := p.recv(), string(tt.header)+"world"; string(got) != want {
						t.Errorf("answer is %q, want %q", got, want)
					}
				}
			})
		}
	}
}

// TestPeerCountsBacktraceWords shows that nng and nanomsg count the TTL as
// BacktraceLen does: with their default of 8 they answer a request with 8 words,
// and drop one with 9 without disconnecting.
func TestPeerCountsBacktraceWords(t *testing.T) {
	for _, tt := range []struct {
		program, protocol string
		number, own       uint16
	}{
		{"nngcat", "--rep0", 49, 48},
		{"nngcat", "--respondent0", 99, 98},
		{"nanocat", "--rep", 49, 48},
		{"nanocat", "--respondent", 99, 98},
	} {
		t.Run(tt.program+tt.protocol, func(t *testing.T) {
			t.Parallel()
			p := startPeer(t, streams[0], tt.number, tt.own, tt.program, tt.protocol, "--data", "answer")
			p.send(backtrace(9), "request")
			p.send(backtrace(8), "request")
			m := p.recv()
			if n, err := wire.BacktraceLen(m, 8); n != 32 || err != nil || string(m) != string(backtrace(8))+"answer" {
				t.Errorf("answer is %q with a backtrace of %d bytes (%v), want that to the request of 8 words", m, n, err)
			}
		})
	}
}

// TestPeerRefusesGarbage shows that nng disconnects for what the decoders call
// malformed, and only for that.
func TestPeerRefusesGarbage(t *testing.T) {
	for _, tt := range []struct {
		name, protocol string
		number, own    uint16
		message        string
		want           error
	}{
		{"backtrace", "--rep0", 49, 48, "\x00\x00\x00\x07\x80\x00\x00", wire.ErrTruncated},
		{"truncated hops", "--pair1", 17, 17, "\x00\x00\x01", wire.ErrTruncated},
		{"reserved hops", "--pair1", 17, 17, "\x00\x00\x01\x00body", wire.ErrHops},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var err error
			if tt.number == 17 {
				_, err = wire.Hops([]byte(tt.message))
			} else {
				_, err = wire.BacktraceLen([]byte(tt.message), 8)
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("our error is %v, want %v", err, tt.want)
			}
			args := []string{tt.protocol}
			if tt.number == 49 {
				args = append(args, "--data", "answer")
			}
			p := startPeer(t, streams[0], tt.number, tt.own, "nngcat", args...)
			p.send(nil, tt.message)
			if rest, err := io.ReadAll(p.conn); len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("peer keeps the connection, having sent %q", rest)
			}
			// Dialing again, the program is well and meant to disconnect.
			again, err := p.listener.Accept()
			if err != nil {
				t.Fatalf("peer does not dial again: %v", err)
			}
			_ = again.Close()
		})
	}
}

// TestPeerComparesHops shows that nng's pair1 takes a hop count up to its TTL,
// 8, and drops what is above without disconnecting.
func TestPeerComparesHops(t *testing.T) {
	p := startPeer(t, streams[0], 17, 17, "nngcat", "--pair1", "--quoted")
	for _, hops := range []uint8{9, 0, 255, 8} {
		p.send(wire.AppendHops(nil, hops), "hops "+strconv.Itoa(int(hops)))
	}
	p.wantPrinted("\"hops 0\"\n\"hops 8\"\n")
}

package itest

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// upgrade is a request to upgrade, of a client that writes its frames itself.
const upgrade = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: pull.sp.nanomsg.org\r\n\r\n"

// upgraded is what accepts the key of a request.
func upgraded(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\nSec-WebSocket-Protocol: push.sp.nanomsg.org\r\n\r\n"
}

// stranger is a peer of WebSocket whose frames the test writes.
type stranger struct {
	net.Conn
	masks bool
	r     *bufio.Reader
}

// strangerDials makes one that is the client of pull, which listens.
func strangerDials(t *testing.T, pull *gonng.Pull0) *stranger {
	t.Helper()
	l, err := pull.Listen(testContext(t), "ws://127.0.0.1:0/")
	check(t, err)
	nc, err := net.Dial("tcp", l.Addr().String())
	check(t, err)
	t.Cleanup(func() { nc.Close() })
	_, err = io.WriteString(nc, upgrade)
	check(t, err)
	s := &stranger{nc, true, bufio.NewReader(nc)}
	response, err := http.ReadResponse(s.r, nil)
	check(t, err)
	if response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(response.Status)
	}
	return s
}

// strangerListens makes one that is the server of pull, which dials.
func strangerListens(t *testing.T, pull *gonng.Pull0) *stranger {
	t.Helper()
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer nl.Close()
	_, err = pull.Dial(testContext(t), "ws://"+nl.Addr().String(), gonng.WithDialMode(gonng.DialBackground), gonng.WithReconnectTime(time.Hour, 0))
	check(t, err)
	nc, err := nl.Accept()
	check(t, err)
	t.Cleanup(func() { nc.Close() })
	s := &stranger{nc, false, bufio.NewReader(nc)}
	r, err := http.ReadRequest(s.r)
	check(t, err)
	_, err = io.WriteString(nc, upgraded(r.Header.Get("Sec-WebSocket-Key")))
	check(t, err)
	return s
}

// frame is a frame with that first byte.
func (s *stranger) frame(first byte, payload []byte) []byte { return frame(s.masks, first, payload) }

func frame(masked bool, first byte, payload []byte) []byte {
	b := []byte{first, 0}
	switch n := len(payload); {
	case n < 126:
		b[1] = byte(n)
	case n < 1<<16:
		b[1] = 126
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b[1] = 127
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	if masked {
		b[1] |= 0x80
		b = append(b, 0, 0, 0, 0) // which changes nothing
	}
	return append(b, payload...)
}

// announced is the header of a frame of that length, and nothing of the rest.
func (s *stranger) announced(first byte, length uint64) []byte {
	b := binary.BigEndian.AppendUint64([]byte{first, 127}, length)
	if s.masks {
		b[1] |= 0x80
		b = append(b, 0, 0, 0, 0)
	}
	return b
}

// goodbye is the status of the close frame that the other side sends before it
// closes the connection; 0: it sends none.
func (s *stranger) goodbye(t *testing.T) uint16 {
	t.Helper()
	check(t, s.SetReadDeadline(time.Now().Add(patience)))
	rest, err := io.ReadAll(s.r)
	if err != nil && !strings.Contains(err.Error(), "reset") {
		t.Fatal(err)
	}
	if len(rest) == 0 {
		return 0
	}
	if rest[0] != 0x88 {
		t.Fatalf("received % x, want a close frame", rest)
	}
	if !s.masks { // the other side does
		mask := rest[2:6]
		return binary.BigEndian.Uint16([]byte{rest[6] ^ mask[0], rest[7] ^ mask[1]})
	}
	return binary.BigEndian.Uint16(rest[2:])
}

// TestWebSocketBadFrames: a peer that was accepted breaks the rules. It is
// disconnected, which is logged and counted, it is told why, and what it sent
// before is received.
func TestWebSocketBadFrames(t *testing.T) {
	gonngtest.NoLeaks(t)
	const limit = 1000
	for name, bad := range map[string]struct {
		bytes  func(s *stranger) []byte
		kind   error
		status uint16
		words  []string
	}{
		"rsv1":            {func(s *stranger) []byte { return s.frame(0xc2, []byte("x")) }, gonng.ErrProtocol, 1002, []string{"rsv"}},
		"rsv2":            {func(s *stranger) []byte { return s.frame(0xa2, []byte("x")) }, gonng.ErrProtocol, 1002, []string{"rsv"}},
		"rsv3 of a ping":  {func(s *stranger) []byte { return s.frame(0x99, nil) }, gonng.ErrProtocol, 1002, []string{"rsv"}},
		"kind 3":          {func(s *stranger) []byte { return s.frame(0x83, []byte("x")) }, gonng.ErrProtocol, 1002, []string{"opcode"}},
		"kind 11":         {func(s *stranger) []byte { return s.frame(0x8b, nil) }, gonng.ErrProtocol, 1002, []string{"opcode"}},
		"mask":            {func(s *stranger) []byte { return frame(!s.masks, 0x82, []byte("x")) }, gonng.ErrProtocol, 1002, []string{"masked"}},
		"mask of a ping":  {func(s *stranger) []byte { return frame(!s.masks, 0x89, []byte("x")) }, gonng.ErrProtocol, 1002, []string{"masked"}},
		"long ping":       {func(s *stranger) []byte { return s.frame(0x89, make([]byte, 126)) }, gonng.ErrProtocol, 1002, []string{"126"}},
		"endless pong":    {func(s *stranger) []byte { return s.announced(0x8a, 1<<62) }, gonng.ErrProtocol, 1002, []string{"4611686018427387904"}},
		"ping of 2^63":    {func(s *stranger) []byte { return s.announced(0x89, 1<<63) }, gonng.ErrProtocol, 1002, []string{"9223372036854775808"}},
		"ping in pieces":  {func(s *stranger) []byte { return s.frame(0x09, nil) }, gonng.ErrProtocol, 1002, []string{"fragmented"}},
		"continuation":    {func(s *stranger) []byte { return s.frame(0x80, []byte("x")) }, gonng.ErrProtocol, 1002, []string{"continuation"}},
		"one in another":  {func(s *stranger) []byte { return append(s.frame(0x02, []byte("x")), s.frame(0x82, nil)...) }, gonng.ErrProtocol, 1002, []string{"new"}},
		"2^63":            {func(s *stranger) []byte { return s.announced(0x82, 1<<63) }, gonng.ErrProtocol, 1002, []string{"9223372036854775808"}},
		"2^64-1":          {func(s *stranger) []byte { return s.announced(0x82, 1<<64-1) }, gonng.ErrProtocol, 1002, []string{"18446744073709551615"}},
		"2^62":            {func(s *stranger) []byte { return s.announced(0x82, 1<<62) }, gonng.ErrMessageTooLarge, 1009, []string{"4611686018427387904", "1000"}},
		"half a status":   {func(s *stranger) []byte { return s.frame(0x88, []byte{3}) }, gonng.ErrProtocol, 1002, []string{"close"}},
		"status 1005":     {func(s *stranger) []byte { return s.frame(0x88, []byte{3, 0xed}) }, gonng.ErrProtocol, 1002, []string{"StatusNoStatusRcvd"}},
		"status 999":      {func(s *stranger) []byte { return s.frame(0x88, []byte{3, 0xe7}) }, gonng.ErrProtocol, 1002, []string{"999"}},
		"end in a header": {func(s *stranger) []byte { return s.frame(0x82, make([]byte, 200))[:3] }, gonng.ErrConnectionReset, 1000, []string{"middle of a message"}},
		"end in a ping":   {func(s *stranger) []byte { return s.announced(0x89, 100) }, gonng.ErrConnectionReset, 1000, []string{"middle of a message"}},
		"too large in pieces": {func(s *stranger) []byte {
			return append(s.frame(0x02, nil), bytes.Repeat(s.frame(0x00, []byte("x")), limit+1)...)
		}, gonng.ErrMessageTooLarge, 1009, []string{"1001", "1000"}},
	} {
		for side, makeStranger := range map[string]func(*testing.T, *gonng.Pull0) *stranger{"dials": strangerDials, "listens": strangerListens} {
			t.Run(name+"/"+side, func(t *testing.T) {
				rec := newRecorder()
				pull := open(t, gonng.NewPull0, gonng.WithLogger(rec.logger()), recvMaxSize(limit))
				closed := departures(pull)
				s := makeStranger(t, pull)
				waitPeers(t, pull, 1)
				_, _ = s.Write(append(s.frame(0x82, []byte("good")), bad.bytes(s)...)) // it need not take all
				got, err := pull.Recv(testContext(t))
				check(t, err)
				wantBody(t, got, []byte("good"))
				if strings.HasPrefix(name, "end") {
					check(t, s.Conn.(*net.TCPConn).CloseWrite())
				}
				p := wait(t, "end of the pipe", closed)
				wantError(t, p.Err(), "pipe", bad.kind)
				line := rec.want(t, append(bad.words, "disconnected")...)
				wantText(t, line, "level=WARN", "peer=127.0.0.1:")
				st := pull.Stats()
				if n := st.Malformed + st.TooLarge + st.Truncated; n != 1 {
					t.Errorf("%d are counted, want 1: %+v", n, st)
				}
				if got := s.goodbye(t); got != bad.status {
					t.Errorf("the goodbye has status %d, want %d", got, bad.status)
				}
			})
		}
	}
}

// TestWebSocketOddFrames: what is unusual and allowed.
func TestWebSocketOddFrames(t *testing.T) {
	gonngtest.NoLeaks(t)
	for side, makeStranger := range map[string]func(*testing.T, *gonng.Pull0) *stranger{"dials": strangerDials, "listens": strangerListens} {
		t.Run(side, func(t *testing.T) {
			pull := open(t, gonng.NewPull0, recvMaxSize(1000))
			s := makeStranger(t, pull)
			ping, pong := s.frame(0x89, []byte("?")), s.frame(0x8a, nil)
			_, err := s.Write(slices.Concat(
				s.frame(0x02, []byte("a")), ping, s.frame(0x00, nil), pong, ping, s.frame(0x00, []byte("b")), s.frame(0x80, nil),
				s.frame(0x02, nil), s.frame(0x80, nil),
				append(s.frame(0x02, nil), bytes.Repeat(append(s.frame(0x00, nil), s.frame(0x00, []byte("x"))...), 1000)...), s.frame(0x80, nil),
			))
			check(t, err)
			for _, message := range []string{"ab", "", strings.Repeat("x", 1000)} {
				got, err := pull.Recv(testContext(t))
				check(t, err)
				wantBody(t, got, []byte(message))
			}
			for range 2 {
				pong := make([]byte, len(frame(!s.masks, 0x8a, []byte("?"))))
				check(t, s.SetReadDeadline(time.Now().Add(patience)))
				_, err := io.ReadFull(s.r, pong)
				check(t, err)
				if pong[0] != 0x8a {
					t.Errorf("answered a ping by % x", pong)
				}
			}
		})
	}
}

// TestWebSocketPingFlood: who pings and does not read the answers holds up
// nobody but itself.
func TestWebSocketPingFlood(t *testing.T) {
	gonngtest.NoLeaks(t)
	pull, push := open(t, gonng.NewPull0), open(t, gonng.NewPush0)
	s := strangerDials(t, pull)
	waitPeers(t, pull, 1)
	link(t, push, pull, transport("ws"))
	pings := bytes.Repeat(s.frame(0x89, make([]byte, 125)), 100)
	flood := concurrently(func() error {
		for {
			if _, err := s.Write(pings); err != nil {
				return err
			}
		}
	})
	for range 100 {
		sendText(t, push, "hello")
		recvText(t, pull, "hello")
	}
	promptly(t, "Close", func() { check(t, pull.Close()) })
	if err := wait(t, "end of the flood", flood); err == nil {
		t.Error("the flood ended well")
	}
}

package itest

import (
	"encoding/binary"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// prefix is what stands before a message of that size.
func prefix(tr gonngtest.Transport, size uint64) []byte {
	b := gonngtest.Frame(framing(tr))
	binary.BigEndian.PutUint64(b[len(b)-8:], size)
	return b
}

// request is a message that a rep takes for a request.
var request = []byte{0x80, 0, 0, 1, 'x'}

// TestBadMessage: a peer that was accepted breaks the rules. It is
// disconnected, which is logged and counted, and nobody else is.
func TestBadMessage(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, bad := range []struct {
		name  string
		bytes func(gonngtest.Transport) []byte
		only  string // transport
		close bool   // then the peer closes
		kind  error
		words []string
		count func(gonng.Stats) uint64
	}{
		{"one byte above the limit", func(tr gonngtest.Transport) []byte { return prefix(tr, 1001) }, "", false,
			gonng.ErrMessageTooLarge, []string{"1001", "1000"}, tooLarge},
		{"2^62", func(tr gonngtest.Transport) []byte { return prefix(tr, 1<<62) }, "", false,
			gonng.ErrMessageTooLarge, []string{"4611686018427387904", "1000"}, tooLarge},
		{"2^63", func(tr gonngtest.Transport) []byte { return prefix(tr, 1<<63) }, "", false,
			gonng.ErrMessageTooLarge, []string{"9223372036854775808", "1000"}, tooLarge},
		{"2^64-1", func(tr gonngtest.Transport) []byte { return prefix(tr, 1<<64-1) }, "", false,
			gonng.ErrMessageTooLarge, []string{"18446744073709551615", "1000"}, tooLarge},
		{"after good ones", func(tr gonngtest.Transport) []byte {
			good := gonngtest.Frame(framing(tr), request)
			return append(append(good, good...), prefix(tr, 1001)...)
		}, "", false,
			gonng.ErrMessageTooLarge, []string{"1001", "1000"}, tooLarge},
		{"type", func(tr gonngtest.Transport) []byte { return append([]byte{2}, make([]byte, 8)...) }, "ipc", false,
			gonng.ErrProtocol, []string{"0x02"}, malformed},
		{"type of http", func(tr gonngtest.Transport) []byte { return []byte("GET / HTTP/1.1\r\n\r\n") }, "ipc", false,
			gonng.ErrProtocol, []string{"0x47"}, malformed},
		{"half a prefix", func(tr gonngtest.Transport) []byte { return prefix(tr, 10)[:5] }, "", true,
			gonng.ErrConnectionReset, []string{"middle of a message"}, truncated},
		{"no body", func(tr gonngtest.Transport) []byte { return prefix(tr, 10) }, "", true,
			gonng.ErrConnectionReset, []string{"middle of a message"}, truncated},
		{"half a body", func(tr gonngtest.Transport) []byte { return append(prefix(tr, 10), "12345"...) }, "", true,
			gonng.ErrConnectionReset, []string{"middle of a message"}, truncated},
		{"no header", func(tr gonngtest.Transport) []byte { return gonngtest.Frame(framing(tr)) }, "", false,
			gonng.ErrProtocol, []string{"malformed"}, malformed},
		{"half a header", func(tr gonngtest.Transport) []byte { return gonngtest.Frame(framing(tr), []byte{0x80, 0, 0}) }, "", false,
			gonng.ErrProtocol, []string{"malformed"}, malformed},
		{"header without an end", func(tr gonngtest.Transport) []byte {
			return gonngtest.Frame(framing(tr), []byte{0, 0, 0, 1, 0, 0, 0, 2})
		}, "", false,
			gonng.ErrProtocol, []string{"malformed"}, malformed},
	} {
		t.Run(bad.name, func(t *testing.T) {
			parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
				if bad.only != "" && bad.only != tr.Name {
					return
				}
				rec := newRecorder()
				rep := open(t, gonng.NewRep0, gonng.WithLogger(rec.logger()), recvMaxSize(1000))
				url := listen(t, rep, tr).URL()
				h := newHonest(t, rep, tr, url)
				closed := departures(rep)
				peer := gonngtest.Dial(t, url)
				peer.Handshake(gonng.ProtocolReq0)
				peer.SendBytes(bad.bytes(tr))
				if bad.close {
					h.works()
					peer.Conn().(interface{ CloseWrite() error }).CloseWrite()
				}
				p := wait(t, "end of the pipe", closed)
				wantError(t, p.Err(), "pipe", bad.kind)
				wantText(t, p.Err().Error(), bad.words...)
				line := rec.want(t, append(bad.words, "disconnected")...)
				wantText(t, line, "level=WARN", "peer=", url)
				if tr.Name == "tcp" {
					wantText(t, line, peer.Conn().LocalAddr().String())
				}
				if n := bad.count(rep.Stats()); n != 1 {
					t.Errorf("%d are counted, want 1: %+v", n, rep.Stats())
				}
				peer.RecvAll()
				h.works()
				h.newcomer(tr, url)
			})
		})
	}
}

func tooLarge(st gonng.Stats) uint64  { return st.TooLarge }
func malformed(st gonng.Stats) uint64 { return st.Malformed }
func truncated(st gonng.Stats) uint64 { return st.Truncated }

// TestUnwantedMessage: a message that makes sense and that nobody asked for is
// dropped and counted, and its sender stays.
func TestUnwantedMessage(t *testing.T) {
	gonngtest.NoLeaks(t)
	unexpected := func(st gonng.Stats) uint64 { return st.Unexpected }
	late := func(st gonng.Stats) uint64 { return st.LateReplies }
	for _, unwanted := range []struct {
		protocol gonng.Protocol
		data     []byte
		count    func(gonng.Stats) uint64
	}{
		{gonng.ProtocolReq0, request, late},
		{gonng.ProtocolSurveyor0, request, late},
		{gonng.ProtocolPush0, []byte("why"), unexpected},
		{gonng.ProtocolPub0, []byte("why"), unexpected},
	} {
		t.Run(unwanted.protocol.String(), func(t *testing.T) {
			parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
				s := open(t, cooked[unwanted.protocol])
				peer := scripted(t, s, tr)
				p := s.Pipes()[0]
				for n := range uint64(2) {
					peer.SendFrame(unwanted.data)
					gonngtest.Eventually(t, func() bool { return unwanted.count(s.Stats()) == n+1 }, "the message counted")
				}
				if err := p.Err(); err != nil {
					t.Errorf("the pipe ended by %v", err)
				}
				if r, ok := s.(gonng.Receiver); ok {
					if body, err := r.TryRecv(); err == nil {
						t.Errorf("received %q", body)
					}
				}
			})
		})
	}
}

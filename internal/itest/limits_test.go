package itest

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// TestTooLarge: the limit holds without a wire, too, and for a message
// and not for those before it.
func TestTooLarge(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		rec := newRecorder()
		in := open(t, gonng.NewPull0, gonng.WithLogger(rec.logger()), recvMaxSize(1000))
		out := open(t, gonng.NewPush0, reconnect(time.Hour, 0), gonng.WithLinger(0))
		closed := departures(in)
		entered, release := make(chan struct{}), make(chan struct{})
		in.OnPipe(gonng.PipeConnected, func(*gonng.Pipe) {
			close(entered)
			<-release
		})
		dial(t, out, tr, listen(t, in, tr).URL())
		wait(t, "hook", entered)
		// All of these are in one batch where the transport has batches.
		for _, size := range []int{10, 1000, 0, 1001, 20} {
			check(t, out.Send(testContext(t), make([]byte, size)))
		}
		close(release)
		for _, size := range []int{10, 1000, 0} {
			body, err := in.Recv(testContext(t))
			check(t, err)
			if len(body) != size {
				t.Errorf("received %d bytes, want %d", len(body), size)
			}
		}
		p := wait(t, "end of the pipe", closed)
		wantError(t, p.Err(), "pipe", gonng.ErrMessageTooLarge)
		wantText(t, rec.want(t, "disconnected", "too large"), "1001", "1000")
		if st := in.Stats(); st.TooLarge != 1 || st.Received != 3 {
			t.Errorf("%d too large and %d received are counted, want 1 and 3", st.TooLarge, st.Received)
		}
		if body, err := in.TryRecv(); err == nil {
			t.Errorf("received %d bytes more", len(body))
		}
	})
}

// TestTooLargeIsSent: what the peer refuses was sent; what was to follow was not.
func TestTooLargeIsSent(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		in, out := open(t, gonng.NewPull0, recvMaxSize(1000)), open(t, gonng.NewPush0, reconnect(time.Hour, 0))
		gone := departures(out)
		link(t, in, out, tr)
		check(t, out.Send(testContext(t), make([]byte, 1001)))
		wantError(t, wait(t, "the end of the pipe", gone).Err(), "pipe", gonng.ErrConnectionReset)
		if st := out.Stats(); st.Sent != 1 || st.Unsent != 0 {
			t.Errorf("%d sent and %d unsent are counted, want 1 and 0", st.Sent, st.Unsent)
		}
	})
}

// TestAnnouncedSizeIsNotAllocated: a length word earns no memory.
func TestAnnouncedSizeIsNotAllocated(t *testing.T) {
	gonngtest.NoLeaks(t)
	for name, announced := range map[string]uint64{"1 GiB": 1 << 30, "2^58": 1 << 58} {
		for _, sent := range []int{0, 100 << 10} {
			for _, tr := range streams() { // one after the other: memory is the process's
				t.Run(fmt.Sprint(name, "/", sent, "/", tr.Name), func(t *testing.T) {
					pull := open(t, gonng.NewPull0, recvMaxSize(0))
					url := listen(t, pull, tr).URL()
					var before, after runtime.MemStats
					var peers []*gonngtest.Peer
					const n = 10
					for range n {
						peer := gonngtest.Dial(t, url)
						peer.Handshake(gonng.ProtocolPush0)
						peers = append(peers, peer)
					}
					waitPeers(t, pull, n)
					data := append(prefix(tr, announced), make([]byte, sent)...)
					runtime.GC()
					runtime.ReadMemStats(&before)
					for _, peer := range peers {
						peer.SendBytes(data)
					}
					// Who comes later is received later: then the others are read.
					for range 3 {
						last := gonngtest.Dial(t, url)
						last.Handshake(gonng.ProtocolPush0)
						last.SendFrame([]byte("x"))
						if _, err := pull.Recv(testContext(t)); err != nil {
							t.Fatal(err)
						}
					}
					runtime.ReadMemStats(&after)
					got, most := after.TotalAlloc-before.TotalAlloc, uint64(n*(256<<10+32*sent))
					if got > most {
						t.Errorf("%d KiB were allocated for %d KiB that arrived, want at most %d KiB", got>>10, n*sent>>10, most>>10)
					}
					for _, peer := range peers {
						peer.Close()
					}
					gonngtest.Eventually(t, func() bool { return pull.Stats().Truncated == n }, "all truncated messages counted")
				})
			}
		}
	}
}

// TestSizeBeyondMemory: without a limit, too, there are lengths that cannot be.
func TestSizeBeyondMemory(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
		pull := open(t, gonng.NewPull0, recvMaxSize(0))
		peer := scripted(t, pull, tr)
		p := pull.Pipes()[0]
		peer.SendBytes(prefix(tr, 1<<63))
		peer.ExpectClosed()
		gonngtest.Eventually(t, func() bool { return p.Err() != nil }, "error of the pipe")
		wantError(t, p.Err(), "pipe", gonng.ErrMessageTooLarge)
		wantText(t, p.Err().Error(), "9223372036854775808")
	})
}

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

// hopping are the sockets that look at the hops of what they receive.
var hopping = []struct {
	name string
	make gonngtest.Constructor
	hops func(n int) []byte // the header of a message that made n hops
}{
	{"pair1", gonngtest.ConstructorOf(gonng.NewPair1), hopCount},
	{"raw pair1", rawMaker(gonng.ProtocolPair1), hopCount},
	{"rep", gonngtest.ConstructorOf(gonng.NewRep0), backtrace},
	{"raw rep", rawMaker(gonng.ProtocolRep0), backtrace},
	{"respondent", gonngtest.ConstructorOf(gonng.NewRespondent0), backtrace},
	{"raw respondent", rawMaker(gonng.ProtocolRespondent0), backtrace},
}

func hopCount(n int) []byte { return word(uint32(n)) }

func backtrace(n int) (header []byte) {
	for i := range n - 1 {
		header = append(header, word(uint32(i+1))...)
	}
	return append(header, endWord(1)...)
}

// A message that made more hops than the TTL is dropped and counted; the peer
// stays.
func TestTTL(t *testing.T) {
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, tt := range hopping {
			for _, ttl := range []int{1, 2, 8, 15, 255} {
				t.Run(fmt.Sprint(tt.name, "/", ttl), func(t *testing.T) {
					s := open(t, tt.make)
					if ttl != 8 {
						check(t, gonng.Set(s, gonng.WithTTL(ttl)))
					}
					peer := scripted(t, s, tr)
					dropped := uint64(0)
					for _, hops := range []int{1, 2, 3, 8, 9, 15, 16, 100, 254, 255, 256} {
						if header := tt.hops(hops); hops <= ttl {
							peer.SendFrame(header, []byte("accepted"))
							recvText(t, s.(gonng.Receiver), "accepted")
						} else if hops < 256 || len(header) > 4 { // a count has one byte
							peer.SendFrame(header, []byte("dropped"))
							dropped++
						}
					}
					peer.SendFrame(tt.hops(ttl), []byte("the last"))
					recvText(t, s.(gonng.Receiver), "the last")
					if st := s.Stats(); st.TTLExceeded != dropped || st.Malformed != 0 {
						t.Errorf("%d messages above the TTL and %d malformed are counted, want %d and 0", st.TTLExceeded, st.Malformed, dropped)
					}
				})
			}
		}
	})
}

// The TTL is changed while peers are connected.
func TestTTLChanges(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, tt := range hopping {
		s := open(t, tt.make, gonng.WithTTL(3))
		peer := scripted(t, s, transport("tcp"))
		peer.SendFrame(tt.hops(3), []byte("1"))
		recvText(t, s.(gonng.Receiver), "1")
		check(t, gonng.Set(s, gonng.WithTTL(2)))
		peer.SendFrame(tt.hops(3), []byte("2"))
		arrived(t, s, 2)
		check(t, gonng.Set(s, gonng.WithTTL(3)))
		peer.SendFrame(tt.hops(3), []byte("3"))
		recvText(t, s.(gonng.Receiver), "3")
	}
}

// A header that makes no sense ends the connection to who sent it, and is
// counted.
func TestMalformedHeader(t *testing.T) {
	truncated := [][]byte{{}, {0x80}, {0x80, 0, 0}}
	unending := append(truncated, word(1), append(word(1), 0x80, 0), append(word(1), word(2)...))
	hops := append(truncated, word(0x100), word(1<<31|1), word(0x01000001))
	tests := []struct {
		name string
		make gonngtest.Constructor
		bad  [][]byte
		good []byte
	}{
		{"pair1", gonngtest.ConstructorOf(gonng.NewPair1), hops, hopCount(1)},
		{"pair1 polyamorous", gonngtest.ConstructorOf(gonng.NewPair1, gonng.WithPolyamorous()), hops, hopCount(1)},
		{"raw pair1", rawMaker(gonng.ProtocolPair1), hops, hopCount(1)},
		{"rep", gonngtest.ConstructorOf(gonng.NewRep0), unending, endWord(1)},
		{"raw rep", rawMaker(gonng.ProtocolRep0), unending, endWord(1)},
		{"respondent", gonngtest.ConstructorOf(gonng.NewRespondent0), unending, endWord(1)},
		{"raw respondent", rawMaker(gonng.ProtocolRespondent0), unending, endWord(1)},
		{"req", gonngtest.ConstructorOf(gonng.NewReq0), truncated, nil},
		{"raw req", rawMaker(gonng.ProtocolReq0), truncated, endWord(1)},
		{"surveyor", gonngtest.ConstructorOf(gonng.NewSurveyor0), truncated, nil},
		{"raw surveyor", rawMaker(gonng.ProtocolSurveyor0), truncated, endWord(1)},
	}
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				s := open(t, tt.make)
				gone := departures(s)
				l := listen(t, s, tr)
				for i, bad := range tt.bad {
					peer := gonngtest.Dial(t, l.URL())
					peer.Handshake(s.Peer())
					if tt.good != nil { // what came before is received
						peer.SendFrame(tt.good, []byte("good"))
						recvText(t, s.(gonng.Receiver), "good")
					}
					peer.SendFrame(bad)
					peer.ExpectClosed()
					p := wait(t, "the end of the pipe", gone)
					wantError(t, p.Err(), "pipe", gonng.ErrProtocol)
					wantText(t, p.Err().Error(), "malformed")
					if got := s.Stats().Malformed; got != uint64(i+1) {
						t.Errorf("% x: %d malformed messages are counted, want %d", bad, got, i+1)
					}
				}
			})
		}
	})
}

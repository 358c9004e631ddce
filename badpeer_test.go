package gonng_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// honest is a client that must not notice what others do.
type honest struct {
	t   *testing.T
	req *gonng.Req0
}

func newHonest(t *testing.T, rep *gonng.Rep0, tr gonngtest.Transport, url string) *honest {
	t.Helper()
	serving(t, rep, echo)
	req := open(t, gonng.NewReq0)
	dial(t, req, tr, url, gonng.WithDialMode(gonng.DialWait))
	return &honest{t, req}
}

// works fails the test unless a request is answered at once.
func (h *honest) works() {
	h.t.Helper()
	start := time.Now()
	if body, err := h.req.Request(testContext(h.t), []byte("hello")); err != nil || string(body) != "hello" {
		h.t.Errorf("an honest client got %q, %v", body, err)
	}
	if took := time.Since(start); took > time.Second {
		h.t.Errorf("an honest client had to wait %v", took)
	}
}

// newcomer fails the test unless somebody new can connect at once.
func (h *honest) newcomer(tr gonngtest.Transport, url string) {
	h.t.Helper()
	req := open(h.t, gonng.NewReq0)
	dial(h.t, req, tr, url, gonng.WithDialMode(gonng.DialWait))
	(&honest{h.t, req}).works()
	req.Close()
}

// noHellos are what a stranger may say instead of a handshake.
var noHellos = []struct {
	name   string
	bytes  string
	silent bool // and then nothing, instead of closing
	words  []string
	kind   error
}{
	{"http", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", false, []string{"HTTP"}, gonng.ErrProtocol},
	{"tls", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", false, []string{"TLS"}, gonng.ErrProtocol},
	{"noise", "\xde\xad\xbe\xef\xde\xad\xbe\xef\xde\xad\xbe\xef", false, []string{"de ad be ef"}, gonng.ErrProtocol},
	{"version", "\x00SP\x01\x00\x30\x00\x00", false, []string{"version 1"}, gonng.ErrProtocol},
	{"reserved", "\x00SP\x00\x00\x30\x00\x01", false, []string{"reserved"}, gonng.ErrProtocol},
	{"half and close", "\x00SP\x00", false, []string{"4 of 8"}, gonng.ErrConnectionReset},
	{"close", "", false, []string{"0 of 8"}, gonng.ErrConnectionReset},
	{"half and silence", "\x00SP\x00\x00", true, []string{"5 of 8", "100ms"}, gonng.ErrTimeout},
	{"silence", "", true, []string{"0 of 8", "100ms"}, gonng.ErrTimeout},
}

// TestStrangerConnects: each is dropped, logged with the reason and counted,
// and holds up nobody.
func TestStrangerConnects(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
		rec := newRecorder()
		rep := open(t, gonng.NewRep0, gonng.WithLogger(rec.logger()), gonng.WithHandshakeTimeout(100*time.Millisecond))
		url := listen(t, rep, tr).URL()
		h := newHonest(t, rep, tr, url)
		for i, no := range noHellos {
			t.Run(no.name, func(t *testing.T) {
				h.t = t
				stranger := gonngtest.Dial(t, url)
				stranger.SendBytes([]byte(no.bytes))
				h.works()
				h.newcomer(tr, url)
				if !no.silent {
					if w, ok := stranger.Conn().(interface{ CloseWrite() error }); ok {
						w.CloseWrite()
					}
				}
				line := rec.want(t, append(no.words, "not accepted")...)
				wantText(t, line, "level=WARN", url)
				if tr.Name == "tcp" {
					wantText(t, line, stranger.Conn().LocalAddr().String())
				}
				if got := stranger.RecvAll(); len(got) > 8 {
					t.Errorf("the stranger received %d bytes, want a handshake at most", len(got))
				}
				if n := rep.Stats().HandshakeErrors; n != uint64(i+1) {
					t.Errorf("%d handshake errors are counted, want %d", n, i+1)
				}
				h.works()
			})
		}
	})
}

// TestStrangerListens: the same where the stranger is who is dialed.
func TestStrangerListens(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
		l := gonngtest.Listen(t, tr.URL(t))
		for _, no := range noHellos {
			t.Run(no.name, func(t *testing.T) {
				s := open(t, gonng.NewReq0, gonng.ReqOption(gonng.WithHandshakeTimeout(100*time.Millisecond)))
				result := concurrently(func() error {
					_, err := s.Dial(testContext(t), l.URL(), gonng.WithDialMode(gonng.DialWait))
					return err
				})
				stranger := l.Accept()
				stranger.SendBytes([]byte(no.bytes))
				if !no.silent {
					if w, ok := stranger.Conn().(interface{ CloseWrite() error }); ok {
						w.CloseWrite()
					}
				}
				err := wait(t, "Dial", result)
				wantError(t, err, "dial", no.kind)
				wantText(t, err.Error(), append(no.words, l.URL())...)
				stranger.RecvAll()
				if n := s.Stats().ConnectFailures; n != 1 {
					t.Errorf("%d failures are counted, want 1", n)
				}
			})
		}
	})
}

// TestManySilentPeers: they hold up nobody, and each is dropped in time.
func TestManySilentPeers(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
		rep := open(t, gonng.NewRep0, gonng.WithHandshakeTimeout(300*time.Millisecond))
		url := listen(t, rep, tr).URL()
		var silent []*gonngtest.Peer
		for range 100 {
			silent = append(silent, gonngtest.Dial(t, url))
		}
		h := newHonest(t, rep, tr, url)
		h.works()
		for _, peer := range silent {
			peer.RecvAll()
		}
		gonngtest.Eventually(t, func() bool { return rep.Stats().HandshakeErrors == 100 }, "100 handshake errors counted")
		h.works()
		h.newcomer(tr, url)
	})
}

// TestWrongPeer: both protocols are named, on both sides.
func TestWrongPeer(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
		rec := newRecorder()
		rep := open(t, gonng.NewRep0, gonng.WithLogger(rec.logger()))
		url := listen(t, rep, tr).URL()
		h := newHonest(t, rep, tr, url)
		sub := open(t, gonng.NewSub0)
		_, err := sub.Dial(testContext(t), url, append(tr.Dial, gonng.WithDialMode(gonng.DialWait))...)
		wantError(t, err, "dial", gonng.ErrProtocol)
		if err != nil {
			wantText(t, err.Error(), "sub", "rep", url)
		}
		named, refusals := []string{"sub", "33", "49"}, uint64(1)
		if strings.HasPrefix(tr.Name, "ws") { // names go over the wire, and only the server refuses
			named, refusals = []string{"pub.sp.nanomsg.org", "req", "rep.sp.nanomsg.org"}, 0
		}
		wantText(t, rec.want(t, "not accepted"), append(named, "rep", url)...)
		if a, b := rep.Stats().RefusedProtocol, sub.Stats().RefusedProtocol; a != 1 || b != refusals {
			t.Errorf("%d and %d refused peers are counted, want 1 and %d", a, b, refusals)
		}
		h.works()
		h.newcomer(tr, url)
	})
	t.Run("unknown", func(t *testing.T) {
		rec := newRecorder()
		rep := open(t, gonng.NewRep0, gonng.WithLogger(rec.logger()))
		peer := gonngtest.Dial(t, listen(t, rep, transport("tcp")).URL())
		peer.Handshake(4711)
		peer.ExpectClosed()
		rec.want(t, "not accepted", "4711", "rep")
	})
}

// TestDeadPeerOfPair: a peer that died while what it sent was not received does
// not keep its place once a message cannot be sent to it.
func TestDeadPeerOfPair(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
		s := open(t, gonng.NewPair0)
		l := listen(t, s, tr)
		dead := gonngtest.Dial(t, l.URL())
		dead.Handshake(gonng.ProtocolPair0)
		waitPeers(t, s, 1)
		// More than is read in advance; the rest stays in the kernel.
		big := gonngtest.Frame(framing(tr), make([]byte, 100<<10))
		dead.Conn().SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		for {
			if _, err := dead.Conn().Write(big); err != nil {
				break
			}
		}
		dead.Close()
		next := open(t, gonng.NewPair0, reconnect(time.Millisecond, 0), gonng.WithLinger(0))
		dial(t, next, tr, l.URL())
		received := concurrently(func() error { _, err := next.Recv(testContext(t)); return err })
		for done := false; !done; {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			s.Send(ctx, []byte("hello"))
			cancel()
			select {
			case err := <-received:
				if err != nil {
					t.Fatalf("the next peer received nothing: %v", err)
				}
				done = true
			default:
			}
		}
		if body, err := s.Recv(testContext(t)); err != nil || len(body) != 100<<10 {
			t.Errorf("received %d bytes, %v; want those of the dead peer", len(body), err)
		}
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

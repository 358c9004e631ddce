package itest

import (
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

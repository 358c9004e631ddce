package itest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// holders are the sockets that hold messages while no peer is connected, with a header
// that they need.
var holders = map[string]struct {
	make   gonngtest.Constructor
	peer   gonngtest.Constructor
	header []byte
}{
	"pair0":     {cooked[gonng.ProtocolPair0], cooked[gonng.ProtocolPair0], nil},
	"pair1":     {cooked[gonng.ProtocolPair1], cooked[gonng.ProtocolPair1], nil},
	"push0":     {cooked[gonng.ProtocolPush0], cooked[gonng.ProtocolPull0], nil},
	"raw pair0": {rawMaker(gonng.ProtocolPair0), cooked[gonng.ProtocolPair0], nil},
	"raw pair1": {rawMaker(gonng.ProtocolPair1), cooked[gonng.ProtocolPair1], make([]byte, 4)},
	"raw push0": {rawMaker(gonng.ProtocolPush0), cooked[gonng.ProtocolPull0], nil},
	"raw req0":  {rawMaker(gonng.ProtocolReq0), rawMaker(gonng.ProtocolRep0), endWord(1)},
}

// held is the i-th message that is held.
func held(i int) []byte {
	return append([]byte(fmt.Sprint(i, ":")), body(i, []int{0, 10, 17 << 10, 100 << 10}[i%4])...)
}

// TestSendBufferWithoutPeer: so many messages are held while nobody is connected, go to the
// first that comes, in order, and are counted and named when nobody does.
func TestSendBufferWithoutPeer(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for name, h := range holders {
			t.Run(name, func(t *testing.T) {
				const n = 8
				send := func(s gonng.Socket, i int) error {
					m := gonng.NewMessage(held(i))
					if h.header != nil {
						m = gonng.NewRawMessage(h.header, held(i))
					}
					return s.(gonng.Sender).TrySendMsg(m)
				}
				fill := func() gonng.Socket {
					s := open(t, h.make, gonng.WithSendBuffer(n))
					for i := range n {
						check(t, send(s, i))
					}
					wantError(t, send(s, n), "send", gonng.ErrTryAgain)
					if got := s.Stats().SendQueue; got != n {
						t.Errorf("%d messages wait, want %d", got, n)
					}
					return s
				}

				s := fill()
				err := s.Close()
				wantError(t, err, "close", gonng.ErrTimeout)
				wantText(t, fmt.Sprint(err), fmt.Sprint(n, " messages"))
				if st := s.Stats(); st.Unsent != n || st.SendQueue != 0 {
					t.Errorf("%d messages are unsent and %d wait, want %d and 0", st.Unsent, st.SendQueue, n)
				}

				s = fill()
				peer := open(t, h.peer)
				waits := concurrently(func() error { // a sender that finds the buffer full
					m := gonng.NewRawMessage(h.header, held(n))
					return s.(gonng.Sender).SendMsg(testContext(t), m)
				})
				waiting(t, 1)
				link(t, s, peer, tr)
				for i := range n + 1 {
					wantBody(t, recvMsg(t, peer.(gonng.Receiver)).Bytes(), held(i))
				}
				check(t, wait(t, "Send", waits))
				if st := s.Stats(); st.Unsent != 0 || st.Sent != n+1 {
					t.Errorf("%d messages are unsent of %d sent, want 0 of %d", st.Unsent, st.Sent, n+1)
				}
				check(t, s.Close())
			})
		}
	})
}

// TestWithoutSendBuffer a send waits for a peer.
func TestWithoutSendBuffer(t *testing.T) {
	gonngtest.NoLeaks(t)
	for name, h := range holders {
		s := open(t, h.make)
		err := s.(gonng.Sender).TrySendMsg(gonng.NewRawMessage(h.header, nil))
		wantError(t, err, "send", gonng.ErrTryAgain)
		check(t, gonng.Set(s, gonng.WithSendTimeout(time.Millisecond))) // a ctx may end before SendMsg begins
		err = s.(gonng.Sender).SendMsg(context.Background(), gonng.NewRawMessage(h.header, nil))
		wantError(t, err, "send", gonng.ErrTimeout)
		if !strings.Contains(err.Error(), "no peer is connected") {
			t.Errorf("%s: %v", name, err)
		}
	}
	req := open(t, gonng.NewReq0) // cooked, it holds nothing
	check(t, gonng.Set(req, gonng.WithSendBuffer(5)))
	wantError(t, req.TrySend(nil), "send", gonng.ErrTryAgain)
}

// TestLostQueueStaysLost: what sat in the queue of a peer that was lost is not sent to the
// next.
func TestLostQueueStaysLost(t *testing.T) {
	gonngtest.NoLeaks(t)
	push := open(t, gonng.NewPush0, gonng.WithSendBuffer(5), gonng.WithLinger(0))
	peer := scripted(t, push, tcp)
	sent := uint64(fill(t, push, 100<<10))
	gone := departures(push)
	peer.Close()
	wait(t, "the end of the pipe", gone)
	st := push.Stats()
	if st.Unsent == 0 || st.Sent != sent || st.SendQueue != 0 {
		t.Errorf("%d are unsent of %d sent (%d accepted), %d wait", st.Unsent, st.Sent, sent, st.SendQueue)
	}
	sendText(t, push, "for the next")
	pull := open(t, gonng.NewPull0)
	link(t, push, pull, tcp)
	recvText(t, pull, "for the next")
}

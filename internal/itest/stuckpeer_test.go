package itest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// stuck connects a peer to s that has stopped reading: a scripted one where
// that is possible, and other elsewhere.
func stuck(t *testing.T, s, other gonng.Socket, tr gonngtest.Transport) {
	if tr.Name == "tcp" || tr.Name == "ipc" {
		scripted(t, s, tr)
	} else {
		link(t, s, other, tr)
	}
}

// TestSendInTimeToStuckPeer: the peer has stopped reading, and its buffers and
// ours are full.
func TestSendInTimeToStuckPeer(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, w := range flows {
		for _, size := range []int{100, 1 << 20} {
			t.Run(fmt.Sprint(w.name, "/", size), func(t *testing.T) {
				parallel(t, gonngtest.Transports, func(t *testing.T, tr gonngtest.Transport) {
					s, x := w.send(t, gonng.WithLinger(0))
					other, _ := w.recv(t, gonng.WithLinger(0), recvMaxSize(0))
					stuck(t, s, other, tr)
					sendsInTime(t, s, x, size)
				})
			})
		}
	}
}

// TestSendDropsForStuckPeer: where a message goes to all, nobody is waited for.
func TestSendDropsForStuckPeer(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, w := range lossyFlows {
		for _, size := range []int{1000, 1 << 20} {
			t.Run(fmt.Sprint(w.name, "/", size), func(t *testing.T) {
				parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
					s, x := w.send(t, gonng.WithLinger(0))
					scripted(t, s, tr)
					body := make([]byte, size)
					late := 0
					for s.Stats().DroppedFull < 100 {
						start := time.Now()
						check(t, x.Send(context.Background(), body))
						if took := time.Since(start); took < within {
							late = 0
						} else if late++; late == lateInARow {
							t.Fatalf("Send took %v, and as long the times before, want it never to wait", took)
						}
					}
				})
			})
		}
	}
}

// TestReplyInTimeToStuckPeer: requests come in, and nobody reads the replies. They do not
// wait, and soon the peer's requests do: who receives waits for those of others, in time.
func TestReplyInTimeToStuckPeer(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, protocol := range []gonng.Protocol{gonng.ProtocolRep0, gonng.ProtocolRespondent0} {
		for _, size := range []int{1000, 1 << 20} {
			t.Run(fmt.Sprint(protocol, "/", size), func(t *testing.T) {
				parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
					s := open(t, cooked[protocol], gonng.WithLinger(0))
					x := s.(endpoint)
					ask(scripted(t, s, tr), tr)
					set := func(d time.Duration) error { return gonng.Set(s, gonng.WithRecvTimeout(d)) }
					body := make([]byte, size)
					inTime(t, "recv", set, func(ctx context.Context) error {
						_, err := x.Recv(ctx)
						if err == nil {
							check(t, x.TrySend(body))
						}
						return err
					})
				})
			})
		}
	}
}

// ask sends questions until the connection is closed.
func ask(peer *gonngtest.Peer, tr gonngtest.Transport) {
	question := gonngtest.Frame(framing(tr), []byte{0x80, 0, 0, 1}, make([]byte, 1000))
	go func() {
		for {
			if _, err := peer.Conn().Write(question); err != nil {
				return
			}
		}
	}()
}

// TestRawReplyToStuckPeer: a raw socket does not wait for a peer that does not read. What
// the peer has no room for is dropped and counted.
func TestRawReplyToStuckPeer(t *testing.T) {
	gonngtest.NoLeaks(t)
	parallel(t, streams(), func(t *testing.T, tr gonngtest.Transport) {
		s := openRaw(t, gonng.ProtocolRep0, gonng.WithLinger(0))
		peer := scripted(t, s, tr)
		body := make([]byte, 100<<10)
		for _, how := range []string{"as received", "from a header"} {
			peer.SendFrame(endWord(1), body)
			question := recvMsg(t, s)
			before := s.Stats().DroppedFull
			gonngtest.Eventually(t, func() bool {
				m := question.Clone()
				if how != "as received" {
					m = gonng.NewRawMessage(question.Header(), body)
				}
				check(t, s.SendMsg(testContext(t), m))
				return s.Stats().DroppedFull > before
			}, "replies are dropped")
		}
		if n := s.Stats().NoPeer; n != 0 {
			t.Errorf("%d replies found no peer, want 0: it is there", n)
		}
	})
}

// A reply goes to the peer that its header names, and to nobody when that has
// gone.
func TestRawReplies(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, p := range []gonng.Protocol{gonng.ProtocolRep0, gonng.ProtocolRespondent0} {
			rep := openRaw(t, p)
			reqs := []*gonng.Raw{openRaw(t, p.Peer()), openRaw(t, p.Peer())}
			for i, req := range reqs {
				link(t, rep, req, tr)
				sendRaw(t, req, endWord(uint32(i)), []byte("request"))
			}
			var headers [][]byte
			for range reqs {
				m := recvMsg(t, rep)
				headers = append(headers, m.Header())
				check(t, rep.SendMsg(testContext(t), m)) // as it is
			}
			for i, req := range reqs {
				wantMessage(t, recvMsg(t, req), endWord(uint32(i)), []byte("request"))
			}
			for _, header := range headers {
				sendRaw(t, rep, header, []byte("reply"))
			}
			for i, req := range reqs {
				wantMessage(t, recvMsg(t, req), endWord(uint32(i)), []byte("reply"))
			}

			sendRaw(t, rep, append(word(12345678), endWord(0)...), []byte("to nobody"))
			sendRaw(t, rep, nil, []byte("to nobody"))
			sendRaw(t, rep, []byte("abc"), []byte("to nobody"))
			check(t, rep.Send(testContext(t), []byte("to nobody")))
			if got := rep.Stats().NoPeer; got != 4 {
				t.Errorf("%d replies without a peer are counted, want 4", got)
			}
			sendRaw(t, reqs[0], endWord(7), []byte("last"))
			m := recvMsg(t, rep)
			leave(t, reqs[0], rep)
			check(t, rep.SendMsg(testContext(t), m))
			if got := rep.Stats().NoPeer; got != 5 {
				t.Errorf("%d replies without a peer are counted, want 5", got)
			}
		}
	})
}

// The header of a message that names a pipe of one socket names none of
// another.
func TestRawReplyThroughOtherSocket(t *testing.T) {
	gonngtest.NoLeaks(t)
	one, other := openRaw(t, gonng.ProtocolRep0), openRaw(t, gonng.ProtocolRep0)
	req, otherReq := openRaw(t, gonng.ProtocolReq0), openRaw(t, gonng.ProtocolReq0)
	link(t, one, req, transport("inproc"))
	link(t, other, otherReq, transport("inproc"))
	sendRaw(t, req, endWord(1), nil)
	check(t, other.SendMsg(testContext(t), recvMsg(t, one)))
	if got := other.Stats().NoPeer; got != 1 {
		t.Errorf("%d replies without a peer are counted, want 1", got)
	}
	wantTexts(t, received(t, req), nil)
}

// SetPipe does not change what the header says.
func TestRawSetPipe(t *testing.T) {
	gonngtest.NoLeaks(t)
	rep := openRaw(t, gonng.ProtocolRep0)
	reqs := []*gonng.Raw{openRaw(t, gonng.ProtocolReq0), openRaw(t, gonng.ProtocolReq0)}
	for _, req := range reqs {
		link(t, rep, req, transport("inproc"))
	}
	for i, req := range reqs {
		for _, to := range []*gonng.Pipe{nil, rep.Pipes()[1-i], rep.Pipes()[i]} {
			sendRaw(t, req, endWord(1), []byte("request"))
			m := recvMsg(t, rep)
			header := m.Header()
			m.SetPipe(to)
			wantMessage(t, m, header, []byte("request"))
			if m.Pipe() != to {
				t.Errorf("the pipe is %v, want %v", m.Pipe(), to)
			}
			check(t, rep.SendMsg(testContext(t), m))
			wantMessage(t, recvMsg(t, req), endWord(1), []byte("request"))
		}
		sendRaw(t, req, endWord(1), []byte("request"))
		check(t, rep.Pipes()[1-i].SendMsg(testContext(t), recvMsg(t, rep)))
		wantMessage(t, recvMsg(t, req), endWord(1), []byte("request"))
	}
}

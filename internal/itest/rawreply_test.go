package itest

import (
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

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

package itest

import (
	"context"
	"fmt"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

func TestRawProtocol(t *testing.T) {
	gonngtest.NoLeaks(t)
	for _, p := range allProtocols {
		s := openRaw(t, p)
		if !s.Raw() || s.Protocol() != p || s.Peer() != p.Peer() || s.Name() != p.String() {
			t.Errorf("a raw %v is %v, talks to %v and is raw: %v", p, s.Protocol(), s.Peer(), s.Raw())
		}
	}
	for _, p := range []gonng.Protocol{0, 18, 99 + 16, 1 << 15} {
		_, err := gonng.NewRaw(p)
		want(t, err, gonng.ErrInvalid)
	}
	if open(t, gonng.NewReq0).Raw() {
		t.Error("a cooked socket is raw")
	}
}

// A direction that the protocol does not have is refused by every method.
func TestRawDirections(t *testing.T) {
	gonngtest.NoLeaks(t)
	ctx := testContext(t)
	for _, p := range allProtocols {
		s := openRaw(t, p)
		if !sends(p) {
			wantError(t, s.Send(ctx, nil), "send", gonng.ErrNotSupported)
			wantError(t, s.TrySend(nil), "send", gonng.ErrNotSupported)
			wantText(t, s.TrySend(nil).Error(), "does not send")
			wantError(t, s.Send(ctx, make([]byte, 100<<10)), "send", gonng.ErrNotSupported)
			m := gonng.NewMessage([]byte("mine"))
			wantError(t, s.SendMsg(ctx, m), "send", gonng.ErrNotSupported)
			wantError(t, s.TrySendMsg(m), "send", gonng.ErrNotSupported)
			wantBody(t, m.Bytes(), []byte("mine"))
		}
		if !receives(p) {
			_, err := s.Recv(ctx)
			wantError(t, err, "recv", gonng.ErrNotSupported)
			wantText(t, err.Error(), "does not receive")
			_, err = s.TryRecv()
			wantError(t, err, "recv", gonng.ErrNotSupported)
			_, err = s.RecvMsg(ctx)
			wantError(t, err, "recv", gonng.ErrNotSupported)
			_, err = s.TryRecvMsg()
			wantError(t, err, "recv", gonng.ErrNotSupported)
			_, err = s.RecvInto(ctx, nil)
			wantError(t, err, "recv", gonng.ErrNotSupported)
			n := 0
			for _, err := range s.All(ctx) {
				wantError(t, err, "recv", gonng.ErrNotSupported)
				n++
			}
			if n != 1 {
				t.Errorf("All of a raw %v yields %d times, want one error", p, n)
			}
		} else {
			_, err := s.TryRecv()
			wantError(t, err, "recv", gonng.ErrTryAgain)
		}
	}
}

// What a raw socket receives, by the bytes that its peer sends.
func TestRawReceives(t *testing.T) {
	body := []byte("body")
	tests := []struct {
		protocol     gonng.Protocol
		sent, header []byte
		traced       bool // the ID of the pipe comes before the header
	}{
		{protocol: gonng.ProtocolPair0},
		{protocol: gonng.ProtocolPair1, sent: word(1), header: word(1)},
		{protocol: gonng.ProtocolPair1, sent: word(8), header: word(8)},
		{protocol: gonng.ProtocolPair1, sent: word(0), header: word(0)},
		{protocol: gonng.ProtocolSub0},
		{protocol: gonng.ProtocolReq0, sent: endWord(5), header: endWord(5)},
		{protocol: gonng.ProtocolReq0, sent: word(5), header: word(5)}, // the pipe that it goes back to
		{protocol: gonng.ProtocolRep0, sent: endWord(5), header: endWord(5), traced: true},
		{protocol: gonng.ProtocolRep0, sent: append(word(7), endWord(5)...), header: append(word(7), endWord(5)...), traced: true},
		{protocol: gonng.ProtocolPull0},
		{protocol: gonng.ProtocolSurveyor0, sent: endWord(5), header: endWord(5)},
		{protocol: gonng.ProtocolRespondent0, sent: endWord(5), header: endWord(5), traced: true},
		{protocol: gonng.ProtocolRespondent0, sent: append(word(7), endWord(5)...), header: append(word(7), endWord(5)...), traced: true},
		{protocol: gonng.ProtocolBus0, traced: true},
	}
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%v/%x", tt.protocol, tt.sent), func(t *testing.T) {
				s := openRaw(t, tt.protocol)
				peer := scripted(t, s, tr)
				pipe := s.Pipes()[0]
				header := tt.header
				if tt.traced {
					header = append(word(pipe.ID()), header...)
				}
				for _, body := range [][]byte{body, {}, make([]byte, 100<<10)} {
					peer.SendFrame(tt.sent, body)
					m := recvMsg(t, s)
					wantMessage(t, m, header, body)
					if m.Pipe() != pipe {
						t.Errorf("the message is from %v, want %v", m.Pipe(), pipe)
					}
					clone := m.Clone()
					m.Free()
					wantMessage(t, clone, header, body)
					peer.SendFrame(tt.sent, body)
					got, err := s.Recv(testContext(t))
					check(t, err)
					wantBody(t, got, body)
					peer.SendFrame(tt.sent, body)
					buf := make([]byte, len(body))
					n, err := s.RecvInto(testContext(t), buf)
					check(t, err)
					wantBody(t, buf[:n], body)
				}
			})
		}
	})
}

// What a raw socket puts on the wire for a header.
func TestRawSends(t *testing.T) {
	tests := []struct {
		protocol     gonng.Protocol
		header, wire []byte
		named        bool // the header begins with the ID of the pipe
	}{
		{protocol: gonng.ProtocolPair0},
		{protocol: gonng.ProtocolPair0, header: []byte("head"), wire: []byte("head")},
		{protocol: gonng.ProtocolPair1, header: word(0), wire: word(1)},
		{protocol: gonng.ProtocolPair1, header: word(1), wire: word(2)},
		{protocol: gonng.ProtocolPair1, header: word(254), wire: word(255)},
		{protocol: gonng.ProtocolPub0},
		{protocol: gonng.ProtocolPub0, header: []byte("head"), wire: []byte("head")},
		{protocol: gonng.ProtocolReq0, header: endWord(9), wire: endWord(9)},
		{protocol: gonng.ProtocolReq0, header: append(word(3), endWord(9)...), wire: append(word(3), endWord(9)...)},
		{protocol: gonng.ProtocolRep0, header: endWord(9), wire: endWord(9), named: true},
		{protocol: gonng.ProtocolRep0, header: append(word(3), endWord(9)...), wire: append(word(3), endWord(9)...), named: true},
		{protocol: gonng.ProtocolPush0},
		{protocol: gonng.ProtocolPush0, header: []byte("head"), wire: []byte("head")},
		{protocol: gonng.ProtocolSurveyor0, header: endWord(9), wire: endWord(9)},
		{protocol: gonng.ProtocolRespondent0, header: endWord(9), wire: endWord(9), named: true},
		{protocol: gonng.ProtocolBus0},
		{protocol: gonng.ProtocolBus0, header: word(0)},
	}
	eachStream(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%v/%x", tt.protocol, tt.header), func(t *testing.T) {
				s := openRaw(t, tt.protocol)
				peer := scripted(t, s, tr)
				header := tt.header
				if tt.named {
					header = append(word(s.Pipes()[0].ID()), header...)
				}
				for _, body := range [][]byte{[]byte("body"), {}, make([]byte, 100<<10)} {
					m := gonng.NewRawMessage(header, body)
					wantMessage(t, m, header, body)
					check(t, s.SendMsg(testContext(t), m))
					wantBody(t, peer.RecvFrame(), append(tt.wire[:len(tt.wire):len(tt.wire)], body...))
				}
				if tt.header == nil && !tt.named {
					check(t, s.Send(testContext(t), []byte("body")))
					wantBody(t, peer.RecvFrame(), append(tt.wire, "body"...))
				}
			})
		}
	})
}

// TestSendBesideWaitingSend: a call takes nothing of the message of another that waits.
func TestSendBesideWaitingSend(t *testing.T) {
	gonngtest.NoLeaks(t)
	t.Run("header", func(t *testing.T) {
		req, rep := openRaw(t, gonng.ProtocolReq0), openRaw(t, gonng.ProtocolRep0)
		first := concurrently(func() error { return req.SendMsg(testContext(t), gonng.NewRawMessage(endWord(7), []byte("A"))) })
		waiting(t, 1)
		second := concurrently(func() error { return req.Send(testContext(t), append(endWord(8), 'B')) })
		waiting(t, 2)
		link(t, rep, req, tcp)
		check(t, <-first)
		check(t, <-second)
		got := map[string]bool{}
		for range 2 {
			m := recvMsg(t, rep)
			got[fmt.Sprintf("%x %s", m.Header()[4:], m.Bytes())] = true
		}
		if !got["80000007 A"] || !got["80000008 B"] {
			t.Errorf("received %v", got)
		}
	})
	t.Run("no header", func(t *testing.T) {
		s := openRaw(t, gonng.ProtocolPair1)
		ctx, cancel := context.WithCancel(testContext(t))
		first := concurrently(func() error { return s.SendMsg(ctx, gonng.NewRawMessage(word(1), []byte("A"))) })
		waiting(t, 1)
		wantError(t, s.TrySend([]byte("B")), "send", gonng.ErrProtocol)
		cancel()
		want(t, <-first, gonng.ErrCanceled)
	})
}

// Raw sockets understand each other over every transport: where a header ends
// is for who receives to say, also of messages that pass by reference.
func TestRawToRaw(t *testing.T) {
	tests := []struct {
		from                   gonng.Protocol
		header, received, rest []byte
		traced                 bool
	}{
		{from: gonng.ProtocolPair0, header: []byte("head"), rest: []byte("head")},
		{from: gonng.ProtocolPair1, header: word(1), received: word(2)},
		{from: gonng.ProtocolPub0, header: []byte("head"), rest: []byte("head")},
		{from: gonng.ProtocolPush0, header: []byte("head"), rest: []byte("head")},
		{from: gonng.ProtocolReq0, header: append(word(1), endWord(2)...), received: append(word(1), endWord(2)...), traced: true},
		{from: gonng.ProtocolSurveyor0, header: append(word(1), endWord(2)...), received: append(word(1), endWord(2)...), traced: true},
		{from: gonng.ProtocolBus0, header: word(0), traced: true},
	}
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		for _, tt := range tests {
			t.Run(tt.from.String(), func(t *testing.T) {
				from, to := openRaw(t, tt.from), openRaw(t, tt.from.Peer())
				link(t, to, from, tr)
				header := tt.received
				if tt.traced {
					header = append(word(to.Pipes()[0].ID()), header...)
				}
				for i, size := range sizes {
					sendRaw(t, from, tt.header, body(i, size))
					wantMessage(t, recvMsg(t, to), header, append(tt.rest[:len(tt.rest):len(tt.rest)], body(i, size)...))
				}
			})
		}
	})
}

// star makes a raw bus and three busses around it, in the order of its pipes.
func star(t *testing.T, tr gonngtest.Transport) (hub *gonng.Raw, leaves []*gonng.Bus0) {
	t.Helper()
	hub = openRaw(t, gonng.ProtocolBus0)
	return hub, peersOf(t, hub, tr, 3, gonng.NewBus0)
}

// A raw bus does not send to the pipe that the header names, and sends to all
// when it names none.
func TestRawBusDoesNotEcho(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		hub, leaves := star(t, tr)
		for i, leaf := range leaves {
			for j, send := range []func(m *gonng.Message) error{
				func(m *gonng.Message) error { return hub.SendMsg(testContext(t), m) },
				func(m *gonng.Message) error {
					return hub.SendMsg(testContext(t), gonng.NewRawMessage(m.Header(), m.Bytes()))
				},
			} {
				text := fmt.Sprint(i, j)
				sendText(t, leaf, text)
				m := recvMsg(t, hub)
				wantMessage(t, m, word(hub.Pipes()[i].ID()), []byte(text))
				check(t, send(m))
				sendRaw(t, hub, word(0), []byte("all"))
				for k, other := range leaves {
					if k != i {
						recvText(t, other, text)
					}
					recvText(t, other, "all")
				}
			}
		}
	})
}

// A raw sub takes everything, and a raw surveyor every response.
func TestRawDoesNotFilter(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		pub, sub := openRaw(t, gonng.ProtocolPub0), openRaw(t, gonng.ProtocolSub0)
		link(t, pub, sub, tr)
		sendText(t, pub, "anything")
		recvText(t, sub, "anything")

		surveyor := openRaw(t, gonng.ProtocolSurveyor0)
		for range 3 {
			respondent := open(t, gonng.NewRespondent0)
			link(t, surveyor, respondent, tr)
			serving(t, respondent, echo)
		}
		for i := range uint32(2) {
			sendRaw(t, surveyor, endWord(i), []byte("?"))
		}
		answers := map[string]int{}
		for range 6 {
			m := recvMsg(t, surveyor)
			wantBody(t, m.Bytes(), []byte("?"))
			answers[string(m.Header())]++
		}
		if answers[string(endWord(0))] != 3 || answers[string(endWord(1))] != 3 {
			t.Errorf("got the responses %v", answers)
		}
	})
}

// A raw request reaches a cooked replier and comes back, and so on: the other
// side does not know that a socket is raw.
func TestRawWithCooked(t *testing.T) {
	gonngtest.EachTransport(t, func(t *testing.T, tr gonngtest.Transport) {
		rep, req := open(t, gonng.NewRep0), openRaw(t, gonng.ProtocolReq0)
		link(t, rep, req, tr)
		serving(t, rep, echo)
		sendRaw(t, req, append(word(3), endWord(4)...), []byte("request"))
		// Of the way back only the first word is looked at.
		wantMessage(t, recvMsg(t, req), word(3), append(endWord(4), "request"...))

		rawRep, cookedReq := openRaw(t, gonng.ProtocolRep0), open(t, gonng.NewReq0)
		link(t, rawRep, cookedReq, tr)
		sendText(t, cookedReq, "request")
		check(t, rawRep.SendMsg(testContext(t), recvMsg(t, rawRep)))
		recvText(t, cookedReq, "request")

		rawPair, pair := openRaw(t, gonng.ProtocolPair1), open(t, gonng.NewPair1)
		link(t, rawPair, pair, tr)
		sendText(t, pair, "there")
		check(t, rawPair.SendMsg(testContext(t), recvMsg(t, rawPair)))
		m := recvMsg(t, pair)
		wantMessage(t, m, word(2), []byte("there"))
	})
}

// A header that is no hop count is the program's mistake. One that is at its
// end is dropped and counted: a device passes on what it receives.
func TestRawPair1Send(t *testing.T) {
	gonngtest.NoLeaks(t)
	a, b := openRaw(t, gonng.ProtocolPair1), openRaw(t, gonng.ProtocolPair1)
	link(t, a, b, transport("inproc"))
	m := gonng.NewRawMessage(word(0x100), []byte("mine"))
	wantError(t, a.SendMsg(testContext(t), m), "send", gonng.ErrProtocol)
	wantMessage(t, m, word(0x100), []byte("mine"))
	sendRaw(t, a, word(255), []byte("too far"))
	if got := a.Stats().TTLExceeded; got != 1 {
		t.Errorf("%d messages above the TTL are counted, want 1", got)
	}
	sendRaw(t, a, word(1), []byte("last"))
	recvText(t, b, "last")
}

package itest

import (
	"fmt"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// hopping are the sockets that look at the hops of what they receive.
var hopping = []struct {
	name string
	make maker
	hops func(n int) []byte // the header of a message that made n hops
}{
	{"pair1", makes(gonng.NewPair1), hopCount},
	{"raw pair1", rawMaker(gonng.ProtocolPair1), hopCount},
	{"rep", makes(gonng.NewRep0), backtrace},
	{"raw rep", rawMaker(gonng.ProtocolRep0), backtrace},
	{"respondent", makes(gonng.NewRespondent0), backtrace},
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
						check(t, s.Set(gonng.WithTTL(ttl)))
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
		check(t, s.Set(gonng.WithTTL(2)))
		peer.SendFrame(tt.hops(3), []byte("2"))
		arrived(t, s, 2)
		check(t, s.Set(gonng.WithTTL(3)))
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
		make maker
		bad  [][]byte
		good []byte
	}{
		{"pair1", makes(gonng.NewPair1), hops, hopCount(1)},
		{"pair1 polyamorous", makes(gonng.NewPair1, gonng.WithPolyamorous()), hops, hopCount(1)},
		{"raw pair1", rawMaker(gonng.ProtocolPair1), hops, hopCount(1)},
		{"rep", makes(gonng.NewRep0), unending, endWord(1)},
		{"raw rep", rawMaker(gonng.ProtocolRep0), unending, endWord(1)},
		{"respondent", makes(gonng.NewRespondent0), unending, endWord(1)},
		{"raw respondent", rawMaker(gonng.ProtocolRespondent0), unending, endWord(1)},
		{"req", makes(gonng.NewReq0), truncated, nil},
		{"raw req", rawMaker(gonng.ProtocolReq0), truncated, endWord(1)},
		{"surveyor", makes(gonng.NewSurveyor0), truncated, nil},
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

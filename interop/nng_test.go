package interop

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

func TestBodies(t *testing.T) {
	for _, size := range []int{1, 1 << 10, 900 << 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			eachPairing(t, func(t *testing.T, p pairing, s gonng.Socket, connect func(...string) *process) {
				talk(t, p, s, connect, body(size), body(size+1))
			})
		})
	}
}

const large = 2 << 20

// With the limit raised large bodies go both ways.
func TestLargeBodies(t *testing.T) {
	eachPairing(t, func(t *testing.T, p pairing, s gonng.Socket, connect func(...string) *process) {
		talk(t, p, s, connect, body(large), body(large+1))
	}, gonng.WithRecvMaxSize(4<<20))
}

// A body above the default limit of 1 MiB is refused, and the log says why.
func TestLargeBodyRefused(t *testing.T) {
	eachPairing(t, func(t *testing.T, p pairing, s gonng.Socket, connect func(...string) *process) {
		if !p.sends {
			t.Skip("nngcat does not send")
		}
		sent := "the peer sent 20971" // 52, or 56 with a header
		if strings.Contains(t.Name(), "/ws") {
			sent = "the peer sent " // in the frames so far
		}
		log := newRecorder()
		check(t, gonng.Set(s, gonng.WithLogger(log.logger())))
		args := []string{"--file", file(t, body(large))}
		if !p.answers { // it would end when it has sent, and cut off what was not written yet
			args = append(args, "--interval", "3600")
		}
		connect(args...)
		if p.answers {
			ctx := gonngtest.Context(t, gonngtest.Timeout)
			check(t, s.WaitPeers(ctx, 1))
			check(t, s.(gonng.Sender).Send(ctx, []byte("request")))
			if s.Protocol() == gonng.ProtocolReq0 { // the request fails, and the connection stays
				if _, err := s.(gonng.Receiver).Recv(ctx); !errors.Is(err, gonng.ErrMessageTooLarge) {
					t.Errorf("Recv: %v, want ErrMessageTooLarge", err)
				}
				if n := s.Stats().TooLarge; n != 1 {
					t.Errorf("%d messages were too large, want 1", n)
				}
				return
			}
		}
		line := log.next(t, "disconnected")
		for _, want := range []string{"level=WARN", "too large", "limit is 1048576", sent, "pipe=", "peer="} {
			if !strings.Contains(line, want) {
				t.Errorf("logged without %q: %s", want, line)
			}
		}
		if s.Stats().TooLarge == 0 {
			t.Error("the message is not counted")
		}
		if b, err := s.(gonng.Receiver).TryRecv(); err == nil {
			t.Errorf("received %d bytes", len(b))
		}
	})
}

package gonngtest

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/gonng/gonng/transport"
	"github.com/gonng/gonng/transport/inproc"
	"github.com/gonng/gonng/transport/tcp"
	"github.com/gonng/gonng/transport/ws"
)

// TestBadLinkContract: a bad link is a transport.
func TestBadLinkContract(t *testing.T) {
	link := BadLink{Delay: time.Millisecond, Jitter: time.Millisecond, BytesPerSecond: 1 << 30}
	for url, tr := range map[string]transport.Transport{
		"tcp://127.0.0.1:0": tcp.Transport{}, "ws://127.0.0.1:0/": new(ws.Transport), "inproc://": new(inproc.Transport),
	} {
		t.Run(url, func(t *testing.T) {
			TestTransport(t, link.over(tr, "pigeon"), func(testing.TB) string {
				if url == "inproc://" {
					return "pigeon+" + url + rand.Text()
				}
				return "pigeon+" + url
			})
		})
	}
}

// TestBadLinkDelay: delay, jitter and rate add up.
func TestBadLinkDelay(t *testing.T) {
	messages := []transport.Message{transport.NewMessage(make([]byte, 300)), transport.NewMessage(make([]byte, 200))}
	link := BadLink{Delay: time.Second, Jitter: time.Second, BytesPerSecond: 100}
	for range 100 {
		if d := link.delay(messages); d < 6*time.Second || d >= 7*time.Second {
			t.Fatalf("500 bytes are %v late, want 6 to 7 s", d)
		}
	}
	if d := (BadLink{}).delay(messages); d != 0 {
		t.Errorf("the zero BadLink is %v late, want 0", d)
	}
}

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
	delays := map[time.Duration]bool{}
	for range 100 {
		d := link.delay(messages)
		if d < 6*time.Second || d >= 7*time.Second {
			t.Fatalf("500 bytes are %v late, want 6 to 7 s", d)
		}
		delays[d] = true
	}
	if len(delays) == 1 {
		t.Error("all delays are the same: there is no jitter")
	}
	if d := (BadLink{}).delay(messages); d != 0 {
		t.Errorf("the zero BadLink is %v late, want 0", d)
	}
}

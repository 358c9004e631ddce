package itest

import (
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// pigeons are bad links, registered once for the process: scheme → what makes an address.
var pigeons = sync.OnceValue(func() []gonngtest.Transport {
	gonngtest.BadLink{Delay: time.Millisecond, Jitter: 2 * time.Millisecond, BytesPerSecond: 10 << 20}.Register("pigeon")
	gonngtest.BadLink{Delay: time.Millisecond, Jitter: time.Millisecond, CutEvery: 100 * time.Millisecond}.Register("lost-pigeon")
	return []gonngtest.Transport{
		{Name: "pigeon+tcp", Address: func(string) string { return "pigeon+tcp://127.0.0.1:0" }},
		{Name: "pigeon+ws", Address: func(string) string { return "pigeon+ws://127.0.0.1:0/" + rand.Text() }},
		{Name: "pigeon+inproc", Address: func(string) string { return "pigeon+inproc://" + rand.Text() }},
	}
})

// TestPigeons: every protocol works over a link that is slow and late, in order.
func TestPigeons(t *testing.T) {
	for _, tr := range pigeons() {
		tr.Run(t, func(t *testing.T, tr gonngtest.Transport) {
			for _, f := range allFlows {
				t.Run(f.name, func(t *testing.T) {
					in, r := f.recv(t)
					out, x := f.send(t)
					link(t, in, out, tr)
					for i, size := range []int{0, 10, 20 << 10, 100 << 10} {
						check(t, x.Send(testContext(t), body(i, size)))
						got, err := r.Recv(testContext(t))
						check(t, err)
						wantBody(t, got, body(i, size))
						if f.name == "request" { // the next one waits for the reply
							check(t, in.(gonng.Sender).Send(testContext(t), nil))
							_, err := out.(gonng.Receiver).Recv(testContext(t))
							check(t, err)
						}
					}
				})
			}
		})
	}
}

// TestRequestsByLostPigeons: requests are answered though the link is cut ten times a second.
func TestRequestsByLostPigeons(t *testing.T) {
	for _, tr := range pigeons() {
		address := tr.Address
		tr.Name, tr.Address = "lost-"+tr.Name, func(dir string) string { return "lost-" + address(dir) }
		tr.Run(t, func(t *testing.T, tr gonngtest.Transport) {
			req, rep := open(t, gonng.NewReq0, gonng.ReqOption(gonng.WithReconnectTime(time.Millisecond, 0))), open(t, gonng.NewRep0)
			serving(t, rep, echo)
			dial(t, req, tr, listen(t, rep, tr).URL())
			for i := 0; i < 50 || req.Stats().Connects < 3; i++ {
				got, err := req.Request(testContext(t), body(i, 100))
				check(t, err)
				wantBody(t, got, body(i, 100))
			}
		})
	}
}

package sp

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gonng/gonng/internal/msg"
	"github.com/gonng/gonng/internal/wire"
)

// rig is the shell of a protocol in a test: a clock, random numbers from a seed, and peers
// whose connections are lists.
type rig struct {
	*testing.T
	Protocol
	Endpoint // the socket's own
	c        *Core
	clock    int64
	random   *rand.Rand
	peers    uint32
}

// newRig makes a rig. A TTL of 0 is the default.
func newRig(t *testing.T, x Protocol, cfg Config) *rig {
	r := &rig{T: t, Protocol: x, c: x.Base(), clock: 1, random: rand.New(rand.NewPCG(1, 2))}
	r.c.Clock, r.c.Random = func() int64 { return r.clock }, r.random.Uint32
	if cfg.TTL == 0 {
		cfg.TTL = 8
	}
	r.Endpoint = x.NewEndpoint()
	x.Configure(cfg)
	r.Endpoint.Configure(cfg)
	return r
}

func (r *rig) Configure(cfg Config) { r.Protocol.Configure(cfg) }
func (r *rig) Close()               { r.Protocol.Close() }

// context makes one more endpoint.
func (r *rig) context() Endpoint { return r.NewEndpoint() }

// newPeer makes a peer that is not attached.
func (r *rig) newPeer() *Peer {
	r.peers++
	p := new(Peer)
	p.Init(r.Protocol, nil, r.peers, lists{}, 0)
	return p
}

// connect attaches a new peer.
func (r *rig) connect() *Peer {
	r.Helper()
	return r.attach(r.newPeer())
}

func (r *rig) attach(p *Peer) *Peer {
	r.Helper()
	if v, _ := r.Admit(p); v != OK {
		r.Fatalf("a peer is refused: verdict %d", v)
	}
	r.Attach(p)
	return p
}

// disconnect is the end of a connection, as the shell does it.
func (r *rig) disconnect(p *Peer) (unsent int) {
	p.CloseOutbox()
	unsent = p.Discard()
	r.Detach(p)
	return unsent
}

// deliver has p send messages in one batch and reports whether it may send more.
func (r *rig) deliver(p *Peer, bodies ...string) (more bool) {
	batch := make([]msg.Message, len(bodies))
	for i, b := range bodies {
		batch[i] = msg.Copy([]byte(b))
	}
	return r.deliverBatch(p, batch)
}

func (r *rig) deliverBatch(p *Peer, batch []msg.Message) (more bool) {
	for more = true; len(batch) > 0; {
		var n int
		n, more = r.Deliver(p, batch)
		batch = batch[n:]
	}
	p.Held = !more
	return more
}

// write writes what is pending at p, once.
func (r *rig) write(p *Peer) (written []string) {
	if p.Take() {
		list := p.Current().(*msg.List)
		for _, m := range list.Messages() {
			written = append(written, string(m.Data))
		}
		list.Reset()
	}
	return written
}

// written writes all that there is for p, and gives the token back.
func (r *rig) written(p *Peer) (written []string) {
	for {
		w := r.write(p)
		written = append(written, w...)
		if w == nil {
			return written
		}
	}
}

// woken takes the waiters that are to be woken out of the effects.
func (r *rig) woken() (woken []*Waiter) {
	for w := range r.c.Effects.TakeWakes().All() {
		woken = append(woken, w)
	}
	return woken
}

// resumed takes the peers that are to be read on out of the effects.
func (r *rig) resumed() (resumed []*Peer) {
	for p := r.c.Effects.NextResume(); p != nil; p = r.c.Effects.NextResume() {
		resumed = append(resumed, p)
	}
	return resumed
}

// pass lets time pass, and what is due happen.
func (r *rig) pass(d time.Duration) {
	r.clock += int64(d)
	if at := r.Next(); at != 0 && at <= r.clock {
		r.Expire()
	}
}

// send offers a body.
func (r *rig) send(e Endpoint, body string) Verdict {
	return e.Offer(&Message{Data: msg.NewMessage([]byte(body))})
}

// sendTo offers a body for one peer.
func (r *rig) sendTo(p *Peer, body string) Verdict {
	return r.Offer(&Message{Data: msg.NewMessage([]byte(body)), Peer: p})
}

// recv takes the next message, without its header.
func (r *rig) recv(e Endpoint) (string, Verdict) { return r.recvAs(e, nil) }

func (r *rig) recvAs(e Endpoint, w *Waiter) (string, Verdict) {
	var m Message
	v := e.Pop(&m, math.MaxInt, w)
	if v != OK {
		return "", v
	}
	defer m.Data.Release()
	return string(m.Data.Body()), OK
}

// wantRecv receives bodies, and then finds nothing more.
func (r *rig) wantRecv(e Endpoint, bodies ...string) {
	r.Helper()
	var got []string
	for {
		body, v := r.recv(e)
		if v != OK {
			equal(r.T, "received", got, bodies)
			return
		}
		got = append(got, body)
	}
}

// equal compares. A slice without elements is nil.
func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if g, w := reflect.ValueOf(got), reflect.ValueOf(want); g.IsValid() && g.Kind() == reflect.Slice && g.Len() == 0 && w.Len() == 0 {
		return
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// question splits what a Req or Surveyor has written into its number and the body.
func question(data string) (number, body string) { return data[:4], data[4:] }

// word is a word of a backtrace or a hop count.
func word(n uint32) string { return string(wire.AppendID(nil, n)) }

// end is the last word of a backtrace.
func end(n uint32) string { return word(n | wire.EndBit) }

func large(n int) string { return strings.Repeat("x", n) }

// lists makes the batches of a connection.
type lists struct{}

func (lists) NewBatch() msg.Batch { return new(msg.List) }

package main

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/gonng/gonng"
)

// actor has a socket, and keeps book of what the program sends and receives.
type actor struct {
	*round
	id     uint64
	rand   *rand.Rand
	socket gonng.Socket
	books
	number uint64 // of the last message

	connected, closed atomic.Int64 // calls of hooks
}

// books are numbers of messages.
type books struct {
	sent, received, failed uint64
	noise                  uint64 // those received that a hostile peer has sent
}

func (r *round) newActor(k kind) *actor {
	r.mu.Lock()
	r.actor++
	a := &actor{round: r, id: r.actor, rand: rand.New(rand.NewPCG(r.rand.Uint64(), r.actor))}
	r.mu.Unlock()
	opts := []gonng.SocketOption{gonng.WithLogger(slog.New(slog.DiscardHandler)), gonng.WithReconnectTime(time.Millisecond, 50*time.Millisecond),
		gonng.WithLinger(time.Duration(a.rand.IntN(300)) * time.Millisecond)}
	switch k.protocol {
	case gonng.ProtocolPush0, gonng.ProtocolPub0, gonng.ProtocolBus0, gonng.ProtocolPair0, gonng.ProtocolPair1:
		opts = append(opts, gonng.WithSendBuffer(a.rand.IntN(4)))
	case gonng.ProtocolPull0, gonng.ProtocolSub0, gonng.ProtocolRep0, gonng.ProtocolSurveyor0:
		opts = append(opts, gonng.WithRecvBuffer(a.rand.IntN(100)))
	}
	s, err := k.open(opts...)
	if err != nil {
		r.problem("open: %v", err)
		return nil
	}
	a.socket = s
	s.OnPipe(gonng.PipeConnecting, func(p *gonng.Pipe) {
		if r.pick(50) == 0 {
			_ = p.Close() // refuses the peer
		}
	})
	s.OnPipe(gonng.PipeConnected, func(p *gonng.Pipe) {
		a.connected.Add(1)
		if r.pick(50) == 0 {
			_ = p.Close()
		}
	})
	s.OnPipe(gonng.PipeClosed, func(*gonng.Pipe) { a.closed.Add(1) })
	r.sockets.Add(1)
	if n := r.open.Add(1); n > r.peak.Load() {
		r.peak.Store(n)
	}
	return a
}

// message is one that tells who sent it, and whether it was damaged.
func (a *actor) message() []byte {
	a.number++
	size := 20 + a.rand.IntN(200)
	if a.rand.IntN(20) == 0 {
		size += a.rand.IntN(200 << 10)
	}
	b := make([]byte, size)
	binary.BigEndian.PutUint64(b, a.id)
	binary.BigEndian.PutUint64(b[8:], a.number)
	for i := 16; i < min(size-4, 300); i++ {
		b[i] = byte(a.rand.Uint32())
	}
	binary.BigEndian.PutUint32(b[size-4:], crc32.ChecksumIEEE(b[:size-4]))
	return b
}

// read checks a message.
func (a *actor) read(b []byte) {
	a.received++
	a.messages.Add(1)
	if len(b) < 20 || binary.BigEndian.Uint32(b[len(b)-4:]) != crc32.ChecksumIEEE(b[:len(b)-4]) {
		if isNoise(b) {
			a.noise++
		} else {
			a.problem("a message of %d bytes is damaged: %.50x", len(b), b)
		}
		return
	}
	m := [2]uint64{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
	if a.pattern.once {
		a.mu.Lock()
		twice := a.seen[m]
		a.seen[m] = true
		a.mu.Unlock()
		if twice {
			a.problem("message %d of actor %d arrived twice", m[1], m[0])
		}
	}
}

// isNoise reports whether a hostile peer has sent this message. Before what it repeats there
// may be the number of a question.
func isNoise(b []byte) bool {
	if len(b) >= 4 && b[0] == 0x80 {
		b = b[4:]
	}
	for _, c := range b {
		if c != 0xaa {
			return false
		}
	}
	return true
}

// end compares the books of the program with those of the socket, and closes it.
func (a *actor) end() {
	a.compare(a.socket.Stats())
	if err := a.socket.Close(); err != nil && !errors.Is(err, gonng.ErrTimeout) {
		a.problem("close: %v", err)
	}
	a.awaitHooks()
	a.open.Add(-1)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all.sent += a.sent
	a.all.received += a.received
	a.all.noise += a.noise
}

// awaitHooks compares how often hooks were called. When the linger is over Close returns
// though hooks still run.
func (a *actor) awaitHooks() {
	for deadline := time.Now().Add(stuckTime / 2); ; time.Sleep(time.Millisecond) {
		n, m := a.connected.Load(), a.closed.Load()
		switch {
		case n == m:
			return
		case n < m || time.Now().After(deadline):
			a.problem("%v: %d hooks of PipeConnected and %d of PipeClosed", a.socket.Protocol(), n, m)
			return
		}
	}
}

// compare fails the round if messages are missing in the counters of a socket.
func (a *actor) compare(st gonng.Stats) {
	p := a.socket.Protocol()
	if answers := p == gonng.ProtocolRep0 || p == gonng.ProtocolRespondent0; !answers && st.Sent != a.sent {
		a.problem("%v has sent %d messages, and counts %d", p, a.sent, st.Sent)
	}
	// A reply that is too large is skipped and not received, and may be late nevertheless.
	st.LateReplies -= min(st.LateReplies, st.TooLarge)
	// What no counter has: replies and responses that came in time, and whose request or
	// survey was given up before the program received them.
	var forgotten uint64
	least := a.received + uint64(st.RecvQueue) + st.TTLExceeded + st.Unexpected + st.LateReplies + st.Filtered
	switch p {
	case gonng.ProtocolReq0:
		forgotten = a.failed
	case gonng.ProtocolSurveyor0:
		forgotten = st.Received
	case gonng.ProtocolSub0:
		least += st.DroppedFull
	}
	if st.Received < least || st.Received > least+st.Malformed+st.TooLarge+forgotten {
		a.problem("%v: the books do not balance: the program has %d messages (%d calls failed), the socket %+v", p, a.received, a.failed, st)
	}
}

// balance compares what all have sent and received.
func (r *round) balance() {
	if r.pattern.once && r.all.received > r.all.sent+r.all.noise {
		r.problem("%d messages were sent and %d received", r.all.sent, r.all.received-r.all.noise)
	}
}

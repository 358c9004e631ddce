package itest

import (
	"context"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

// Bodies of these sizes are slices of a shared chunk, or have a buffer of
// their own, and are sent by copy or by reference.
var ownedSizes = []int{100, 10 << 10, 20 << 10, 40 << 10, 100 << 10}

// The slice that was sent is the caller's again at once, also while the
// message still waits to be written.
func TestConformanceSentSliceIsTheCallers(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		needHere(t, r.sender)
		for _, size := range ownedSizes {
			const messages = 6
			ctx := testContext(t)
			n := r.batch(messages)
			slice := make([]byte, size)
			for first := 0; first < messages; first += n {
				r.prepare(t)
				sent := concurrently(func() error {
					for i := first; i < first+n; i++ {
						copy(slice, body(i, size))
						if err := r.from.Send(ctx, slice); err != nil {
							return err
						}
						clear(slice)
					}
					return nil
				})
				for i := first; i < first+n; i++ {
					got, err := r.to.Recv(ctx)
					check(t, err)
					wantBody(t, got, body(i, size))
				}
				check(t, <-sent)
			}
		}
	})
}

// The slice that was received is the caller's: what comes later does not
// change it, and the caller may.
func TestConformanceReceivedSliceIsTheCallers(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		needHere(t, r.receiver)
		ctx := testContext(t)
		var received [][]byte
		for i, size := range ownedSizes {
			r.prepare(t)
			check(t, r.from.Send(ctx, body(i, size)))
			got, err := r.to.Recv(ctx)
			check(t, err)
			received = append(received, got)
			for i, got := range received {
				wantBody(t, got, body(i, ownedSizes[i]))
			}
			_ = append(got, "the capacity is the caller's, too"...)
		}
	})
}

// SendMsg takes a message over when it succeeds, and only then.
func TestConformanceSentMessage(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		needHere(t, r.sender)
		ctx := testContext(t)
		canceled, cancel := context.WithCancel(ctx)
		cancel()
		for i, size := range ownedSizes {
			r.prepare(t)
			m := r.message(body(i, size))
			want(t, r.from.SendMsg(canceled, m), gonng.ErrCanceled)
			wantBody(t, m.Bytes(), body(i, size))
			second := m.Clone()
			check(t, r.from.SendMsg(ctx, m))
			got, err := r.to.Recv(ctx)
			check(t, err)
			wantBody(t, got, body(i, size))

			r.prepare(t)
			want(t, r.from.SendMsg(ctx, m), gonng.ErrInvalid)
			want(t, r.from.TrySendMsg(m), gonng.ErrInvalid)
			m.Free()
			wantBody(t, second.Bytes(), body(i, size))
			check(t, r.from.TrySendMsg(second))
			got, err = r.to.Recv(ctx)
			check(t, err)
			wantBody(t, got, body(i, size))
		}
	})
}

// A message that could not be sent for want of a peer is still the caller's.
func TestUnsentMessageIsTheCallers(t *testing.T) {
	gonngtest.NoLeaks(t)
	push := open(t, gonng.NewPush0)
	for _, size := range ownedSizes {
		m := gonng.NewMessage(body(0, size))
		want(t, push.TrySendMsg(m), gonng.ErrTryAgain)
		wantBody(t, m.Bytes(), body(0, size))
	}
}

// Freeing a message twice gives its memory back once: two messages that come
// later do not share it.
func TestConformanceFreeTwice(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		needHere(t, r.receiver)
		ctx := testContext(t)
		receive := func(i, size int) *gonng.Message {
			r.prepare(t)
			check(t, r.from.Send(ctx, body(i, size)))
			m, err := r.to.RecvMsg(ctx)
			check(t, err)
			wantBody(t, m.Bytes(), body(i, size))
			return m
		}
		for _, size := range ownedSizes {
			var kept []*gonng.Message
			for i := range 6 {
				m := receive(i, size)
				if i%3 == 0 {
					m.Free()
					m.Free()
				} else {
					kept = append(kept, m)
				}
			}
			for i, m := range kept {
				wantBody(t, m.Bytes(), body(i+i/2+1, size))
				m.Free()
				m.Free()
			}
		}
	})
}

// A clone and its original are freed independently.
func TestConformanceClone(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		needHere(t, r.receiver)
		ctx := testContext(t)
		for _, size := range ownedSizes {
			r.prepare(t)
			check(t, r.from.Send(ctx, body(0, size)))
			m, err := r.to.RecvMsg(ctx)
			check(t, err)
			clone := m.Clone()
			if clone.Pipe() != m.Pipe() || m.Pipe() == nil {
				t.Fatalf("the clone came from %v, the message from %v", clone.Pipe(), m.Pipe())
			}
			kept := clone.Clone()
			clone.Free()
			m.Free()
			for i := range 8 { // would reuse the memory
				r.prepare(t)
				check(t, r.from.Send(ctx, body(i, size)))
				m, err := r.to.RecvMsg(ctx)
				check(t, err)
				m.Free()
			}
			wantBody(t, kept.Bytes(), body(0, size))
			kept.Free()
		}
	})
}

// A received message can be sent on as it is: its body goes, its header does
// not.
func TestConformanceSendReceivedMessage(t *testing.T) {
	eachPair(t, func(t *testing.T, pair protocolPair, connect func(testing.TB) (a, b gonng.Socket)) {
		if !pair.goes(t, "forth") || !pair.goes(t, "back") {
			t.Skip("goes one way only")
		}
		a, b := connect(t)
		if b.Raw() && b.Protocol() == gonng.ProtocolBus0 {
			t.Skip("goes back to nobody")
		}
		from := pair.route(t, "forth", a, b).from
		ctx := testContext(t)
		for i, size := range ownedSizes {
			check(t, from.Send(ctx, body(i, size)))
			m, err := b.(gonng.Receiver).RecvMsg(ctx)
			check(t, err)
			check(t, b.(gonng.Sender).SendMsg(ctx, m))
			got, err := a.(gonng.Receiver).Recv(ctx)
			check(t, err)
			wantBody(t, got, body(i, size))
		}
	})
}

// TestLargeSliceIsTheCallers: a large body is written from the caller's slice while Send waits,
// but Send does not wait for a peer that does not read.
func TestLargeSliceIsTheCallers(t *testing.T) {
	gonngtest.NoLeaks(t)
	const size, messages = 900 << 10, 12 // more than the buffers of the kernel have room for
	for name, protocol := range map[string]gonng.Protocol{
		"push": gonng.ProtocolPush0, "pair0": gonng.ProtocolPair0, "pair1": gonng.ProtocolPair1,
	} {
		t.Run(name, func(t *testing.T) {
			parallel(t, []gonngtest.Transport{transport("tcp"), transport("ipc")}, func(t *testing.T, tr gonngtest.Transport) {
				s := open(t, cooked[protocol])
				peer := scripted(t, s, tr)
				slice := make([]byte, size*messages)
				for i := range messages {
					copy(slice[i*size:], body(i, size))
				}
				sent := concurrently(func() error { return s.(gonng.Sender).Send(context.Background(), slice) })
				check(t, wait(t, "Send to a peer that does not read", sent))
				clear(slice)
				frame := peer.RecvFrame()
				frame = frame[len(frame)-len(slice):] // without the hops of a pair1
				for i := range messages {
					wantBody(t, frame[i*size:][:size], body(i, size))
				}
			})
		})
	}
}

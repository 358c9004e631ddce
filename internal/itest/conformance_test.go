package itest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/gonng/gonng"
	"github.com/gonng/gonng/gonngtest"
)

var sendForms = []struct {
	name string
	send func(context.Context, route, []byte) error
}{
	{"Send", func(ctx context.Context, r route, b []byte) error { return r.from.Send(ctx, b) }},
	{"SendMsg", func(ctx context.Context, r route, b []byte) error { return r.from.SendMsg(ctx, r.message(b)) }},
	{"TrySend", func(_ context.Context, r route, b []byte) error { return r.from.TrySend(b) }},
	{"TrySendMsg", func(_ context.Context, r route, b []byte) error { return r.from.TrySendMsg(r.message(b)) }},
}

var recvForms = []struct {
	name string
	recv func(context.Context, gonng.Receiver) ([]byte, error)
}{
	{"Recv", func(ctx context.Context, r gonng.Receiver) ([]byte, error) { return r.Recv(ctx) }},
	{"RecvMsg", func(ctx context.Context, r gonng.Receiver) ([]byte, error) { return content(r.RecvMsg(ctx)) }},
	{"RecvInto", func(ctx context.Context, r gonng.Receiver) ([]byte, error) {
		buf := make([]byte, 1<<20)
		n, err := r.RecvInto(ctx, buf)
		return buf[:n], err
	}},
	{"TryRecv", func(ctx context.Context, r gonng.Receiver) ([]byte, error) { return trying(ctx, r.TryRecv) }},
	{"TryRecvMsg", func(ctx context.Context, r gonng.Receiver) ([]byte, error) {
		return content(trying(ctx, r.TryRecvMsg))
	}},
	{"All", func(ctx context.Context, r gonng.Receiver) ([]byte, error) {
		for b, err := range r.All(ctx) {
			return b, err
		}
		return nil, gonng.ErrClosed
	}},
	{"Messages", func(ctx context.Context, r gonng.Receiver) ([]byte, error) {
		for m, err := range r.Messages(ctx) {
			return content(m, err)
		}
		return nil, gonng.ErrClosed
	}},
}

// trying asks until there is something to receive.
func trying[T any](ctx context.Context, try func() (T, error)) (T, error) {
	for {
		v, err := try()
		if !errors.Is(err, gonng.ErrTryAgain) || ctx.Err() != nil {
			return v, err
		}
		letOthersRun()
	}
}

// content is the body of a message, which is freed.
func content(m *gonng.Message, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	b := bytes.Clone(m.Bytes())
	m.Free()
	return b, nil
}

func TestConformanceForms(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		ctx := testContext(t)
		for i, s := range sendForms {
			for j, rf := range recvForms {
				r.prepare(t)
				_, err := r.to.TryRecv()
				want(t, err, gonng.ErrTryAgain)
				_, err = r.to.TryRecvMsg()
				want(t, err, gonng.ErrTryAgain)
				sent := body(i*len(recvForms)+j, 100)
				if err := s.send(ctx, r, sent); err != nil {
					t.Fatalf("%s: %v", s.name, err)
				}
				got, err := rf.recv(ctx, r.to)
				if err != nil {
					t.Fatalf("%s: %v", rf.name, err)
				}
				wantBody(t, got, sent)
			}
		}
	})
}

func TestConformanceSizes(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		testSizes(t, r, sizes)
	})
}

func TestConformanceLimitRaised(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		testSizes(t, r, []int{1<<20 + 1, 0})
	}, gonng.WithRecvMaxSize(2<<20))
}

// testSizes sends a message of each size, each by other means, in order and as
// many at a time as the protocol allows.
func testSizes(t *testing.T, r route, sizes []int) {
	ctx := testContext(t)
	n := r.batch(len(sizes))
	for first := 0; first < len(sizes); first += n {
		r.prepare(t)
		sent := concurrently(func() error {
			for i := first; i < first+n; i++ {
				if err := sendForms[i%2].send(ctx, r, body(i, sizes[i])); err != nil {
					return fmt.Errorf("sending %d bytes: %w", sizes[i], err)
				}
			}
			return nil
		})
		for i := first; i < first+n; i++ {
			got, err := recvForms[i%2].recv(ctx, r.to)
			if err != nil {
				t.Fatalf("receiving %d bytes: %v", sizes[i], err)
			}
			wantBody(t, got, body(i, sizes[i]))
		}
		check(t, <-sent)
	}
}

func TestConformanceTooSmallBuffer(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		ctx := testContext(t)
		for i, size := range []int{1, 100, 100 << 10} {
			r.prepare(t)
			check(t, r.from.Send(ctx, body(i, size)))
			for range 2 {
				n, err := r.to.RecvInto(ctx, make([]byte, size-1))
				want(t, err, gonng.ErrMessageTooLarge)
				if n != 0 {
					t.Fatalf("RecvInto returned %d beside an error", n)
				}
			}
			buf := make([]byte, size)
			n, err := r.to.RecvInto(ctx, buf)
			check(t, err)
			wantBody(t, buf[:n], body(i, size))
		}
	})
}

// A receive whose buffer is too small does not use up the wake-up of another
// that has room.
func TestTooSmallBufferWakesTheNext(t *testing.T) {
	gonngtest.NoLeaks(t)
	push, pull := pipeline(t)
	ctx := testContext(t)
	small := concurrently(func() error {
		_, err := pull.RecvInto(ctx, nil)
		return err
	})
	waiting(t, 1) // so that it is woken first
	received := concurrently(func() error {
		b, err := pull.Recv(ctx)
		if err == nil && string(b) != "hello" {
			err = fmt.Errorf("received %q", b)
		}
		return err
	})
	waiting(t, 2)
	check(t, push.Send(ctx, []byte("hello")))
	want(t, <-small, gonng.ErrMessageTooLarge)
	check(t, <-received)
}

// Mixed sizes, so that messages lie in every way across what one read brings.
func TestConformanceManyMessages(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		messages := manyMessages
		if raceDetector {
			messages /= 8 // of the same sizes
		}
		if r.lockstep {
			messages /= 4
		}
		ctx := gonngtest.Context(t, 3*patience)
		send := func(i int) error { return sendForms[i%2].send(ctx, r, body(i, mixedSize(i))) }
		sent := concurrently(func() error {
			for i := 0; i < messages && !r.lockstep; i++ {
				if err := send(i); err != nil {
					return err
				}
			}
			return nil
		})
		buf := make([]byte, 128<<10)
		for i := range messages {
			if r.lockstep {
				r.prepare(t)
				check(t, send(i))
			}
			n, err := r.to.RecvInto(ctx, buf)
			if err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
			if !bytes.Equal(buf[:n], body(i, mixedSize(i))) {
				t.Fatalf("message %d: received %s, sent %s", i, abbreviated(buf[:n]), abbreviated(body(i, mixedSize(i))))
			}
		}
		check(t, <-sent)
	})
}

// All and Messages end quietly when the socket is closed, and with the error
// when the context ends.
func TestConformanceIterators(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		ctx, cancel := context.WithCancel(testContext(t))
		defer cancel()
		n := r.batch(3)
		send := func() {
			for i := range n {
				r.prepare(t)
				check(t, r.from.Send(ctx, body(i, 1000)))
			}
		}
		send()
		i := 0
		for b, err := range r.to.All(ctx) {
			if i == n {
				want(t, err, gonng.ErrCanceled)
				break
			}
			check(t, err)
			wantBody(t, b, body(i, 1000))
			if i++; i == n {
				cancel()
			}
		}
		if i != n {
			t.Fatalf("All ended after %d of %d messages", i, n)
		}
		ctx = testContext(t)
		send()
		i = 0
		for m, err := range r.to.Messages(ctx) {
			check(t, err)
			wantBody(t, m.Bytes(), body(i, 1000))
			m.Free()
			if i++; i == n {
				check(t, r.receiver.Close())
			}
		}
		if i != n {
			t.Fatalf("Messages ended after %d of %d messages", i, n)
		}
	})
}

// A sender is held up by a receiver that does not receive.
func TestConformanceBackpressure(t *testing.T) {
	eachRoute(t, func(t *testing.T, r route) {
		if r.lockstep {
			t.Skip("has no queue")
		}
		needHoldup(t, r.receiver)
		testBackpressure(t, r, 8<<10)
	})
}

// Empty messages take room in a queue, too.
func TestBackpressureOfEmptyMessages(t *testing.T) {
	gonngtest.NoLeaks(t)
	push, pull := pipeline(t)
	testBackpressure(t, route{from: push, to: pull, receiver: pull}, 0)
}

func testBackpressure(t *testing.T, r route, size int) {
	const limit = 100_000 // more than all queues and the operating system's buffers hold
	accepted := 0
	for full := 0; full < 10; full++ { // what was in the queue may just have been written
		for ; accepted < limit; accepted++ {
			err := r.from.TrySend(body(0, size))
			if errors.Is(err, gonng.ErrTryAgain) {
				break
			}
			check(t, err)
		}
	}
	if accepted == limit {
		t.Fatalf("accepted %d messages of %d bytes that nobody receives", accepted, size)
	}
	ctx := testContext(t)
	buf := make([]byte, size+1)
	for range accepted {
		n, err := r.to.RecvInto(ctx, buf)
		check(t, err)
		wantBody(t, buf[:n], body(0, size))
	}
	_, err := r.to.TryRecv()
	want(t, err, gonng.ErrTryAgain)
}
